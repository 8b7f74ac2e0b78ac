"""What makes an answer doubtful: each remark where it belongs, and none for a plain voice."""

import librosa
import numpy as np
import pytest
from scipy import signal

from serlib.audio import Recording, load
from serlib.inference.remarks import has_speech, remarks
from tests.conftest import vowel

SR = 22050
SURE = dict(angry=0.7, happy=0.2, sad=0.1)


@pytest.fixture
def voice():
    """A vowel with breath, so that it reaches up to 11 kHz."""
    y = vowel(sr=SR)
    return y + 0.01 * np.random.default_rng(0).standard_normal(len(y)).astype(np.float32)


def said(y, probabilities=SURE, sr=SR):
    return remarks(Recording(y.astype(np.float32), sr), probabilities)


def test_of_a_plain_voice_there_is_nothing_to_say(voice):
    assert said(voice) == [] and said(np.stack([voice, voice], axis=1)) == []


@pytest.mark.parametrize(
    ("change", "begins"),
    [
        (lambda y: 0.001 * y, "Very quiet: its peak is"),
        (lambda y: np.clip(y, -0.4 * y.max(), 0.4 * y.max()), "Its peaks are cut off"),
        (
            lambda y: signal.sosfiltfilt(signal.cheby2(8, 70, 3800, fs=SR, output="sos"), y),
            "It holds almost nothing above 4 kHz",
        ),
        (lambda y: np.random.default_rng(0).standard_normal(len(y)) / 9, "No pitch was found"),
    ],
    ids=["quiet", "clipped", "telephone", "whispered"],
)
def test_what_is_wrong_with_a_recording_is_said(voice, change, begins):
    (remark,) = said(change(voice.astype(float)))
    assert remark.startswith(begins)


def test_of_8_khz_there_is_nothing_above_4_khz(voice):
    (remark,) = said(librosa.resample(voice, orig_sr=SR, target_sr=8000), sr=8000)
    assert remark.startswith("It holds almost nothing above 4 kHz")


def test_a_second_emotion_that_is_nearly_as_likely_is_named(voice):
    (remark,) = said(voice, dict(angry=0.4, sad=0.2, fear=0.35))
    assert remark == "Fear is nearly as likely as angry."


def test_most_real_clips_are_plain(real_root):
    paths = sorted((real_root / "RAVDESS").rglob("03-01*.flac"))[::60]
    plain = [said(load(path, sr=SR)) == [] for path in paths]
    assert np.mean(plain) > 0.8
    assert all(has_speech(Recording(load(path, sr=SR), SR)) for path in paths[:5])
