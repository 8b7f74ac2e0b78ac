"""Descriptors of a clip, frame by frame, in closed form and against librosa."""

import librosa
import numpy as np
import pytest

from serlib.audio import SR, synthesise
from serlib.features import Descriptors, DurationLoudness
from serlib.features.descriptors import VOICED

describe = Descriptors().describe


@pytest.fixture(scope="module")
def y():
    return synthesise("happy", speaker="02", sentence="kids", rng=np.random.default_rng(0))


def tone(hz, seconds=1.0):
    t = np.arange(int(seconds * SR)) / SR
    return sum(np.sin(2 * np.pi * k * hz * t) / k for k in range(1, 8)).astype(np.float32) / 4


@pytest.mark.parametrize("hz", [90, 150, 300, 600])
def test_the_pitch_of_a_tone(hz):
    x = describe(tone(hz), SR)[4:-4]  # without the ends, which are half silence
    np.testing.assert_allclose(x[:, -2], 12 * np.log2(hz / 60), atol=0.3)
    assert x[:, -1].min() > 0.95


def test_noise_has_no_pitch():
    noise = np.random.default_rng(0).standard_normal(SR).astype(np.float32) / 9
    x = describe(noise, SR)
    assert np.mean(x[:, -1] > VOICED) < 0.05 and np.mean(x[:, -2] == 0) > 0.95


def test_level_follows_gain_and_nothing_else_does_but_energies(y):
    quiet, loud = (describe(g * y, SR) for g in (0.1, 1.0))
    strong = loud[:, 40] > loud[:, 40].max() - 30
    np.testing.assert_allclose((loud - quiet)[strong, 40], 20, atol=0.1)
    for column in (41, 42, 54, 55):  # zero crossings, centroid, F0, periodicity
        np.testing.assert_allclose(loud[strong, column], quiet[strong, column], atol=0.05)


def test_zero_crossings_and_centroid_are_librosas(y):
    x = describe(y, SR)
    steps = dict(hop_length=512)
    zcr = librosa.feature.zero_crossing_rate(y, frame_length=1024, **steps)[0]
    centroid = librosa.feature.spectral_centroid(y=y, sr=SR, n_fft=1024, **steps)[0]
    np.testing.assert_allclose(x[:, 41], zcr, atol=1e-6)
    loud = x[:, 40] > x[:, 40].max() - 30
    np.testing.assert_allclose(x[loud, 42], np.log2(centroid[loud]), atol=1e-3)


def test_half_of_the_features_are_the_slopes_of_the_others(y):
    x = Descriptors(trim_db=None).get_predict_feat((y, SR))
    n, inside = (x.shape[1] - 1) // 2, x[:, -1] == 1
    np.testing.assert_allclose(x[inside, :n], describe(y, SR), atol=1e-5)
    np.testing.assert_allclose(x[inside, n:-1], np.gradient(describe(y, SR), axis=0), atol=1e-5)


def test_duration_and_loudness_in_closed_form():
    """A tone at -20 dB: seconds, mean and highest level."""
    t = np.arange(2 * SR) / SR
    y = (0.1 * np.sqrt(2) * np.sin(2 * np.pi * 220 * t)).astype(np.float32)
    x = DurationLoudness().get_predict_feat((y, SR))
    np.testing.assert_allclose(x, [2, -20, -20], atol=0.2)
