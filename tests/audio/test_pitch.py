"""Periods, tuning and pitch classes are those of librosa."""

import librosa
import numpy as np
import pytest

from serlib.audio import chroma_filters, tuning, yin
from tests.conftest import SR, vowel


@pytest.mark.parametrize("f0", [90.0, 150.0, 320.0])
@pytest.mark.parametrize("hop_length", [256, 512])
def test_periods(f0, hop_length):
    how = dict(fmin=60, fmax=700, sr=SR, frame_length=2048, hop_length=hop_length)
    y = vowel(1.5, f0=f0)
    # A sound with noise has a frame or two at its ends whose two best periods are alike
    near = np.isclose(yin(y, **how), librosa.yin(y, **how), rtol=1e-4)
    assert near.mean() > 0.97 and near[3:-3].all()


def test_silence_has_a_pitch_of_some_kind_and_no_warning():
    how = dict(fmin=60, fmax=700, sr=SR, frame_length=2048, hop_length=512)
    with np.errstate(all="raise", under="ignore"):
        assert np.isfinite(yin(np.zeros(SR, np.float32), **how)).all()


@pytest.mark.parametrize("cents", [-40, -13, 0, 22])
def test_tuning(cents):
    t = np.arange(2 * SR) / SR
    y = sum(np.sin(2 * np.pi * hz * 2 ** (cents / 1200) * t) for hz in (220, 440, 660, 880))
    S = np.abs(librosa.stft(y.astype(np.float32)))
    found = tuning(S, sr=SR)
    assert found == pytest.approx(librosa.estimate_tuning(S=S, sr=SR), abs=1e-9)
    assert tuning(0 * S, sr=SR) == 0


@pytest.mark.parametrize("off", [-0.5, 0.0, 0.31])
@pytest.mark.parametrize("n_fft", [1024, 2048])
def test_pitch_classes(off, n_fft):
    expected = librosa.filters.chroma(sr=SR, n_fft=n_fft, tuning=off)
    np.testing.assert_allclose(chroma_filters(SR, n_fft, off), expected, rtol=1e-6, atol=1e-9)
