"""Recordings in, answers out: what `serlib predict` reads and prints."""

import csv
import io
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from ..audio import (
    NO_SPEECH,
    STDIN,
    SUFFIXES,
    Source,
    check_path,
    cut_short,
    held,
    is_pipe,
    name_of,
)
from ..errors import AudioError, SerlibError
from ..inference import (
    LONG,
    Answer,
    Bundle,
    answer,
    check_learns,
    heard,
    new_voice,
    open_bundle,
    verify,
)
from ..workers import ahead, clustered, spread
from .blocks import lasts
from .timeline import Overview, overview, predict_timeline

if TYPE_CHECKING:
    from ..systems import Voice

_WAITING = 300.0  # s: of what lasts so long, most may be silence before somebody speaks


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
        folder = Path(file).is_dir() and os.access(file, os.R_OK | os.X_OK)
    if folder:
        raise AudioError(f"{file}: holds no recording; expected {sorted(SUFFIXES)}")
    check_path(file)


def lines(
    files: Sequence[str], bundle: Bundle, *, form: str = "table", **how: bool
) -> Iterator[str | SerlibError]:
    """Yield what is printed of files: a table, or with `form` "csv" or "json"; and errors.

    Further parameters are those of `predict_files`.
    """
    width, system = max(map(len, files)), bundle.get("card", {}).get("name", "")
    if form == "csv":
        yield csv_header(bundle["classes"])
    elif form == "table":
        yield table_header(bundle["classes"], width=width)
    for file, found in predict_files(files, bundle, **how):
        if isinstance(found, SerlibError):
            yield found
        elif form == "json":
            yield as_json(file, found, system=system)
        else:
            yield as_csv(file, found) if form == "csv" else as_row(file, found, width=width)


def predict_files(
    files: Sequence[str],
    bundle: Bundle,
    *,
    same_voice: bool = False,
    strict: bool = False,
    named: tuple[str, str] | None = None,
) -> Iterator[tuple[str, Answer | Overview | SerlibError]]:
    """Yield each file with the answer to it, or with what is wrong with it; a bar on a terminal.

    What lasts longer than `LONG`, but for silence at its ends, has no one label: the answer is what
    its timeline comes to.

    Parameters
    ----------
    files : sequence of str, as `serlib.audio.recordings` gives them; ``-`` is the standard input
    bundle : dict
    same_voice : bool, each is answered in the light of those before it: they are of one speaker
    strict : bool, files that are cut short are refused
    named : (system, path), by which a Dask cluster opens the bundle, where one is to answer

    Raises
    ------
    BundleError
        If the system cannot learn a voice by the way.
    """
    if same_voice:
        check_learns(bundle)
    voice = bundle.get("voice", new_voice()) if same_voice else None
    bundle = {k: v for k, v in bundle.items() if k != "voice"} if voice else bundle
    verify(bundle)

    def answered(file: str) -> Answer | Overview | AudioError:
        try:
            return _answer(held(file), bundle, voice, strict)
        except AudioError as error:
            return error

    several = len(files) > 1
    alone = voice or "voice" in bundle or any(map(is_pipe, files))  # a cluster has neither
    if named and several and clustered() and not alone:
        system, path = named[0], named[1] and os.path.abspath(named[1])  # noqa: PTH100
        found = spread(_elsewhere, [(f, os.path.abspath(f), system, path, strict) for f in files])  # noqa: PTH100
    else:
        found = ahead(answered, files, n=1 if voice or not several else 0)
    bar = tqdm(found, total=len(files), unit="clip", leave=False, disable=None if several else True)
    yield from zip(files, bar, strict=True)


@cache
def _opened(system: str, path: str) -> Bundle:
    return open_bundle(system, path)


def _elsewhere(
    file: str, path: str, system: str, bundle: str, strict: bool
) -> Answer | Overview | AudioError:
    """Return what a worker of a cluster answers to a file, which it has under a whole path."""
    try:
        return _answer(path, _opened(system, bundle), None, strict)
    except AudioError as error:
        return AudioError(str(error).replace(path, file))


def _answer(
    source: Source, bundle: Bundle, voice: "Voice | None", strict: bool
) -> Answer | Overview:
    """Return the answer to a clip; of a long recording, what its timeline comes to."""
    seconds = lasts(source)
    clip = heard(source) if seconds <= _WAITING else None
    if clip and len(clip.y) <= LONG * clip.sr:
        why = cut_short(clip.missing, clip.promised)
        if not (strict and why):
            return answer(clip, bundle, voice)  # a voice learns of no clip that is refused
    else:
        known = bundle | dict(voice=voice) if voice else bundle
        found = overview(predict_timeline(source, known), expected=seconds)
        if not (strict and found.missing):
            return found
        why = next(said for said in found.remarks if "cut short" in said)
    raise AudioError(f"{name_of(source)}: {why} Fetch or export it again, or leave out --strict.")


def as_json(file: str, answer: Answer | Overview, *, system: str) -> str:
    """Return an answer as one JSON object on one line."""
    emotion, figures = _said(answer)
    rounded = {emotion: round(p, 4) for emotion, p in figures.items()}
    if isinstance(answer, Overview):
        about = dict(seconds=round(answer.seconds, 2), speech_s=round(answer.speech_seconds, 2))
        said = about | dict(shares=rounded)
    else:
        said = dict(emotion=emotion, probabilities=rounded)
    said |= dict(remarks=answer.remarks) if answer.remarks else {}
    return json.dumps(dict(file=file, system=system) | said)


def as_csv(file: str, answer: Answer | Overview) -> str:
    """Return an answer as a line of CSV: file, emotion, a probability per class, remarks.

    Of a long recording the emotion is empty, and shares of time stand for probabilities.
    """
    emotion, figures = _said(answer)
    shares = (f"{p:.4f}" for p in figures.values())
    return _csv([file, emotion, *shares, " ".join(answer.remarks)])


def _said(answer: Answer | Overview) -> tuple[str, dict[str, float]]:
    if isinstance(answer, Overview):
        return "" if answer.speech_seconds else NO_SPEECH, answer.shares
    return answer.emotion, answer.probabilities


def csv_header(classes: Iterable[str]) -> str:
    """Return the names of the columns of `as_csv`, as those of the predictions files."""
    return _csv(["file", "emotion", *(f"p_{emotion}" for emotion in classes), "remarks"])


def as_row(file: str, answer: Answer | Overview, *, width: int) -> str:
    """Return an answer as a row of a table, remarks below it; `width` is of the longest name."""
    emotion, figures = _said(answer)
    more = ["Second by second: --timeline"] if isinstance(answer, Overview) else []
    row = f"{file:<{width}}  {emotion or 'shares':<9}{cells(figures)}"
    return "\n  ".join([row, *answer.remarks, *more])


def table_header(classes: Iterable[str], *, width: int, first: str = "file") -> str:
    """Return the line above the rows of `as_row`; `first` stands above what names a row."""
    return f"{first:<{width}}  {'emotion':<9}" + "".join(f"{c:>{_cell(c)}}" for c in classes)


def cells(figures: dict[str, float]) -> str:
    """Return figures as cells below their emotions."""
    return "".join(f"{p:>{_cell(emotion)}.2f}" for emotion, p in figures.items())


def _cell(emotion: str) -> int:
    return max(len(emotion), 4) + 2


def _csv(cells: list[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(cells)  # it quotes what has one of these
    return line.getvalue().removesuffix("\r\n")
