"""Your own recordings: a folder per emotion, or a table ``labels.csv``, is a corpus."""

import csv
import unicodedata
from pathlib import Path, PurePosixPath

import pandas as pd

from ..errors import CorpusError
from .corpus import facts
from .emotions import WORDS, emotion_of

LABELS = "labels.csv"
UNKNOWN = "unknown"  # the speaker where nobody says who speaks
_NAMES = dict(  # what a column may be called
    path=("path", "file", "filename", "file_name", "audio", "wav"),
    emotion=("emotion", "label", "class"),
    speaker=("speaker", "speaker_id", "actor", "voice"),
    gender=("gender", "sex"),
    statement=("statement", "text", "sentence", "transcript"),
)
_GENDERS = {"f": "female", "female": "female", "w": "female", "m": "male", "male": "male"}


def by_folder(path: str) -> dict[str, str] | None:
    """Return the facts of a clip whose folder is called as an emotion, or None.

    Parameters
    ----------
    path : str, relative to the data root: ``angry/x.wav``, ``anna/angry/x.wav``,
        ``angry/anna/x.wav``; the folder beside the emotion's is the speaker
    """
    *folders, _ = PurePosixPath(path).parts
    for place in reversed(range(len(folders))):
        if emotion := emotion_of(folders[place]):
            others = folders[max(place - 1, 0) : place] or folders[place + 1 : place + 2]
            speaker = others[0] if others else UNKNOWN
            return facts(_stem(path), speaker, "unknown", emotion, "normal", _stem(path))
    return None


def labels_in(root: Path) -> dict[str, dict[str, str]] | None:
    """Return the facts of the clips that a root's ``labels.csv`` lists; None without one.

    Commas, semicolons or tabs; with or without a byte-order mark; UTF-8, UTF-16 or what Excel
    saves in the West, Windows-1252; slashes either way. Paths are as `composed` gives them.

    Raises
    ------
    CorpusError
        If it is no table, has no column of paths or emotions, an emotion that is in no list, no
        path in a line, or a path twice.
    """
    try:
        if not (root / LABELS).is_file():
            return None
        table = _read(root / LABELS)
    except OSError as error:
        raise CorpusError(f"{root / LABELS}: cannot be read ({error.strerror})") from error
    words = table.emotion.map(emotion_of)
    if unknown := sorted(set(table.emotion[words.isna()])):
        raise CorpusError(
            f"{root / LABELS}: unknown emotions {unknown}; known are {', '.join(sorted(WORDS))}"
        )
    if not all(PurePosixPath(path).name for path in table.path):
        raise CorpusError(f"{root / LABELS}: has a line with an emotion and no path. Complete it")
    if (twice := table.path.duplicated()).any():
        raise CorpusError(f"{root / LABELS}: lists {table.path[twice].iloc[0]} twice")
    return {
        row.path: facts(
            row.path,  # two files of one name are listed as two clips
            row.speaker or UNKNOWN,
            _GENDERS.get(row.gender.lower(), "unknown"),
            emotion_of(row.emotion),
            "normal",
            row.statement or _stem(row.path),
        )
        for row in table.itertuples()
    }


def _read(path: Path) -> pd.DataFrame:
    """Return the table with columns path, emotion, speaker, gender and statement, all text."""
    raw = path.read_bytes()
    lines = _text(raw).splitlines() or [""]
    separator = max(",;\t", key=lines[0].count)
    try:
        rows = [row for row in csv.reader(lines, delimiter=separator) if any(map(str.strip, row))]
    except csv.Error as error:
        raise CorpusError(f"{path}: is no table of text ({error}). Save it as CSV again") from error
    names = [name.strip().lower() for name in rows[0]] if rows else []
    table = pd.DataFrame(
        [[cell.strip() for cell in (row + [""] * len(names))[: len(names)]] for row in rows[1:]],
        columns=names,
        dtype=object,
    )
    table = table.loc[:, ~table.columns.duplicated()]  # of two columns of a name the first
    found = {ours: next((n for n in theirs if n in names), "") for ours, theirs in _NAMES.items()}
    for needed in ("path", "emotion"):
        if not found[needed]:
            raise CorpusError(
                f"{path}: has no column {needed!r}, only {names}; expected path, emotion and, "
                "where known, speaker, gender, statement"
            )
    columns = {ours: table[name] if name else "" for ours, name in found.items()}
    table = pd.DataFrame(columns, index=table.index, dtype=object)
    return table.assign(path=table.path.map(_tidy))


def _text(raw: bytes) -> str:
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return raw.decode("utf-16", "replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def composed(path: str) -> str:
    """Return a path with each accented letter as one character: macOS writes two (Unicode NFC)."""
    return unicodedata.normalize("NFC", path)


def _tidy(path: str) -> str:
    return composed(PurePosixPath(path.replace("\\", "/")).as_posix())


def _stem(path: str) -> str:
    return PurePosixPath(path).with_suffix("").as_posix()


def of_two_labels(clips: pd.DataFrame) -> pd.DataFrame:
    """Return your own clips whose recording is there under another emotion too."""
    mine = clips[clips.corpus == "own"]
    labels = mine.groupby("audio_md5").emotion.transform("nunique")
    return mine[labels > 1]
