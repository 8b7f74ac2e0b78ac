"""Your own recordings: known by their folders or a table, not by their names."""

import re
from collections.abc import Sequence

from ..corpus import Corpus, five_in_turn, one_each


def _folds(speakers: Sequence[str], alone: bool) -> list[int]:
    """Leave one speaker out, of many a fifth."""
    return (one_each if len(speakers) <= 10 else five_in_turn)(speakers, alone)


OWN = Corpus(
    name="own",
    title="Your own recordings",
    pattern=re.compile(r"(?!)"),  # no name: `serlib.corpora.own` says what they are
    parse=lambda match: {},
    clips={"speech": 0},
    speakers=0,
    licence="yours",
    citation="yours",
    home="README.md",
    by_hand="they are yours",
    folds=_folds,
)
