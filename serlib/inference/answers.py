"""Recordings in, answers out: what `serlib predict` reads and prints."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd

from ..audio import NO_SPEECH, SUFFIXES, Live, lasts
from ..errors import AudioError, BundleError, SerlibError
from ..systems import Voice
from .bundle import Bundle
from .predict import Answer, answer
from .timeline import LONG, Overview, Timeline, Window, overview, predict_timeline


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
    files: Iterable[str], bundle: Bundle, *, same_voice: bool = False
) -> Iterator[tuple[str, Answer | Overview | SerlibError]]:
    """Yield each file with the answer to it, or with what is wrong with it.

    What lasts longer than `LONG` has no one label: the answer is what its timeline comes to.
    With `same_voice` each is answered in the light of those before it: they are of one speaker.

    Raises
    ------
    BundleError
        If the system cannot learn a voice by the way.
    """
    if same_voice and not bundle.get("anywhere"):
        raise BundleError("only `any_voice` learns a voice by the way; leave out --same-voice")
    voice = Voice() if same_voice else None
    for file in files:
        try:
            with suppress(OSError):  # a name that no file can have: reading it says so
                if Path(file).is_dir():
                    expected = sorted(SUFFIXES)
                    raise AudioError(f"{file}: holds no recording; expected {expected}")
            yield file, _long(file, bundle, voice) or answer(file, bundle, voice)
        except AudioError as error:
            yield file, error


def _long(file: str, bundle: Bundle, voice: Voice | None) -> Overview | None:
    """Return what the timeline of a long recording comes to; None of a short one."""
    if lasts(file) <= LONG:
        return None
    return overview(predict_timeline(file, bundle | dict(voice=voice) if voice else bundle))


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
    row = f"{file:<{width}}  {emotion or 'shares':<9}{_cells(figures)}"
    return "\n  ".join([row, *answer.remarks, *more])


def table_header(classes: Iterable[str], *, width: int) -> str:
    """Return the line above the rows of `as_row`."""
    return f"{'file':<{width}}  {'emotion':<9}" + "".join(f"{c:>{_cell(c)}}" for c in classes)


def timeline_json(file: str, table: pd.DataFrame, *, system: str) -> str:
    """Return a timeline as one JSON object on one line."""
    emotions = [column[2:] for column in table if column.startswith("p_")]
    rows = []
    for row in table.to_dict("records"):
        p = {e: round(row[f"p_{e}"], 4) for e in emotions} if row["speech"] else None
        kept = {name: row[name] for name in ("start_s", "end_s", "emotion", "speech")}
        rows.append(kept | dict(probabilities=p))
    return json.dumps(dict(file=file, system=system, timeline=rows))


def timeline_csv(file: str, table: pd.DataFrame, *, header: bool) -> str:
    """Return a timeline as lines of CSV, a row a line, behind the name of its file."""
    how = dict(index=False, header=header, float_format="%.4f", lineterminator="\n")
    return (
        pd.concat([pd.Series(file, table.index, name="file"), table], axis=1)
        .to_csv(**how)
        .rstrip("\n")
    )


def timeline_rows(file: str, table: pd.DataFrame) -> str:
    """Return a timeline as a table to read, and below it what it comes to."""
    emotions = [column[2:] for column in table if column.startswith("p_")]
    lines = [table_header(emotions, width=0).replace("  ", f"{file}\n    start      end  ", 1)]
    for row in table.to_dict("records"):
        p = _cells({e: row[f"p_{e}"] for e in emotions}) if row["speech"] else ""
        when = f"{clock(row['start_s']):>9}{clock(row['end_s']):>9}"
        lines.append(f"{when}  {row['emotion']:<9}{p}".rstrip())
    whole = overview(table)
    lines.append(f"{'shares':>18}  {'':<9}{_cells(whole.shares)}")
    spoken = f"{whole.speech_seconds:.0f} s of speech in {whole.seconds:.0f} s"
    return "\n".join([*lines, spoken])


def listen(live: Live, bundle: Bundle, *, in_place: bool) -> Iterator[str]:
    """Yield what is to be printed while sound arrives, and what it comes to at the end.

    Parameters
    ----------
    live : Live, from `serlib.audio.microphone` or `simulated`
    bundle : dict
    in_place : bool, a line is written over the one before; else a line per answer

    The end is that of the sound, or Ctrl+C.
    """
    timeline, newest, late = Timeline(bundle), None, 0.0
    with suppress(KeyboardInterrupt):
        for y in chain(live, [None]):
            ended = y is None
            found = timeline.hear(np.zeros(0, np.float32) if ended else y, last=ended)
            for newest in found:
                late = max(late, 0.0 if ended else live.behind(newest.end))
                yield "" if in_place else live_line(timeline, newest) + "\n"
            if in_place:
                yield "\r" + live_line(timeline, newest) + "\x1b[K"
    whole = overview(timeline.table())
    shares = ", ".join(f"{e} {100 * s:.0f} %" for e, s in whole.shares.items() if s >= 0.005)
    yield "\n" * in_place + (
        f"{whole.speech_seconds:.0f} s of speech in {whole.seconds:.0f} s. {shares}\n"
        f"Answers came {1000 * late:.0f} ms after what they are of, at most.\n"
    )
    if live.overruns:
        yield (
            f"{live.overruns} overruns: this machine was too slow {live.overruns} times, and "
            f"{live.lost:.1f} s were not heard. Choose a faster system with --system.\n"
        )


def live_line(timeline: Timeline, window: Window | None) -> str:
    """Return how far somebody is heard, and the newest answer."""
    if window is None:
        return f"{clock(timeline.seconds)}  nobody has spoken for long enough yet"
    said = dict(zip(timeline.bundle["classes"], map(float, window.probabilities), strict=True))
    first, second, *_ = sorted(said, key=said.get, reverse=True)
    return (
        f"{clock(timeline.seconds)}  {first} {said[first]:.2f}, {second} {said[second]:.2f}  "
        f"({clock(window.start)} to {clock(window.end)})"
    )


def clock(seconds: float) -> str:
    """Return a time as 1:02:03.4, without hours where there are none."""
    tenths = round(seconds * 10)
    minutes, tenths = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    start = f"{hours}:{minutes:02}" if hours else f"{minutes}"
    return f"{start}:{tenths / 10:04.1f}"


def _cells(figures: dict[str, float]) -> str:
    return "".join(f"{p:>{_cell(emotion)}.2f}" for emotion, p in figures.items())


def _cell(emotion: str) -> int:
    return max(len(emotion), 4) + 2


def _csv(cells: list[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(cells)
    return line.getvalue()
