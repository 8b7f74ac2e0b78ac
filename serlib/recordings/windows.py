"""Windows of the speech in a recording that is heard part by part: each as long as a clip."""

from dataclasses import dataclass, field, replace

import numpy as np

from ..audio import CANONICAL_SR, PAUSE, Detector, Stretches
from .blocks import resampler

SHORTEST_WINDOW = 1.5  # s: what is said in less is answered with what is around it
_PAD = 0.25  # s: kept around a stretch, as around a clip; at most half a pause
_TAIL = 0.25  # s: of a stretch, beyond its last window, that is worth a window of its own


@dataclass
class Stretch:
    """Speech from `start` to `end` [s], and where its windows are that were answered."""

    start: float
    end: float
    windows: int = 0  # cut so far
    answered: list["Window"] = field(default_factory=list)


@dataclass
class Window:
    """A part of a recording that is answered like a clip."""

    start: float  # s
    end: float
    stretch: Stretch
    y: np.ndarray | None  # [shape=(n,)], until it is answered
    probabilities: np.ndarray | None = None  # [shape=(classes,)], when it is

    @property
    def span(self) -> tuple[float, float]:
        """Where it is, s."""
        return self.start, self.end


class Windows:
    """What cuts the speech of a recording into windows; where does not depend on the parts.

    Speech is what lies between two pauses of `PAUSE` or more. A window begins every `hop`; the
    last one ends with the speech. Of the past only what a window may need is held.

    Parameters
    ----------
    sr : int, Hz
    window, hop : float, s
    """

    def __init__(self, sr: int, *, window: float, hop: float):
        self.sr, self.window, self.hop = sr, window, hop
        self._detector, self._where = Detector(), Stretches()
        self._for_detector = resampler(sr, CANONICAL_SR)
        self._y, self._count = np.zeros(0, np.float32), 0  # what is held, how much was heard
        self._ended: list[Stretch] = []
        self._open: Stretch | None = None

    @property
    def seconds(self) -> float:
        """How much was heard, s."""
        return self._count / self.sr

    @property
    def stretches(self) -> list[Stretch]:
        """Where there is speech so far, in order."""
        return [*self._ended, *([self._open] if self._open else [])]

    def cut(self, y: np.ndarray, *, last: bool = False) -> list[Window]:
        """Take the next samples; return the windows that they complete, in order.

        Parameters
        ----------
        y : np.ndarray [shape=(n,)], at `sr`
        last : bool, nothing follows
        """
        self._y, self._count = np.concatenate([self._y, y]), self._count + len(y)
        sure = self._detector.hear(self._for_detector(y, last=last), last=last)
        ended = self._where.hear(sure) + (self._where.finish() if last else [])
        windows = [window for answers in ended for window in self._close(*answers)]
        windows += self._go_on()
        held = self._open.end - self.window if self._open else self.seconds
        first = int(max(held - SHORTEST_WINDOW - PAUSE, 0) * self.sr)
        self._y = self._y[max(first - self._count + len(self._y), 0) :]
        return windows

    def _go_on(self) -> list[Window]:
        """Cut the windows that lie whole in a stretch that has not ended."""
        if self._where.start is None:
            self._open = None
            return []
        start, _ = self._span(self._where.start, self._where.last)
        self._open = self._stretch(start)
        self._open.end = max(self._where.last * Stretches.step, start)
        return self._regular(self._open)

    def early(self) -> list[Window]:
        """Return the windows with which the open stretch ends, unless speech goes on after a pause.

        They are heard to their end before the whole pause that ends a stretch is, and hold the
        samples of those that are cut then. Nothing counts them.
        """
        if self._open is None or not self._where.long:
            return []
        start, end = self._open.start, self._where.last * Stretches.step + _PAD
        if self.seconds < end + _around(start, end)[1]:
            return []
        return self._rest(replace(self._open, end=end, answered=[]))

    def _close(self, first: int, last: int) -> list[Window]:
        """Cut what is left of a stretch that has ended."""
        start, end = self._span(first, last)
        stretch, self._open = self._stretch(start), None
        stretch.end = end
        self._ended.append(stretch)
        return self._rest(stretch)

    def _rest(self, stretch: Stretch) -> list[Window]:
        """Cut the windows of a stretch of known end that were not cut before."""
        start, end, windows = stretch.start, stretch.end, self._regular(stretch)
        covered = stretch.start + (stretch.windows - 1) * self.hop + self.window
        if not stretch.windows:
            before, after = _around(start, end)
            windows = [self._window(start - before, end + after, stretch)]
        elif end - covered > _TAIL:
            windows.append(self._window(end - self.window, end, stretch))
        return windows

    def _stretch(self, start: float) -> Stretch:
        """Return the open stretch, or a new one: what was open may have been too short."""
        return self._open if self._open and self._open.start == start else Stretch(start, start)

    def _span(self, first: int, last: int) -> tuple[float, float]:
        """Return where a stretch of answers is, and what is kept around it, s."""
        start, end = first * Stretches.step - _PAD, last * Stretches.step + _PAD
        return max(start, 0.0), min(end, self.seconds)

    def _regular(self, stretch: Stretch) -> list[Window]:
        windows = []
        while (start := stretch.start + stretch.windows * self.hop) + self.window <= stretch.end:
            windows.append(self._window(start, start + self.window, stretch))
            stretch.windows += 1
        return windows

    def _window(self, start: float, end: float, stretch: Stretch) -> Window:
        begins = self._count - len(self._y)  # what is held
        inside = slice(*(max(round(t * self.sr) - begins, 0) for t in (start, end)))
        return Window(max(start, 0.0), min(end, self.seconds), stretch, self._y[inside].copy())


def _around(start: float, end: float) -> tuple[float, float]:
    """Return how much is heard before and after speech from `start` to `end`, for its window, s."""
    lacks = max(SHORTEST_WINDOW - (end - start), 0) / 2
    return lacks, min(lacks, PAUSE - _PAD)
