"""Sound that arrives while it is listened to."""

import sys
import threading
from types import SimpleNamespace

import numpy as np
import pytest

from serlib.errors import AudioError
from serlib.recordings import Live, microphone, simulated

SR = 16000
Y = np.random.default_rng(0).standard_normal(SR).astype(np.float32) / 10


def test_a_simulated_microphone_hears_the_recording():
    with simulated((Y, SR), SR, pace=0) as live:
        heard = list(live)
    np.testing.assert_array_equal(np.concatenate(heard), Y)
    assert live.overruns == 0 and live.lost == 0 and len(heard) > 10
    with simulated((Y, SR), SR, pace=100) as live:
        assert sum(map(len, live)) == SR


def test_a_listener_who_stops_ends_it():
    endless = np.tile(Y, 60)
    with simulated((endless, SR), SR, pace=100) as live:
        next(iter(live))


def test_a_listener_who_stops_leaves_nobody_waiting():
    with simulated((np.tile(Y, 60), SR), SR, pace=0) as live:
        next(iter(live))
        player = next(t for t in threading.enumerate() if t.name == "plays array")
        player.join(timeout=1)  # until it waits for room
        assert player.is_alive()
    player.join(timeout=30)
    assert not player.is_alive()


def test_what_there_is_no_room_for_is_counted_and_the_clock_stays_right():
    live = Live(SR, room=0.2)  # three blocks
    parts = np.split(Y, 10)
    for part in parts[:5]:
        live.put(part)
    arrived = iter(live)
    assert [len(next(arrived)) for _ in range(3)] == [1600] * 3
    assert live.overruns == 1 and live.lost == pytest.approx(0.2)
    live.put(parts[5])
    gap = next(arrived)
    np.testing.assert_array_equal(gap, np.concatenate([np.zeros(3200), parts[5]]))
    live.put(parts[6])
    live.end()
    np.testing.assert_array_equal(np.concatenate(list(arrived)), parts[6])


def test_a_recording_that_cannot_be_read_is_told_to_the_listener(tmp_path):
    with (
        simulated(tmp_path / "none.wav", SR, pace=0) as live,
        pytest.raises(AudioError, match="no such file"),
    ):
        list(live)


def device(parts, error=None):
    """What stands for sounddevice: a stream that calls back with parts of a signal."""

    class PortAudioError(Exception):
        pass

    class InputStream:
        def __init__(self, *, callback, samplerate, channels, dtype, blocksize, device):
            assert (samplerate, channels, dtype, device) == (SR, 1, "float32", None)
            if error:
                raise PortAudioError(error)
            self.callback = callback

        def __enter__(self):
            for k, part in enumerate(parts):
                status = SimpleNamespace(input_overflow=k == 2)
                self.callback(part[:, None], len(part), None, status)
            return self

        def __exit__(self, *_):
            pass

    return SimpleNamespace(InputStream=InputStream, PortAudioError=PortAudioError)


def test_a_microphone_is_heard_and_its_own_overruns_are_counted(monkeypatch):
    monkeypatch.setitem(sys.modules, "sounddevice", device(np.split(Y, 10)))
    with microphone(SR) as live:
        live.end()
        np.testing.assert_array_equal(np.concatenate(list(live)), Y)
    assert live.overruns == 1


def test_without_a_microphone_or_its_package_it_says_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(AudioError, match=r"pip install .*--simulate FILE"), microphone(SR):
        pass
    monkeypatch.setitem(sys.modules, "sounddevice", device([], error="no default input device"))
    with pytest.raises(AudioError, match=r"no default input device.*--simulate"), microphone(SR):
        pass
