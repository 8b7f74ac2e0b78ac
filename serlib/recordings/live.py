"""Sound that arrives while it is listened to: from a microphone, or from a file played as one."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from queue import Empty, Full, Queue

import numpy as np

from ..audio import Source, name_of
from ..errors import AudioError
from .blocks import blocks

BLOCK = 0.064  # s: what arrives at a time
_ROOM = 10.0  # s: what may wait


class Live:
    """Blocks of sound in the order in which they arrive.

    Nobody can hold a microphone up: what there is no room for is lost, counted, and replaced by
    silence of the same length, so that the clock stays right.

    Parameters
    ----------
    sr : int, Hz
    room : float, s, how much may wait
    """

    def __init__(self, sr: int, *, room: float = _ROOM):
        self.sr, self.overruns, self.lost = sr, 0, 0.0  # s
        self.error: Exception | None = None
        self._queue, self._missing = Queue(max(int(room / BLOCK), 1)), 0
        self._began = 0.0

    def put(self, y: np.ndarray, *, wait: bool = False) -> None:
        """Take the next samples [shape=(n,)]; if they shall not wait for room they may be lost."""
        self._began = self._began or time.monotonic() - len(y) / self.sr
        whole = np.concatenate([np.zeros(self._missing, np.float32), y])
        try:
            self._queue.put(whole, block=wait)
            self._missing = 0
        except Full:
            self.overruns += self._missing == 0
            self.lost += len(y) / self.sr
            self._missing += len(y)

    def overrun(self) -> None:
        """Count what the device itself says that it lost, of which the length is unknown."""
        self.overruns += 1

    def end(self, error: Exception | None = None) -> None:
        """Say that nothing follows, and why."""
        self.error = error
        self._queue.put(None)

    def leave(self) -> None:
        """Make room for whoever waits to put something in: nobody listens any more."""
        with suppress(Empty):
            while True:
                self._queue.get_nowait()

    def behind(self, at: float) -> float:
        """Return how long ago, s, the moment `at` [s] of the recording was."""
        return time.monotonic() - self._began - at

    def __iter__(self) -> Iterator[np.ndarray]:
        while (y := self._queue.get()) is not None:
            yield y
        if self.error:
            raise self.error


@contextmanager
def microphone(sr: int, *, device: str | int | None = None) -> Iterator[Live]:
    """Open the microphone as long as the context lasts.

    Raises
    ------
    AudioError
        If the package `sounddevice`, its PortAudio library or a microphone is missing.
    """
    try:
        import sounddevice
    except (ImportError, OSError) as error:  # OSError: PortAudio, which Linux brings itself
        raise AudioError(
            f"the microphone needs sounddevice ({error}): pip install -e '.[live]' in the project, "
            "and on Linux apt install libportaudio2. Without one: serlib listen --simulate FILE"
        ) from error
    live = Live(sr)

    def arrived(y: np.ndarray, _frames: int, _time: object, status: object) -> None:
        if status.input_overflow:
            live.overrun()
        live.put(y[:, 0].copy())

    how = dict(samplerate=sr, channels=1, dtype="float32", blocksize=int(BLOCK * sr))
    try:
        with sounddevice.InputStream(callback=arrived, device=device, **how):
            yield live
    except (sounddevice.PortAudioError, ValueError) as error:
        raise AudioError(
            f"no microphone can be opened ({error}). Plug one in and allow its use; "
            "python -m sounddevice lists what is there. Without: serlib listen --simulate FILE"
        ) from error


@contextmanager
def simulated(source: Source, sr: int, *, pace: float = 1.0) -> Iterator[Live]:
    """Play a recording as if it came from a microphone.

    Parameters
    ----------
    source : path, open file or (y, sr)
    sr : int, Hz
    pace : float, 1 for real time, 2 for twice as fast; 0 waits for the listener, and loses nothing

    Raises
    ------
    AudioError
        While it is listened to, if the recording cannot be read.
    """
    live, stop = Live(sr), threading.Event()

    def play() -> None:
        error, played, began = None, 0, time.monotonic()
        try:
            for y in blocks(source, sr, seconds=BLOCK):
                played += len(y)
                due = began + played / sr / pace if pace else 0
                if stop.wait(max(due - time.monotonic(), 0)):
                    return
                live.put(y, wait=not pace)
        except Exception as problem:  # the listener is told, whatever it is
            error = problem
        live.end(error)

    player = threading.Thread(target=play, name=f"plays {name_of(source)}", daemon=True)
    player.start()
    try:
        yield live
    finally:
        stop.set()
        live.leave()
