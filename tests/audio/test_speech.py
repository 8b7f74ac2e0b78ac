"""Whether somebody speaks."""

import numpy as np
import pytest

from serlib.audio import load, speaks, speech

SR = 16000
T = np.arange(3 * SR) / SR
NOBODY = {
    "a tone": np.sin(2 * np.pi * 440 * T),
    "noise": np.random.default_rng(0).standard_normal(len(T)),
    "a constant": np.ones(len(T)),
    "hum": np.sin(2 * np.pi * 50 * T) + np.sin(2 * np.pi * 150 * T) / 3,
    "chords": sum(np.sin(2 * np.pi * f * T) * np.exp(-6 * (T % 0.5)) for f in (262, 330, 392)),
}


@pytest.mark.parametrize("what", NOBODY)
def test_in_sounds_that_are_no_voice_nobody_speaks(what):
    assert not speaks(0.1 * NOBODY[what])


def test_in_real_clips_somebody_speaks_at_any_level(real_root):
    for path in sorted(real_root.rglob("*.flac"))[::400]:
        y = load(path, sr=SR)
        found = speech(y)
        assert speaks(y) and len(found) == -(-len(y) // 512)
        np.testing.assert_allclose(speech(y / 1000), found, atol=0.05)
