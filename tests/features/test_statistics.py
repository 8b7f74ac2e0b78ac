"""Statistics over a clip, in closed form and against numpy."""

import numpy as np
import pandas as pd
import pytest
import soundfile as sf

from serlib.audio import SR, synthesise
from serlib.features import Functionals, Statistics, VoiceStatistics
from serlib.features.statistics import FUNCTIONALS, LAG
from tests import rival


@pytest.fixture(scope="module")
def y():
    return synthesise("happy", speaker="02", sentence="kids", rng=np.random.default_rng(0))


def tone(hz, seconds=1.0):
    t = np.arange(int(seconds * SR)) / SR
    return sum(np.sin(2 * np.pi * k * hz * t) / k for k in range(1, 8)).astype(np.float32) / 4


@pytest.mark.filterwarnings("ignore:Precision loss")  # the slopes of a line never move
def test_functionals_of_a_line_and_of_numpy():
    """Descriptors that are handed in: a line, a skewed one, and a voice that never stops."""
    rng = np.random.default_rng(0)
    x = np.stack([np.linspace(0, 8, 101), rng.gamma(2, size=101), np.ones(101)], axis=1)
    names = list(FUNCTIONALS)
    values = Functionals().summary(x)
    assert len(values) == 2 * x.shape[1] * len(names)
    table = pd.DataFrame(values[: 3 * len(names)].reshape(3, -1), columns=names)
    slopes = pd.DataFrame(values[3 * len(names) :].reshape(3, -1), columns=names)
    line = dict(mean=4, deviation=x[:, 0].std(), p05=0.4, p50=4, p95=7.6, slope=4, skewness=0)
    for name, value in line.items():
        assert table[name][0] == pytest.approx(value, abs=1e-9), name
    assert table["p95-p05"][0] == pytest.approx(7.2) and table["p75-p25"][0] == pytest.approx(4)
    assert slopes["mean"][0] == pytest.approx(0.08) and slopes["deviation"][0] < 1e-9
    found = table.loc[1]  # F0 stands last but one: here all frames are voiced
    z = (x[:, 1] - x[:, 1].mean()) / x[:, 1].std()
    assert found["skewness"] == pytest.approx((z**3).mean())
    assert found["kurtosis"] == pytest.approx((z**4).mean() - 3)
    assert found["p25"] == pytest.approx(np.percentile(x[:, 1], 25))


def test_pitch_counts_in_voiced_frames_alone():
    """Half a tone, half silence: the mean F0 is the tone's."""
    clip = np.concatenate([tone(200), np.full(SR, 1e-7, np.float32)])
    front_end = Functionals(trim_db=None)
    x = front_end.get_predict_feat((clip, SR))
    mean_f0 = x[(24 + 16 + 14) * len(FUNCTIONALS)]
    assert mean_f0 == pytest.approx(12 * np.log2(200 / 60), abs=0.3)
    assert x[-2] == pytest.approx(2.0) and x[-1] == pytest.approx(0.5, abs=0.05)


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


@pytest.mark.parametrize("front_end", [Statistics(), VoiceStatistics()], ids=lambda f: f.name)
def test_every_number_is_that_of_librosa_numpy_and_scipy(front_end, tmp_path):
    """Against the obvious way, which the bench measures, too; a hiss, so that no band is empty."""
    rng = np.random.default_rng(1)
    y = synthesise("angry", speaker="05", sentence="dogs", rng=rng)
    y = y + 1e-3 * rng.standard_normal(len(y))
    sf.write(tmp_path / "hiss.wav", y, SR, "FLOAT")
    found = front_end.get_predict_feat(tmp_path / "hiss.wav")
    expected = rival.statistics_of(tmp_path / "hiss.wav", voice=front_end != Statistics())
    np.testing.assert_allclose(found, expected, rtol=2e-3, atol=2e-4)
