"""`emotion_path.csv`, the clip table; and how any table is read, checked and written."""

from collections.abc import Collection, Sequence
from pathlib import Path

import pandas as pd

from ..errors import CorpusError, TableError
from ..files import replacing
from .emotions import EMOTIONS
from .known import CORPORA

CLIP_COLUMNS = [
    *("path", "corpus", "speaker", "gender", "emotion", "intensity", "statement", "channel"),
    *("duration_s", "clip_id", "audio_md5"),
]
_REMAKE = "serlib run --only data_exploration"


def write_clips(clips: pd.DataFrame, path: Path) -> None:
    """Write the clip table, sorted by path, atomically."""
    write_table(clips[CLIP_COLUMNS].sort_values("path"), path)


def read_clips(path: Path) -> pd.DataFrame:
    """Read and check a clip table.

    Raises
    ------
    TableError
        Missing, without a column, with an unknown emotion or a clip twice.
    """
    return read_table(path, CLIP_COLUMNS, ["clip_id"], remake=_REMAKE, words=dict(corpus=CORPORA))


def only(clips: pd.DataFrame, corpora: str) -> pd.DataFrame:
    """Return the clips of corpora that are named as "ravdess tess"; all where none is.

    Raises
    ------
    CorpusError
        For a corpus that does not exist, or of which there is no clip; the message lists others.
    """
    asked = corpora.split()
    if unknown := [name for name in asked if name not in CORPORA]:
        raise CorpusError(f"Bad corpus {unknown[0]!r}, expected one of {[*CORPORA]}")
    here = sorted(set(clips.corpus))
    if missing := [name for name in asked if name not in here]:
        raise CorpusError(f"There is no clip of {missing[0]!r} here, only of {here}")
    return clips[clips.corpus.isin(asked or here)].reset_index(drop=True)


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV with six digits, byte-stable and atomically."""
    with replacing(path) as temporary:
        table.to_csv(temporary, index=False, float_format="%.6g", lineterminator="\n")


def read_table(
    path: Path,
    columns: Sequence[str],
    key: Sequence[str],
    *,
    remake: str,
    words: dict[str, Collection[str]] | None = None,
) -> pd.DataFrame:
    """Read a table and check it.

    Parameters
    ----------
    path : Path, of the CSV
    columns : sequence of str, which must be there
    key : sequence of str, columns that tell rows apart
    remake : str, the command that makes the table
    words : dict, further columns that hold words, and the words they may hold

    Raises
    ------
    TableError
        Missing, no CSV, without a column, with an unknown word or a row twice.
    """
    if not path.is_file():
        raise TableError(f"{path}: no such table. Make it: {remake}")
    try:
        # A word may be None, a speaker NA, a sentence 01
        table = pd.read_csv(path, keep_default_na=False, dtype=dict(statement=str, audio_md5=str))
    except (ValueError, UnicodeDecodeError) as error:
        raise TableError(f"{path}: is no CSV table ({error}). Remake it: {remake}") from error
    if missing := [c for c in columns if c not in table.columns]:
        raise TableError(
            f"{path}: lacks the column {missing[0]!r} and {len(missing) - 1} others. "
            f"Remake it: {remake}"
        )
    for column, known in ({"emotion": EMOTIONS} | (words or {})).items():
        if unknown := sorted({str(v) for v in table[column] if v not in known}):
            raise TableError(
                f"{path}: bad {column} {unknown[0]!r}, expected one of {list(known)}. "
                f"Remake it: {remake}"
            )
    if (twice := table.duplicated(list(key))).any():
        row = table.loc[twice.idxmax(), list(key)].to_list()
        raise TableError(f"{path}: holds {row} twice. Remake it: {remake}")
    return table
