"""One table of the data that systems are trained and scored on, and its clips."""

from collections.abc import Iterable
from typing import NamedTuple

import pandas as pd

from ..errors import CorpusError, SerlibError
from .emotions import classes, to_label_set


class Data(NamedTuple):
    """Clips to train on and to score: of which corpora and channels, in which label set."""

    title: str
    corpora: tuple[str, ...]
    label_set: str
    channels: tuple[str, ...] = ("speech",)


DATA: dict[str, Data] = {
    "ravdess": Data("RAVDESS, 8 emotions", ("ravdess",), "eight"),
    "ravdess7": Data("RAVDESS, 7", ("ravdess",), "seven"),
    "ravdess5": Data("RAVDESS, 5", ("ravdess",), "five"),
    "ravdess_song": Data("RAVDESS speech + song, 8", ("ravdess",), "eight", ("speech", "song")),
    "ravdess_tess": Data("RAVDESS + TESS, 7", ("ravdess", "tess"), "seven"),
    "tess": Data("TESS, 7", ("tess",), "seven"),
    "emodb": Data("EMO-DB, 7", ("emodb",), "emodb"),
    "savee": Data("SAVEE, 7", ("savee",), "seven"),
    "cremad": Data("CREMA-D, 6", ("cremad",), "cremad"),
    "nemo": Data("nEMO, 6", ("nemo",), "nemo"),
    "anywhere": Data(
        "CREMA-D, EMO-DB, nEMO, RAVDESS and TESS, 7",
        ("cremad", "emodb", "nemo", "ravdess", "tess"),
        "seven",
    ),
    "unheard": Data(
        "those and EMOVO, each unheard in turn",
        ("cremad", "emodb", "emovo", "nemo", "ravdess", "tess"),
        "seven",
    ),
    "emovo": Data("EMOVO, 7", ("emovo",), "seven"),
    "own": Data("your own recordings", ("own",), "own"),
}


def select(clips: pd.DataFrame, data: str, *, across: bool = False) -> pd.DataFrame:
    """Return the clips of a data set, their emotions in its label set.

    Parameters
    ----------
    clips : DataFrame with `CLIP_COLUMNS`
    data : str, a data set of `DATA`
    across : bool, those of all other corpora too, as the protocol `corpora` needs them

    Raises
    ------
    SerlibError
        For a data set that is not in `DATA`.
    CorpusError
        If there is no clip of it, or your own are all of one emotion.
    """
    _, corpora, label_set, channels = _data(data)
    chosen = clips[(across | clips.corpus.isin(corpora)) & clips.channel.isin(channels)]
    chosen = chosen.assign(emotion=to_label_set(chosen.emotion, label_set))
    chosen = chosen[chosen.emotion.notna()].reset_index(drop=True)
    if chosen.empty:
        here = sorted(set(clips.corpus + " " + clips.channel))
        raise CorpusError(
            f"{data}: needs {' and '.join(channels)} of {' and '.join(corpora)}, but the clips are "
            f"of {here}. Name another folder with --data, or `serlib download {corpora[0]}`."
        )
    if data == "own" and (emotions := sorted(set(chosen.emotion)))[1:] == []:
        raise CorpusError(
            f"own: all recordings are of one emotion, {emotions[0]}; two or more are needed to "
            "learn how they differ"
        )
    return chosen


def auxiliary(clips: pd.DataFrame, channel: str, chosen: pd.DataFrame) -> pd.DataFrame:
    """Return the clips of another channel of the same corpora, to train on beside those chosen.

    Their emotions are classes of their own, "song happy" beside "happy".

    Parameters
    ----------
    clips : DataFrame with `CLIP_COLUMNS`
    channel : str, "" for none
    chosen : DataFrame, the clips of its data, from `select`
    """
    here = clips.corpus.isin(chosen.corpus) & (clips.channel == channel)
    others = clips[here & ~clips.clip_id.isin(chosen.clip_id)]
    return others.assign(emotion=channel + " " + others.emotion)


def classes_of(data: str, emotions: Iterable[str] | None = None) -> tuple[str, ...]:
    """Return the classes of a data set, in the order of a network's outputs.

    Those of your own recordings are the emotions that are there.
    """
    every, there = classes(_data(data).label_set), set(() if emotions is None else emotions)
    if data == "own" and there:
        return tuple(emotion for emotion in every if emotion in there)
    return every


def _data(name: str) -> Data:
    if name not in DATA:
        raise SerlibError(f"Bad data {name!r}, expected one of {list(DATA)}")
    return DATA[name]
