"""Recordings in, answers out: what `serlib predict` reads and prints."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from ..audio import SUFFIXES
from ..errors import AudioError, SerlibError
from .bundle import Bundle, predict_proba

_Answer = dict[str, float] | SerlibError


def recordings(named: Iterable[str]) -> list[str]:
    """Return the files that are meant: files as named, those of folders and globs in order.

    A folder without recordings and a glob without a match stay as they are, so that they
    are reported like a file that is missing.
    """
    return [path for name in named if name for path in _matches(name) or [name]]


def _matches(name: str) -> list[str]:
    try:
        return _expand(name)
    except (OSError, ValueError):  # no name or pattern at all: reading it says so
        return [name]


def _expand(name: str) -> list[str]:
    if Path(name).is_dir():
        inside = sorted(Path(name).rglob("*"))
        return [str(p) for p in inside if p.suffix.lower() in SUFFIXES and p.is_file()]
    if not Path(name).exists() and any(sign in name for sign in "*?["):
        base = Path(Path(name).anchor)  # of an absolute pattern its root, else nothing
        return sorted(str(p) for p in base.glob(str(Path(name).relative_to(base))) if p.is_file())
    return [name]


def predict_files(files: Iterable[str], bundle: Bundle) -> Iterator[tuple[str, _Answer]]:
    """Yield each file with its probabilities, or with what is wrong with it."""
    for file in files:
        try:
            with suppress(OSError):  # a name that no file can have: reading it says so
                if Path(file).is_dir():
                    expected = sorted(SUFFIXES)
                    raise AudioError(f"{file}: holds no recording; expected {expected}")
            yield file, predict_proba(file, bundle)
        except AudioError as error:
            yield file, error


def as_json(file: str, probabilities: dict[str, float], *, system: str) -> str:
    """Return an answer as one JSON object on one line."""
    rounded = {emotion: round(p, 4) for emotion, p in probabilities.items()}
    answer = dict(file=file, system=system, emotion=_best(probabilities), probabilities=rounded)
    return json.dumps(answer)


def as_csv(file: str, probabilities: dict[str, float]) -> str:
    """Return an answer as a line of CSV: file, emotion, a probability per class."""
    return _csv([file, _best(probabilities), *(f"{p:.4f}" for p in probabilities.values())])


def csv_header(classes: Iterable[str]) -> str:
    """Return the names of the columns of `as_csv`, as those of the predictions files."""
    return _csv(["file", "emotion", *(f"p_{emotion}" for emotion in classes)])


def as_row(file: str, probabilities: dict[str, float], *, width: int) -> str:
    """Return an answer as a row of a table; `width` is that of the longest file name."""
    cells = "".join(f"{p:>{_cell(emotion)}.2f}" for emotion, p in probabilities.items())
    return f"{file:<{width}}  {_best(probabilities):<8}{cells}"


def table_header(classes: Iterable[str], *, width: int) -> str:
    """Return the line above the rows of `as_row`."""
    return f"{'file':<{width}}  {'emotion':<8}" + "".join(f"{c:>{_cell(c)}}" for c in classes)


def _cell(emotion: str) -> int:
    return max(len(emotion), 4) + 2


def _best(probabilities: dict[str, float]) -> str:
    return max(probabilities, key=probabilities.get)


def _csv(cells: list[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(cells)
    return line.getvalue()
