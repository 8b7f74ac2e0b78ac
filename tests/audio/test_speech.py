"""Whether somebody speaks."""

import os
import subprocess
import sys

import numpy as np
import pytest

from serlib.audio import Detector, Stretches, load, speaks, synthesise

SR = 16000
T = np.arange(3 * SR) / SR
NOBODY = {
    "a tone": np.sin(2 * np.pi * 440 * T),
    "noise": np.random.default_rng(0).standard_normal(len(T)),
    "a constant": np.ones(len(T)),
    "hum": np.sin(2 * np.pi * 50 * T) + np.sin(2 * np.pi * 150 * T) / 3,
    "chords": sum(np.sin(2 * np.pi * f * T) * np.exp(-6 * (T % 0.5)) for f in (262, 330, 392)),
}


def speech(y):
    """How surely somebody speaks in a whole signal, every 32 ms."""
    return Detector(float(np.abs(y).max())).hear(y, last=True)


@pytest.mark.parametrize("what", NOBODY)
def test_in_sounds_that_are_no_voice_nobody_speaks(what):
    assert not speaks(0.1 * NOBODY[what])


def test_its_runtime_keeps_and_sends_nothing(tmp_path):
    """ONNX Runtime writes an identity of the machine below HOME, and looks for its maker."""
    asked = "import numpy as np; from serlib.audio import speaks; speaks(np.ones(48000))"
    place = {name: str(tmp_path) for name in ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME")}
    there = {k: v for k, v in os.environ.items() if k != "ORT_DISABLE_TELEMETRY"}
    subprocess.run([sys.executable, "-c", asked], env=there | place, check=True, timeout=120)
    assert [*tmp_path.rglob("*")] == []


def test_in_real_clips_somebody_speaks_at_any_level(real_root):
    for path in sorted(real_root.rglob("*.flac"))[::400]:
        y = load(path, sr=SR)
        found = speech(y)
        assert speaks(y) and len(found) == -(-len(y) // 512)
        np.testing.assert_allclose(speech(y / 1000), found, atol=0.05)


@pytest.fixture(scope="module")
def voice():
    """A synthetic voice between silences, at `SR`."""
    y = synthesise("happy", speaker="02", sentence="kids", rng=np.random.default_rng(0))
    return np.pad(load((y, 22050), sr=SR), SR // 2)


def test_who_is_heard_is_heard_whatever_follows(voice):
    """It stops where it is sure, and says what the whole recording does."""
    for y in (voice, voice[:6000], np.tile(voice, 3), 0.1 * NOBODY["noise"], voice[:0] + 1):
        surest = np.sort(speech(np.append(y, 0.0)))[-4:]
        assert speaks(np.append(y, 0.0)) == (surest.mean() > 0.25)
    assert speaks(voice)


@pytest.mark.parametrize("size", [100, 512, 4000])
def test_part_by_part_it_hears_what_it_hears_at_once(voice, size):
    for make in (Detector, lambda: Detector(float(np.abs(voice).max()))):
        whole, parts = make().hear(voice, last=True), make()
        found = [parts.hear(voice[k : k + size]) for k in range(0, len(voice), size)]
        found.append(parts.hear(voice[:0], last=True))
        np.testing.assert_array_equal(np.concatenate(found), whole)
    np.testing.assert_array_equal(whole, speech(voice))


@pytest.mark.parametrize("factor", [0.02, 0.1, 5])
def test_a_stream_has_speech_where_it_has_at_another_level(voice, factor):
    found = [Detector().hear(f * voice, last=True) > 0.5 for f in (1, factor)]
    assert found[0].any() and np.mean(found[0] == found[1]) > 0.95


def stretches(sure, size=None):
    found, where = [], Stretches()
    for k in range(0, len(sure), size or len(sure)):
        found += where.hear(sure[k : k + (size or len(sure))])
    return found + where.finish()


def test_stretches_begin_and_end_where_it_is_beyond_doubt():
    sure = np.zeros(200)
    sure[20:60] = 0.9  # a pause of 10, 0.32 s, is within it
    sure[60:65] = 0.4  # doubtful: it goes on
    sure[75:90] = 0.6
    sure[120:123] = 0.9  # a tenth of a second is no speech
    sure[150:190] = 0.45  # doubtful alone: it does not begin
    sure[192:] = 0.9
    assert stretches(sure) == [(20, 90), (192, 200)]
    assert all(stretches(sure, size) == stretches(sure) for size in (1, 7, 64))
    assert stretches(np.ones(100)) == [(0, 100)] and stretches(np.zeros(100)) == []
