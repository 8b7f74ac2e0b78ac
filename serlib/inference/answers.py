"""Recordings in, answers out: what `serlib predict` reads and prints."""

import csv
import glob
import io
import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from tqdm import tqdm

from ..audio import SUFFIXES, Source, check_path, cut_short, decode, recordings_below
from ..errors import AudioError, BundleError, SerlibError
from .bundle import Bundle
from .predict import Answer, answer, new_voice

STDIN = "-"  # as a file: what is piped in


def recordings(named: Iterable[str]) -> list[str]:
    """Return the files that are meant: files as named, those of folders and globs in order.

    Folders are searched behind links too; what begins with a dot is passed over, as macOS's
    ``._name``. A folder without recordings and a glob without a match stay as they are, so that
    they are reported like a file that is missing.
    """
    return [path for name in named if name for path in _matches(name) or [name]]


def _matches(name: str) -> list[str]:
    try:
        if Path(name).is_dir():
            found = recordings_below(name)
        elif not Path(name).exists() and glob.has_magic(name):
            found = filter(os.path.isfile, glob.glob(name, recursive=True))  # noqa: PTH207
        else:
            return [name]
        return sorted(map(os.path.normpath, found), key=os.fsencode)
    except (OSError, ValueError):  # no name or pattern at all: reading it says so
        return [name]


def absent(files: Iterable[str]) -> dict[str, AudioError]:
    """Return what is wrong with those of the files that are not there, or empty, or a folder."""
    wrong = {}
    for file in files:
        try:
            if file != STDIN:
                _check(file)
        except AudioError as error:
            wrong[file] = error
    return wrong


def _check(file: str) -> None:
    folder = False
    with suppress(OSError, ValueError):  # a name that no file can have: the check below says so
        folder = Path(file).is_dir()
    if folder:
        raise AudioError(f"{file}: holds no recording; expected {sorted(SUFFIXES)}")
    check_path(file)


def predict_files(
    files: Sequence[str], bundle: Bundle, *, same_voice: bool = False, strict: bool = False
) -> Iterator[tuple[str, Answer | SerlibError]]:
    """Yield each file with the answer to it, or with what is wrong with it; a bar on a terminal.

    Parameters
    ----------
    files : iterable of str, as `recordings` gives them; ``-`` is the standard input
    bundle : dict
    same_voice : bool, each is answered in the light of those before it: they are of one speaker
    strict : bool, files that are cut short are refused

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
            recording = decode(_piped() if file == STDIN else file)
            if strict and recording.missing:
                raise AudioError(
                    f"{recording.name}: {cut_short(recording)} Fetch or export it again, or leave "
                    "out --strict."
                )
            yield file, answer(recording, bundle, voice)
        except AudioError as error:
            yield file, error


def _piped() -> Source:
    """Return what is piped in, under a name that a message can have."""
    piped = io.BytesIO(sys.stdin.buffer.read())
    piped.name = "standard input"
    return piped


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
