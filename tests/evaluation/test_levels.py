import numpy as np
import pandas as pd
import pytest
import soundfile as sf

from serlib.evaluation import levels


def tone(f0=200.0, seconds=1.0, level=0.1, sr=22050):
    t = np.arange(int(seconds * sr)) / sr
    return (level * np.sqrt(2) * np.sin(2 * np.pi * f0 * t)).astype(np.float32)


@pytest.mark.parametrize("f0", [80.0, 200.0, 440.0])
def test_f0_of_a_tone_is_its_frequency_and_silence_has_none(f0):
    contour = levels.f0(np.concatenate([tone(f0), np.full(22050, 1e-5, np.float32)]))
    assert np.nanmedian(contour) == pytest.approx(f0, rel=0.02)
    assert np.isfinite(contour[:40]).all() and np.isnan(contour[-40:]).all()


def test_level_silence_and_window_in_closed_form(tmp_path):
    """A second of silence, a second of tone at -20 dB, two of silence."""
    hush = np.full(22050, 1e-5, np.float32)
    sf.write(tmp_path / "a.wav", np.concatenate([hush, tone(), hush, hush]), 22050, subtype="FLOAT")
    row = levels.measure(pd.DataFrame({"path": ["a.wav"]}), tmp_path, n_jobs=1).iloc[0]
    assert row.level_db == pytest.approx(-20 - 10 * np.log10(4), abs=0.1)
    assert row.peak == pytest.approx(0.1 * np.sqrt(2), rel=0.01)
    assert row.lead_s == pytest.approx(1, abs=0.1) and row.tail_s == pytest.approx(2, abs=0.1)
    assert row.in_window == pytest.approx(1)
