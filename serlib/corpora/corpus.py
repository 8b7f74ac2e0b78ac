"""What a corpus is: how its files are named, what they say, how it is divided, whose it is."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd

_FACTS = ("stem", "speaker", "gender", "emotion", "intensity", "statement", "channel")


def facts(*values: str, channel: str = "speech") -> dict[str, str]:
    """Return what a file's name says: stem, speaker, gender, emotion, intensity, statement."""
    return dict(zip(_FACTS, (*values, channel), strict=True))


def five_in_turn(speakers: Sequence[str], alone: bool) -> list[int]:
    """Five folds, each with every fifth speaker."""
    return [i % 5 for i in range(len(speakers))]


def one_each(speakers: Sequence[str], alone: bool) -> list[int]:
    """Leave one speaker out."""
    return list(range(len(speakers)))


@dataclass(frozen=True)
class Publisher:
    """Where a publisher lists a corpus's files with their checksums.

    Parameters
    ----------
    server : str, ``zenodo``, ``dataverse`` or ``github``
    listing : str, path of the list on the server
    wanted : str, regular expression of the names of the files that hold the audio
    least : int, how many of them there are at least
    files : str, path of the files where the list does not tell it
    """

    server: str
    listing: str
    wanted: str
    least: int = 1
    files: str = ""


@dataclass(frozen=True)
class Corpus:
    """A published corpus, recognised by its files' names in whatever folders they lie.

    Parameters
    ----------
    name, title : str
    pattern : re.Pattern, of a file's stem (for SAVEE's nested layout, of ``folder/stem``)
    parse : callable
        Takes the match and returns the clip's `facts`.
    clips : dict, canonical number of clips by channel
    speakers : int
    licence, citation, home : str
    source : Publisher or None, for `serlib.corpora.fetch`
    by_hand : str, why there is no source
    folds : callable
        Takes the sorted ids of the speakers present, and whether no other corpus is; returns the
        fold in which each is tested under `speakers`.
    units : callable or None
        Takes a column of clip ids and returns what a bootstrap over this corpus alone draws; None
        draws speakers.
    trains : bool, other corpora are scored with what was trained on it
    kept_out : tuple of str, speakers whom no bundle is trained on, since their clips are shown
    """

    name: str
    title: str
    pattern: re.Pattern
    parse: Callable[[re.Match], dict[str, str]]
    clips: dict[str, int]
    speakers: int
    licence: str
    citation: str
    home: str
    source: Publisher | None = None
    by_hand: str = ""
    folds: Callable[[Sequence[str], bool], list[int]] = five_in_turn
    units: Callable[[pd.Series], pd.Series] | None = None
    trains: bool = True
    kept_out: tuple[str, ...] = ()

    @property
    def short(self) -> str:
        """What readers call it: the title up to its comma."""
        return self.title.split(",")[0]


def on_github(repository: str, commit: str, wanted: str, least: int) -> Publisher:
    """Return a repository as a publisher; git lists a SHA-1 of each file of a commit."""
    listing = f"/repos/{repository}/git/trees/{commit}?recursive=1"
    return Publisher("github", listing, wanted, least, f"/{repository}/{commit}")
