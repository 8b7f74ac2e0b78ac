"""The 162 means of S2 against librosa, and the window that they are of."""

import os
from pathlib import Path

import librosa
import numpy as np
import pytest

from serlib.audio import variant
from serlib.errors import AudioError
from serlib.features import FEATURE_COLUMNS, Means
from tests import rival
from tests.conftest import vowel

REAL = sorted(Path(os.environ.get("SER_DATA", "")).glob("RAVDESS/**/*.flac"))


@pytest.mark.parametrize("name", ["original", "noise", "stretch_pitch", "shift"])
@pytest.mark.parametrize("seconds", [0.75, 1.4, 3.2])
def test_features_are_librosas(name, seconds):
    y = variant(vowel(seconds), name, sr=22050, rng=np.random.default_rng(0))
    x = Means().extract_features(y, 22050)
    assert x.shape == (162,) == (len(FEATURE_COLUMNS),)
    np.testing.assert_allclose(x, rival.features(y, 22050), rtol=1e-5, atol=1e-6)


@pytest.mark.skipif(not REAL, reason="SER_DATA names no RAVDESS")
@pytest.mark.parametrize("part", range(4))
def test_rows_of_real_clips_are_librosas(part):
    front_end = Means()
    for path in REAL[part * 12 :: 48]:
        y = front_end.load(path)
        slow = librosa.effects.time_stretch(y, rate=0.8)
        changed = librosa.effects.pitch_shift(slow, sr=22050, n_steps=0.7)
        x = front_end.extract_features(variant(y, "stretch_pitch", sr=22050, rng=None))
        np.testing.assert_allclose(x, rival.features(changed, 22050), rtol=5e-3, atol=1e-3)
        x = front_end.extract_features(y)
        # A coefficient near 0 is what is left of bands of -100 dB
        np.testing.assert_allclose(x, rival.features(y, 22050), rtol=1e-5, atol=1e-5)


def test_prediction_sees_the_window_of_training(tmp_path):
    y = vowel(4.0)
    front_end = Means()
    window = y[int(0.6 * 22050) :][: int(2.5 * 22050)]
    np.testing.assert_array_equal(
        front_end.get_predict_feat((y, 22050)), front_end.extract_features(window)
    )


def test_normalised_features_ignore_the_level():
    y, front_end = vowel(), Means(normalise=True)
    loud, soft = (front_end.get_predict_feat((level * y, 22050)) for level in (1, 1 / 7))
    np.testing.assert_allclose(loud, soft, rtol=1e-3)


def test_trimming_removes_silence():
    hush = np.full(30000, 1e-6, np.float32)
    y = np.concatenate([hush, vowel(1.0), hush])
    trimmed = Means(trim_db=35).load((y, 22050))
    assert len(trimmed) < 0.7 * len(Means().load((y, 22050)))


@pytest.mark.parametrize("seconds", [0.05, 0.61, 0.95])
def test_a_moment_after_the_start_is_refused(seconds):
    with pytest.raises(AudioError, match=r"too short|holds no samples"):
        Means().get_predict_feat((vowel(seconds), 22050))
