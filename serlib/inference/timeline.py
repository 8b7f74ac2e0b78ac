"""A recording of any length second by second: where there is speech, and which emotion is in it."""

import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import pandas as pd

from ..audio import (
    CANONICAL_SR,
    NO_SPEECH,
    PAUSE,
    Detector,
    Recording,
    Source,
    Stretches,
    blocks,
    resampler,
)
from ..errors import AudioError, SerlibError
from ..systems import geometric_mean
from .bundle import Bundle, probabilities, verify

WINDOW, HOP = 3.0, 1.0  # s; clips of the corpora last 1 to 5 s
_PAD, _LEAST = 0.15, 1.5  # s: kept around a stretch, as around a clip; the shortest window
_TAIL = 0.25  # s: of a stretch, beyond its last window, that is worth a window of its own
_BATCH = 32  # windows that the network is asked of at a time


@dataclass
class Stretch:
    """Speech from `start` to `end` [s], what is held of it at its ends included."""

    start: float
    end: float
    cut: int = 0  # windows so far
    answered: list["Window"] = field(default_factory=list)


@dataclass
class Window:
    """A part of a recording that is answered like a clip."""

    start: float  # s
    end: float
    stretch: Stretch
    y: np.ndarray | None  # [shape=(n,)], until it is answered
    probabilities: np.ndarray | None = None  # [shape=(classes,)], when it is


class Timeline:
    """A recording that is heard part by part; what it says does not depend on the parts.

    Speech is cut into windows that overlap, each of which is answered as a clip is; every `hop`
    is then answered by all windows that hear it.

    Parameters
    ----------
    bundle : dict, from `load_bundle` or `joblib.load`
    window, hop : float, s

    Raises
    ------
    SerlibError
        If a hop is longer than a window, or a window shorter than 1.5 s.
    """

    def __init__(self, bundle: Bundle, *, window: float = WINDOW, hop: float = HOP):
        if not (window >= _LEAST and 0 < hop <= window):
            raise SerlibError(
                f"window {window} s, hop {hop} s: expected a window of {_LEAST} s or more, and a "
                "hop that is no longer than it"
            )
        verify(bundle)
        self.bundle, self.window, self.hop = bundle, window, hop
        self.sr = bundle["extractor"].sr
        self._detector, self._where = Detector(), Stretches()
        self._for_detector = resampler(self.sr, CANONICAL_SR)
        self._y, self._count = np.zeros(0, np.float32), 0  # what is held, how much was heard
        self._ended: list[Stretch] = []
        self._open: Stretch | None = None

    @property
    def seconds(self) -> float:
        """How much was heard, s."""
        return self._count / self.sr

    def hear(self, y: np.ndarray, *, last: bool = False) -> list[Window]:
        """Take the next samples [shape=(n,)], at `sr`; return the windows that they complete."""
        windows = self.cut(y, last=last)
        return self.note(windows, [self.features(window) for window in windows])

    def cut(self, y: np.ndarray, *, last: bool = False) -> list[Window]:
        """Take the next samples, as `hear`; return the windows, for `features` and `note`."""
        self._y, self._count = np.concatenate([self._y, y]), self._count + len(y)
        sure = self._detector.hear(self._for_detector(y, last=last), last=last)
        ended = self._where.hear(sure) + (self._where.finish() if last else [])
        windows = [window for stretch in ended for window in self._close(*stretch)]
        if self._where.start is not None:
            windows += self._go_on(self._where.start, self._where.last)
        else:
            self._open = None
        held = self._open.end - self.window if self._open else self.seconds
        self._y = self._y[-max(self._count - int(max(held - 2, 0) * self.sr), 1) :]
        return windows

    def features(self, window: Window) -> np.ndarray | None:
        """Return the features of a window; None where it holds too little to be answered."""
        clip = Recording(window.y, self.sr, f"the window at {window.start:.1f} s")
        try:
            return self.bundle["extractor"].get_predict_feat(clip)
        except AudioError:
            return None

    def note(self, windows: Sequence[Window], features: Sequence) -> list[Window]:
        """Ask the system of windows, in the order in which they were cut; return those answered."""
        heard = [(w, x) for w, x in zip(windows, features, strict=True) if x is not None]
        if heard:
            proba = probabilities(self.bundle, np.stack([x for _, x in heard]))
            for (window, _), p in zip(heard, proba, strict=True):
                window.probabilities, window.y = p, None
                window.stretch.answered.append(window)
        return [window for window, _ in heard]

    def table(self) -> pd.DataFrame:
        """Return what was heard so far, as `predict_timeline` returns it."""
        rows, at = [], 0.0
        for stretch in [*self._ended, *([self._open] if self._open else [])]:
            if stretch.answered:
                rows += [self._silence(at, stretch.start)] * (stretch.start > at)
                rows += self._cells(stretch)
                at = stretch.end
        rows += [self._silence(at, self.seconds)] * (self.seconds > at)
        names = [f"p_{emotion}" for emotion in self.bundle["classes"]]
        table = pd.DataFrame(rows, columns=["start_s", "end_s", "emotion", *names, "speech"])
        return table.round(dict(start_s=3, end_s=3))

    def _go_on(self, first: int, last: int) -> list[Window]:
        """Cut the windows that lie whole in a stretch of answers that has not ended."""
        self._open = self._stretch(self._span(first, last)[0])
        self._open.end = last * Stretches.step
        return self._regular(self._open)

    def _stretch(self, start: float) -> Stretch:
        """Return the open stretch, or a new one: what was open may have been too short."""
        return self._open if self._open and self._open.start == start else Stretch(start, start)

    def _close(self, first: int, last: int) -> list[Window]:
        """Cut what is left of a stretch that has ended."""
        start, end = self._span(first, last)
        stretch, self._open = self._stretch(start), None
        stretch.end = end
        self._ended.append(stretch)
        windows = self._regular(stretch)
        covered = stretch.start + (stretch.cut - 1) * self.hop + self.window
        if not stretch.cut:
            lacks = max(_LEAST - (end - start), 0) / 2
            windows.append(self._window(start - lacks, end + min(lacks, PAUSE - _PAD), stretch))
        elif end - covered > _TAIL:
            windows.append(self._window(end - self.window, end, stretch))
        return windows

    def _span(self, first: int, last: int) -> tuple[float, float]:
        """Return where a stretch of answers is, and what is kept around it, s."""
        start, end = first * Stretches.step - _PAD, last * Stretches.step + _PAD
        return max(start, 0.0), min(end, self.seconds)

    def _regular(self, stretch: Stretch) -> list[Window]:
        windows = []
        while (start := stretch.start + stretch.cut * self.hop) + self.window <= stretch.end:
            windows.append(self._window(start, start + self.window, stretch))
            stretch.cut += 1
        return windows

    def _window(self, start: float, end: float, stretch: Stretch) -> Window:
        begins = self._count - len(self._y)  # what is held
        inside = slice(*(max(round(t * self.sr) - begins, 0) for t in (start, end)))
        return Window(max(start, 0.0), min(end, self.seconds), stretch, self._y[inside].copy())

    def _cells(self, stretch: Stretch) -> Iterator[tuple]:
        """Yield a row per hop, of the windows that hear half of it or more."""
        count = max(round((stretch.end - stretch.start) / self.hop), 1)
        edges = [*(stretch.start + self.hop * np.arange(count)), stretch.end]
        spans = np.array([(window.start, window.end) for window in stretch.answered])
        for start, end in pairwise(edges):
            shared = np.minimum(spans[:, 1], end) - np.maximum(spans[:, 0], start)
            hear = np.flatnonzero(shared >= min((end - start) / 2, shared.max()))
            said = [stretch.answered[k].probabilities[None] for k in hear]
            (p,) = geometric_mean(said) if len(said) > 1 else said[0]
            yield (start, end, self.bundle["classes"][int(p.argmax())], *map(float, p), True)

    def _silence(self, start: float, end: float) -> tuple:
        return (start, end, NO_SPEECH, *[np.nan] * len(self.bundle["classes"]), False)


def predict_timeline(
    source: Source, bundle: Bundle, *, window: float = WINDOW, hop: float = HOP, n_jobs: int = -1
) -> pd.DataFrame:
    """Return which emotion is where in a recording of any length, in memory that stays flat.

    Parameters
    ----------
    source : path, open file or (y, sr)
    bundle : dict, from `load_bundle` or `joblib.load`
    window : float, s, what the system is asked of at a time, a clip's length
    hop : float, s, after which the next begins
    n_jobs : int, threads that compute features; -1 is one a core

    Returns
    -------
    DataFrame
        start_s, end_s, emotion, a probability p_<emotion> per class, speech: a row per hop of
        speech, one per stretch without, whose emotion is "no speech" and probabilities NaN

    Raises
    ------
    AudioError
        If the recording cannot be read.
    SerlibError
        If a hop is longer than a window, or a window shorter than 1.5 s.
    """
    timeline, waiting = Timeline(bundle, window=window, hop=hop), deque()
    with ThreadPoolExecutor(n_jobs if n_jobs > 0 else os.cpu_count()) as pool:

        def answer(count: int) -> None:
            some = [waiting.popleft() for _ in range(count)]
            timeline.note([w for w, _ in some], [x.result() for _, x in some])

        for y in blocks(source, timeline.sr):
            waiting.extend((w, pool.submit(timeline.features, w)) for w in timeline.cut(y))
            while len(waiting) >= 2 * _BATCH:
                answer(_BATCH)
        end = timeline.cut(np.zeros(0, np.float32), last=True)
        waiting.extend((w, pool.submit(timeline.features, w)) for w in end)
        while waiting:
            answer(min(len(waiting), _BATCH))
    return timeline.table()


def shares(table: pd.DataFrame) -> dict[str, float]:
    """Return which share of its speech each emotion has, from a timeline; all 0 without any."""
    lasts, emotions = table.end_s - table.start_s, [c[2:] for c in table if c.startswith("p_")]
    total = max(float(lasts[table.speech].sum()), 1e-9)
    return {e: float(lasts[table.emotion == e].sum()) / total for e in emotions}
