"""The protocols: what the test shares with the training, from leaky to honest."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import pandas as pd

from ..errors import SerlibError
from . import folds
from .folds import Fold


class Enrolment(NamedTuple):
    """A test speaker's own unlabelled clips that shift the features: how many, of what."""

    count: int | None = None  # None: all, the scored ones among them
    emotion: str | None = None  # None: any
    draws: int = 5  # of clips, where not all enrol: one draw of three may be off by two points


@dataclass(frozen=True)
class Protocol:
    """How a result is measured.

    Parameters
    ----------
    name : str, as files and tables have it
    shares : str, what test and training share
    divide : callable
        Takes clips [DataFrame with `CLIP_COLUMNS`] and the corpora that are scored, and yields the
        folds, of row positions; of `rows` nothing, since rows of features are divided, not clips.
    of_rows : bool, rows are divided, blind to clips: leaky, compared with nothing
    across : bool, other corpora train; a fold's name is the corpus trained on
    one_seed : bool, one seed is enough
    for_settings : bool, where settings are chosen: no result
    bundled : bool, a bundle holds its model
    enrolment : Enrolment or None; with one, the fits are those of `speakers`
    """

    name: str
    shares: str
    divide: Callable[[pd.DataFrame, Sequence[str]], Iterable[Fold]]
    of_rows: bool = False
    across: bool = False
    one_seed: bool = False
    for_settings: bool = False
    bundled: bool = False
    enrolment: Enrolment | None = None

    @property
    def fits(self) -> str:
        """The protocol whose fits are scored."""
        return self.name.split("+")[0] if self.enrolment else self.name

    def folds(self, clips: pd.DataFrame, scored: Sequence[str] = ()) -> list[Fold]:
        """Divide clips, whose emotions are in the system's label set.

        Raises
        ------
        CorpusError
            If the clips do not allow the split: too few of an emotion, or one speaker fold.
        """
        return [folds.apart(fold, clips.audio_md5) for fold in self.divide(clips, scored)]


def _enrolled(of: Protocol, suffix: str, says: str, *enrolment: int | str | None) -> Protocol:
    return replace(
        of,
        name=f"{of.name}+enrolment{suffix}",
        shares=f"as `{of.name}`; the system is shifted by {says} of the new speaker's clips, "
        "unlabelled",
        enrolment=Enrolment(*enrolment),
    )


_SPEAKERS = Protocol(
    "speakers",
    "the sentences; five folds of actors (RAVDESS), one woman or the other (TESS)",
    folds.by_speakers,
)
_CORPORA = Protocol(
    "corpora", "neither speakers nor corpus", folds.by_corpora, across=True, one_seed=True
)


PROTOCOLS: dict[str, Protocol] = {
    protocol.name: protocol
    for protocol in (
        Protocol(
            "rows",
            "speakers, sentences, and other variants (noisy, stretched) of the same recordings",
            lambda clips, scored: (),
            of_rows=True,
            one_seed=True,
        ),
        Protocol(
            "clips",
            "speakers and sentences; of most clips of RAVDESS the actor's other take",
            folds.by_clips,
            bundled=True,
        ),
        # No fold scores a clip that it tests; but over the folds every clip is scored, so that
        # the choice has heard of all of them.
        Protocol(
            "validation",
            "as `speakers`, inside the training part: three fifths of the actors train, one fifth "
            "is scored",
            folds.inside_speakers,
            for_settings=True,
        ),
        _SPEAKERS,
        Protocol(
            "speakers+statements",
            "neither; trained on one of two sentences, thus on half as many clips",
            folds.by_statements,
        ),
        _CORPORA,
        _enrolled(_SPEAKERS, "", "all, the scored ones among them,"),
        *(_enrolled(_SPEAKERS, f"_{n}", f"{n}", n) for n in (1, 3, 5, 10)),
        *(_enrolled(_SPEAKERS, f"_neutral{n}", f"{n} neutral", n, "neutral") for n in (1, 3)),
        _enrolled(_CORPORA, "", "all, the scored ones among them,"),
        *(_enrolled(_CORPORA, f"_{n}", f"{n}", n, None, 2) for n in (1, 3, 5, 10)),
    )
}


def protocol(name: str) -> Protocol:
    """Return a protocol by its name.

    Raises
    ------
    SerlibError
        For a name that is not in `PROTOCOLS`; the message lists those that are.
    """
    if name not in PROTOCOLS:
        raise SerlibError(f"Bad protocol {name!r}, expected one of {[*PROTOCOLS]}")
    return PROTOCOLS[name]
