"""What every front end has: a shape whatever the clip, a shortest clip, padding, trimming."""

import numpy as np
import pytest

from serlib.audio import SR, decode
from serlib.errors import AudioError
from serlib.features import FRONT_ENDS, SHORTEST, Descriptors, Means, MfccDeltas
from serlib.systems import SYSTEMS
from tests.conftest import vowel, write_clip

DEFAULTS = [kind() for kind in FRONT_ENDS.values()]
EVERY = list(dict.fromkeys([*DEFAULTS, *(system.front_end for system in SYSTEMS.values())]))


def start(front_end):
    """Where in a clip a front end begins, s."""
    return getattr(front_end, "offset", 0.0)


@pytest.mark.parametrize("front_end", [*DEFAULTS, MfccDeltas(padded=6), Descriptors(padded=6)])
@pytest.mark.parametrize("seconds", [SHORTEST, 1.0, 9.0])
def test_every_length_gives_finite_features_of_one_shape(front_end, seconds):
    x = front_end.get_predict_feat((vowel(start(front_end) + seconds), SR))
    assert x.shape == front_end.shape and x.dtype == np.float32 and np.isfinite(x).all()


@pytest.mark.parametrize("front_end", EVERY, ids=repr)
def test_no_system_answers_a_moment_or_silence(front_end):
    noise = np.random.default_rng(0).standard_normal(3 * SR).astype(np.float32)
    for seconds in (0.1, start(front_end) + SHORTEST - 0.05):
        with pytest.raises(AudioError, match=r"too short|holds no samples"):
            front_end.get_predict_feat((noise[: int(seconds * SR)], SR))
    with pytest.raises(AudioError, match="silent throughout"):
        front_end.get_predict_feat((1e-5 * noise, SR))


@pytest.mark.parametrize("front_end", DEFAULTS)
def test_a_file_and_what_is_decoded_of_it_give_the_same(front_end, tmp_path):
    path = write_clip(tmp_path / "a.wav", sr=44100)
    by_path, decoded = (front_end.get_predict_feat(source) for source in (path, decode(path)))
    np.testing.assert_array_equal(by_path, decoded)
    np.testing.assert_array_equal(front_end.heard(path), front_end.heard(decode(path)))
    short = decode(write_clip(tmp_path / "short.wav", seconds=0.2))
    with pytest.raises(AudioError, match=r"short\.wav: (too short|holds no samples)"):
        front_end.load(short)


@pytest.mark.parametrize("kind", [MfccDeltas, Descriptors])
def test_more_padding_adds_zeros_and_nothing_else(kind):
    y = vowel(2.0)
    x, longer = (kind(padded=s).get_predict_feat((y, SR)) for s in (4.0, 6.0))
    np.testing.assert_array_equal(longer[: len(x)], x)
    assert not longer[len(x) :].any()
    assert kind(padded=6.0).span == pytest.approx(6.0, abs=0.03)


@pytest.mark.parametrize("kind", [MfccDeltas, Descriptors])
def test_the_mask_is_one_in_frames_of_the_clip(kind):
    for seconds in (1.0, 2.0, 9.0):
        mask = kind(trim_db=None).get_predict_feat((vowel(seconds), SR))[:, -1]
        front_end = kind(trim_db=None)
        inside = 1 + int(min(seconds, front_end.duration) * SR) // front_end.hop_length
        np.testing.assert_array_equal(mask, np.arange(len(mask)) < inside)


@pytest.mark.parametrize("kind", [MfccDeltas, Descriptors])
def test_trimming_removes_the_silence_at_the_ends(kind):
    y, frames = vowel(1.5), []
    for seconds in (0.5, 0.9):
        hush = np.full(int(seconds * SR), 1e-6, np.float32)
        x = kind(trim_db=35).get_predict_feat((np.concatenate([hush, y, hush]), SR))
        frames.append(x[:, -1].sum())
    assert abs(frames[0] - frames[1]) <= 1
    assert frames[0] == pytest.approx(1.5 * SR / 512, abs=8)  # edges within a window or two


def test_settings_say_name_version_and_every_setting():
    settings = Means(offset=0.5).settings()
    assert settings["front_end"] == "means" and settings["version"] == Means.version
    assert settings["offset"] == 0.5 and settings != Means().settings()
