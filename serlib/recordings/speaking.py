"""Visitors who speak into the page: heard part by part, answered second by second."""

import threading
from base64 import b64decode
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from ..audio import check_rate
from ..errors import AudioError, SerlibError
from ..inference import Bundle, following
from . import shown
from .blocks import resampler
from .timeline import Timeline, overview

if TYPE_CHECKING:
    from .windows import Window

MOST_SECONDS = 300  # of a visit: what a timeline holds grows with it
_MOST_VISITS = 16  # at a time; who closes the page says nothing of it
_MOST_CHARACTERS = 2**23  # of a part: half a minute at 96 kHz


class Visits:
    """Those who speak at the moment, each under the number that the browser drew.

    Parameters
    ----------
    bundle : callable, which returns the bundle that answers
    """

    def __init__(self, bundle: Callable[[], Bundle]):
        self._bundle, self._here, self._lock = bundle, OrderedDict(), threading.Lock()

    def hear(self, part: dict) -> dict:
        """Take a part of what somebody says; return what is to be shown, and whether it ended.

        Parameters
        ----------
        part : dict, from the browser: `id`; `sr` [Hz]; `samples`, of 16 bit, in base64; `last`;
            and at first `learn`, whether all of it is of one voice, which is learnt by the way
        """
        try:
            name, sr, y = _read(part)
            speaking = self._of(name, bool(part.get("learn")))
            speaking.hear(sr, y)
            if part.get("last"):
                speaking.end()
        except SerlibError as error:
            return dict(shown=shown.wrong(str(error)), ended=True)
        if speaking.ended:
            with self._lock:
                self._here.pop(name, None)
        return dict(shown=speaking.shown(), ended=speaking.ended)

    def _of(self, name: str, learn: bool) -> "Speaking":
        """Return who has this number; of too many the one who was silent longest is forgotten."""
        bundle = self._bundle()
        with self._lock:
            if name not in self._here:
                self._here[name] = Speaking(following(bundle) if learn else bundle)
            self._here.move_to_end(name)
            while len(self._here) > _MOST_VISITS:
                self._here.popitem(last=False)
            return self._here[name]


def _read(part: dict) -> tuple[str, int, np.ndarray]:
    """Return what a part holds: anybody who reaches the page may send one."""
    try:
        name, sr, samples = str(part["id"])[:64], int(part["sr"]), part["samples"]
        if len(samples) > _MOST_CHARACTERS:
            raise ValueError("too long")
        y = np.frombuffer(b64decode(samples, validate=True), "<i2")
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise AudioError(f"This is no part of a recording ({error}). Reload the page.") from error
    return name, check_rate(sr, "the microphone"), y.astype(np.float32) / 32768


class Speaking:
    """What a visitor has said so far.

    Parameters
    ----------
    bundle : dict
    """

    def __init__(self, bundle: Bundle):
        self.timeline, self._fit, self._newest = Timeline(bundle), None, None
        self.ended = False

    def hear(self, sr: int, y: np.ndarray) -> None:
        """Take the next samples [shape=(n,)]; those after `MOST_SECONDS` are not heard."""
        self._fit = self._fit or resampler(sr, self.timeline.sr)
        self._note(self.timeline.hear(self._fit(y)) + self.timeline.early())
        if self.timeline.seconds >= MOST_SECONDS:
            self.end()

    def end(self) -> None:
        """Say that nothing follows: what waits for its window is answered."""
        if not self.ended:
            self.ended = True
            self._note(self.timeline.hear(self._fit(np.zeros(0, np.float32), last=True), last=True))

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
