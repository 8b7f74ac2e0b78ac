import librosa
import numpy as np
import pytest

from serlib import functionals
from serlib.descriptors import VOICED, Descriptors
from serlib.functionals import FUNCTIONALS, LAG, Functionals, Statistics
from serlib.synthesis import synthesise
from serlib.voice import VoiceDescriptors, VoiceStatistics

SR = 22050
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


def test_functionals_of_a_line_and_of_numpy():
    rng = np.random.default_rng(0)
    x = np.stack([np.linspace(0, 8, 101), rng.gamma(2, size=101)], axis=1)
    table = dict(zip(FUNCTIONALS, functionals._functionals(x), strict=True))
    line = dict(mean=4, deviation=x[:, 0].std(), p05=0.4, p50=4, p95=7.6, slope=4, skewness=0)
    for name, value in line.items():
        assert table[name][0] == pytest.approx(value, abs=1e-9), name
    assert table["p95-p05"][0] == pytest.approx(7.2) and table["p75-p25"][0] == pytest.approx(4)
    z = (x[:, 1] - x[:, 1].mean()) / x[:, 1].std()
    assert table["skewness"][1] == pytest.approx((z**3).mean())
    assert table["kurtosis"][1] == pytest.approx((z**4).mean() - 3)


def test_pitch_counts_in_voiced_frames_alone():
    """Half a tone, half silence: the mean F0 is the tone's."""
    clip = np.concatenate([tone(200), np.full(SR, 1e-7, np.float32)])
    front_end = Functionals(trim_db=None)
    x = front_end.get_predict_feat((clip, SR))
    mean_f0 = x[(24 + 16 + 14) * len(FUNCTIONALS)]
    assert mean_f0 == pytest.approx(12 * np.log2(200 / 60), abs=0.3)
    assert x[-2] == pytest.approx(2.0) and x[-1] == pytest.approx(0.5, abs=0.05)


FRONT_ENDS = [Descriptors(), Descriptors(padded=6.0), Functionals(), Statistics()]
FRONT_ENDS += [VoiceDescriptors(), VoiceStatistics()]


@pytest.mark.parametrize("front_end", FRONT_ENDS)
@pytest.mark.parametrize("seconds", [0.4, 1.0, 9.0])
def test_every_length_gives_finite_features_of_one_shape(front_end, y, seconds):
    x = front_end.get_predict_feat((np.resize(y, int(seconds * SR)), SR))
    assert x.shape == front_end.shape and x.dtype == np.float32 and np.isfinite(x).all()


def test_statistics_are_functionals_thirds_and_correlations_of_numpy(y):
    front_end = Statistics()
    x = front_end.describe(front_end.load((y, SR)), SR)
    found = front_end.get_predict_feat((y, SR))
    plain = Functionals().get_predict_feat((y, SR))
    n, moving = len(plain) - 2, [0, 12, 30, 45]
    np.testing.assert_array_equal(found[:n], plain[:-2])
    np.testing.assert_array_equal(found[-2:], plain[-2:])
    np.testing.assert_allclose(found[n : n + 56], x[: -(-len(x) // 3)].mean(axis=0), rtol=1e-4)
    pairs = np.zeros((56, 56))
    pairs[np.triu_indices(56, 1)] = np.tanh(found[n + 6 * 56 : n + 6 * 56 + 1540])
    later = np.tanh(found[-2 - 56 * 56 : -2]).reshape(56, 56)
    for i, a in enumerate(moving):
        for b in moving[i + 1 :]:
            assert pairs[a, b] == pytest.approx(np.corrcoef(x[:, a], x[:, b])[0, 1], abs=1e-3)
            shifted = np.corrcoef(x[:-LAG, a], x[LAG:, b])[0, 1]
            assert later[a, b] == pytest.approx(shifted, abs=0.1)  # ends weigh a little
