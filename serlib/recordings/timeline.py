"""A recording of any length second by second: where there is speech, and which emotion is in it."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import TYPE_CHECKING

import numpy as np
from tqdm import tqdm

from ..audio import NO_SPEECH, Recording, Source, cut_short, name_of
from ..errors import AudioError, SerlibError
from ..inference import Bundle, probabilities, verify
from ..workers import ahead, one_thread
from .blocks import blocks, lasts
from .windows import SHORTEST_WINDOW, Stretch, Window, Windows

if TYPE_CHECKING:  # files that are not long need no pandas
    import pandas as pd

WINDOW, HOP = 3.0, 1.0  # s; clips of the corpora last 1 to 5 s
_BATCH = 32  # windows that the network is asked of at a time


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
        if not (window >= SHORTEST_WINDOW and 0 < hop <= window):
            raise SerlibError(
                f"window {window} s, hop {hop} s: expected a window of {SHORTEST_WINDOW} s or "
                "more, and a hop that is no longer than it"
            )
        verify(bundle)
        self.bundle, self.sr = bundle, bundle["extractor"].sr
        self._windows = Windows(self.sr, window=window, hop=hop)
        self._early: list[tuple[float, float]] = []  # where the newest are

    @property
    def seconds(self) -> float:
        """How much was heard, s."""
        return self._windows.seconds

    def hear(self, y: np.ndarray, *, last: bool = False) -> list[Window]:
        """Take the next samples [shape=(n,)], at `sr`; return the windows that they complete."""
        windows = self.cut(y, last=last)
        return self.note(windows, [self.features(window) for window in windows])

    def early(self) -> list[Window]:
        """Return the windows that are answered before it is certain that they are the last of what
        somebody says; those that are, `hear` returns again, with the same answer.

        A voice that is learnt by the way learns from none that is not: it has no early answers.
        """
        if "voice" in self.bundle:
            return []
        windows = self._windows.early()
        if (spans := [window.span for window in windows]) in ([], self._early):
            return []
        self._early = spans
        return self.note(windows, [self.features(window) for window in windows])

    def cut(self, y: np.ndarray, *, last: bool = False) -> list[Window]:
        """Take the next samples, as `hear`; return the windows, for `features` and `note`."""
        return self._windows.cut(y, last=last)

    @one_thread()
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

    def table(self) -> "pd.DataFrame":
        """Return what was heard so far, as `predict_timeline` returns it."""
        import pandas as pd

        rows, at = [], 0.0
        for stretch in self._windows.stretches:
            if stretch.answered:
                rows += [self._silence(at, stretch.start)] * (stretch.start > at)
                rows += self._cells(stretch)
                at = stretch.end
        rows += [self._silence(at, self.seconds)] * (self.seconds > at)
        names = [f"p_{emotion}" for emotion in self.bundle["classes"]]
        table = pd.DataFrame(rows, columns=["start_s", "end_s", "emotion", *names, "speech"])
        return table.round(dict(start_s=3, end_s=3))

    def _cells(self, stretch: Stretch) -> Iterator[tuple]:
        """Yield a row per hop, of the windows that hear half of it or more."""
        from ..systems import geometric_mean

        count = max(round((stretch.end - stretch.start) / self._windows.hop), 1)
        edges = [*(stretch.start + self._windows.hop * np.arange(count)), stretch.end]
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
    source: Source,
    bundle: Bundle,
    *,
    window: float = WINDOW,
    hop: float = HOP,
    n_jobs: int = -1,
    progress: bool | None = False,
) -> "pd.DataFrame":
    """Return which emotion is where in a recording of any length, in memory that stays flat.

    Parameters
    ----------
    source : path, open file or (y, sr)
    bundle : dict, from `load_bundle` or `joblib.load`
    window : float, s, what the system is asked of at a time, a clip's length
    hop : float, s, after which the next begins
    n_jobs : int, threads that compute features; -1 is one a core
    progress : bool, show on standard error how much was heard; None is on a terminal only

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
    timeline = Timeline(bundle, window=window, hop=hop)
    with _bar(source, progress) as bar:

        def windows() -> Iterator[Window]:
            for y in blocks(source, timeline.sr):
                yield from timeline.cut(y)
                bar.update(int(timeline.seconds) - bar.n)
            yield from timeline.cut(np.zeros(0, np.float32), last=True)

        heard = ahead(lambda w: (w, timeline.features(w)), windows(), n=max(n_jobs, 0))
        while some := [*islice(heard, _BATCH)]:
            timeline.note(*zip(*some, strict=True))
    return timeline.table()


def _bar(source: Source, progress: bool | None) -> tqdm:
    """Return a bar over the seconds of a recording."""
    shown = sys.stderr.isatty() if progress is None else progress
    total = int(lasts(source)) if shown else None
    form = "{desc}: {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} s [{elapsed}<{remaining}]"
    how = dict(total=total, bar_format=form, leave=False, disable=not shown)
    return tqdm(desc=name_of(source), **how)


@dataclass(frozen=True)
class Overview:
    """What is said of a recording that is too long for one label.

    Parameters
    ----------
    shares : dict, emotion -> share of the speech, in the order of the bundle's classes
    seconds, speech_seconds : float, s, how long the recording is, and the speech in it
    expected : float, s, how long its header says that it is
    """

    shares: dict[str, float]
    seconds: float
    speech_seconds: float
    expected: float = 0.0

    @property
    def missing(self) -> float:
        """How much its header promises after its end, s."""
        lacks = self.expected - self.seconds
        return lacks if lacks > max(0.1, 0.001 * self.expected) else 0.0  # headers round

    @property
    def remarks(self) -> tuple[str, ...]:
        """Why there is no label, and what is missing."""
        said = [
            f"Lasts {self.seconds:.0f} s, too long for one label: these are shares of its "
            f"{self.speech_seconds:.0f} s of speech."
        ]
        if self.missing:
            said.append(cut_short(self.missing, self.expected))
        return tuple(said)


def overview(table: "pd.DataFrame", expected: float = 0.0) -> Overview:
    """Return what a timeline comes to."""
    lasts, emotions = table.end_s - table.start_s, [c[2:] for c in table if c.startswith("p_")]
    spoken = float(lasts[table.speech].sum())
    by_emotion = {e: float(lasts[table.emotion == e].sum()) / (spoken or 1.0) for e in emotions}
    return Overview(by_emotion, float(lasts.sum()), spoken, expected)
