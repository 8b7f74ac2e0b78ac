"""Recordings in, answers out: what `serlib predict` reads and prints."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from tqdm import tqdm

from ..audio import SUFFIXES
from ..errors import AudioError, BundleError, SerlibError
from .bundle import Bundle
from .predict import Answer, answer, new_voice


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


def predict_files(
    files: Sequence[str], bundle: Bundle, *, same_voice: bool = False
) -> Iterator[tuple[str, Answer | SerlibError]]:
    """Yield each file with the answer to it, or with what is wrong with it; a bar on a terminal.

    With `same_voice` each is answered in the light of those before it: they are of one speaker.

    Raises
    ------
    BundleError
        If the system cannot learn a voice by the way.
    """
    if same_voice and not bundle.get("anywhere"):
        raise BundleError("only `any_voice` learns a voice by the way; leave out --same-voice")
    voice = new_voice() if same_voice else None
    several = len(files) > 1
    for file in tqdm(files, unit="clip", leave=False, disable=None if several else True):
        try:
            with suppress(OSError):  # a name that no file can have: reading it says so
                if Path(file).is_dir():
                    expected = sorted(SUFFIXES)
                    raise AudioError(f"{file}: holds no recording; expected {expected}")
            yield file, answer(file, bundle, voice)
        except AudioError as error:
            yield file, error


def as_json(file: str, answer: Answer, *, system: str) -> str:
    """Return an answer as one JSON object on one line."""
    rounded = {emotion: round(p, 4) for emotion, p in answer.probabilities.items()}
    said = dict(file=file, system=system, emotion=answer.emotion, probabilities=rounded)
    return json.dumps(said | (dict(remarks=answer.remarks) if answer.remarks else {}))


def as_csv(file: str, answer: Answer) -> str:
    """Return an answer as a line of CSV: file, emotion, a probability per class, remarks."""
    shares = (f"{p:.4f}" for p in answer.probabilities.values())
    return _csv([file, answer.emotion, *shares, " ".join(answer.remarks)])


def csv_header(classes: Iterable[str]) -> str:
    """Return the names of the columns of `as_csv`, as those of the predictions files."""
    return _csv(["file", "emotion", *(f"p_{emotion}" for emotion in classes), "remarks"])


def as_row(file: str, answer: Answer, *, width: int) -> str:
    """Return an answer as a row of a table, remarks below it; `width` is of the longest name."""
    cells = "".join(f"{p:>{_cell(emotion)}.2f}" for emotion, p in answer.probabilities.items())
    return "\n  ".join([f"{file:<{width}}  {answer.emotion:<9}{cells}", *answer.remarks])


def table_header(classes: Iterable[str], *, width: int) -> str:
    """Return the line above the rows of `as_row`."""
    return f"{'file':<{width}}  {'emotion':<9}" + "".join(f"{c:>{_cell(c)}}" for c in classes)


def _cell(emotion: str) -> int:
    return max(len(emotion), 4) + 2


def _csv(cells: list[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(cells)
    return line.getvalue()
