"""A visitor who speaks into the page: heard part by part, answered second by second."""

from typing import TYPE_CHECKING

import numpy as np

from ..audio import mono
from ..inference import Bundle
from . import shown
from .blocks import resampler
from .timeline import Timeline, overview

if TYPE_CHECKING:
    from .windows import Window

MOST_SECONDS = 300  # of a visit: what a timeline holds grows with it


class Speaking:
    """What a visitor has said so far.

    Parameters
    ----------
    bundle : dict
    """

    def __init__(self, bundle: Bundle):
        self.timeline, self._fit, self._newest = Timeline(bundle), None, None
        self.ended = False

    def hear(self, sr: int, y: np.ndarray) -> "Speaking":
        """Take what the browser sends next [shape=(n,) or (n, channels)]; integers are scaled.

        What is said after `MOST_SECONDS`, or after the end, is not heard.
        """
        if self.ended:
            return self
        if np.issubdtype(y.dtype, np.integer):
            y = y / np.float32(np.iinfo(y.dtype).max + 1)
        self._fit = self._fit or resampler(sr, self.timeline.sr)
        self._note(self.timeline.hear(self._fit(mono(y.astype(np.float32)))))
        return self.end() if self.timeline.seconds >= MOST_SECONDS else self

    def end(self) -> "Speaking":
        """Say that nothing follows: what waits for its window is answered."""
        if not self.ended:
            self.ended = True
            rest = self._fit(np.zeros(0, np.float32), last=True) if self._fit else np.zeros(0)
            self._note(self.timeline.hear(rest.astype(np.float32), last=True))
        return self

    def _note(self, found: list["Window"]) -> None:
        self._newest = found[-1] if found else self._newest

    def shown(self) -> str:
        """Return what is shown of it, as HTML: the newest answer and a timeline, or the shares."""
        seconds = f"{self.timeline.seconds:.0f} s heard"
        if self._newest is None:
            waits = "nobody spoke" if self.ended else "speak: the first answer takes three seconds"
            return shown.idle(f"{seconds}; {waits}.")
        table = self.timeline.table()
        if self.ended:
            whole = overview(table)
            told = f"{whole.speech_seconds:.0f} s of speech in {whole.seconds:.0f} s; shares of it."
            most = self.timeline.seconds >= MOST_SECONDS
            enough = [f"No more than {MOST_SECONDS} s are heard: record again."] * most
            return shown.answered(whole.shares, [told, *enough]) + shown.cells(table)
        names = self.timeline.bundle["classes"]
        said = dict(zip(names, map(float, self._newest.probabilities), strict=True))
        when = f"{seconds}; of {self._newest.start:.0f} to {self._newest.end:.0f} s."
        return shown.answered(said, [when]) + shown.cells(table)
