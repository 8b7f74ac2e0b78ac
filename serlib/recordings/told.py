"""What is printed of a recording second by second, and while it is heard."""

import json
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..audio import SUFFIXES, Source, held
from ..errors import AudioError, SerlibError
from ..files import replacing
from ..inference import Bundle
from .answers import cells, table_header
from .blocks import envelope
from .live import Live
from .timeline import Timeline, overview, predict_timeline
from .windows import Window

if TYPE_CHECKING:
    import pandas as pd


def timelines(
    files: Sequence[str], bundle: Bundle, *, form: str = "table", png: str = ""
) -> Iterator[str | AudioError]:
    """Yield what is printed of files second by second: a table, "csv", "json"; and errors.

    On a terminal a bar shows how much was heard.

    Parameters
    ----------
    files : sequence of str
    bundle : dict
    form : str, "table", "csv", "json", or "png": the name of the picture drawn
    png : str, of the picture

    Raises
    ------
    SerlibError
        If the picture cannot be written.
    """
    header, system = True, bundle.get("card", {}).get("name", "")
    for file in files:
        try:
            source = held(file)
            table = predict_timeline(source, bundle, progress=None)
        except AudioError as error:
            yield error
            continue
        if form == "png":
            _draw(source, table, png)
            yield png
        elif form == "json":
            yield timeline_json(file, table, system=system)
        elif form == "csv":
            yield timeline_csv(file, table, header=header)
        else:
            yield timeline_rows(file, table)
        header = False


def check_picture(path: str, files: Sequence[str]) -> None:
    """Check that a picture can be drawn of the files whose timelines are asked for, under a name.

    Raises
    ------
    SerlibError
        If it is not one file, or the picture would take the place of a recording, of what is no
        file, or of what is printed.
    """
    if not files:
        raise SerlibError("--png draws a timeline: serlib predict --timeline FILE --png PATH")
    if path in files or Path(path).suffix.lower() in SUFFIXES:
        raise SerlibError(f"--png {path}: is called as a recording. Name a picture, as voice.png")
    if len(files) > 1:
        raise SerlibError(f"--png: expected one recording, found {len(files)}")
    if not _may_be_replaced(path):
        raise SerlibError(f"--png {path}: is no file of its own. Name one, as voice.png")


def _may_be_replaced(path: str) -> bool:
    """Tell whether a path is of no device, pipe or folder, nor of what is printed."""
    try:
        there = os.stat(path)  # noqa: PTH116
    except (OSError, ValueError):  # nothing is there yet, or no file can be: writing says so
        return True
    return stat.S_ISREG(there.st_mode) and not os.path.samestat(there, os.fstat(1))


def _draw(source: Source, table: "pd.DataFrame", path: str) -> None:
    from ..evaluation import pictures

    try:
        with replacing(Path(path).resolve()) as place:  # not of a link, but of what it leads to
            figure = pictures.timeline_figure(table, *envelope(source))
            figure.savefig(place, format="png", dpi=110)
    except OSError as error:
        raise SerlibError(f"{path}: the picture cannot be written ({error})") from error


def timeline_json(file: str, table: "pd.DataFrame", *, system: str) -> str:
    """Return a timeline as one JSON object on one line."""
    emotions = [column[2:] for column in table if column.startswith("p_")]
    rows = []
    for row in table.to_dict("records"):
        p = {e: round(row[f"p_{e}"], 4) for e in emotions} if row["speech"] else None
        kept = {name: row[name] for name in ("start_s", "end_s", "emotion", "speech")}
        rows.append(kept | dict(probabilities=p))
    return json.dumps(dict(file=file, system=system, timeline=rows))


def timeline_csv(file: str, table: "pd.DataFrame", *, header: bool) -> str:
    """Return a timeline as lines of CSV, a row a line, behind the name of its file."""
    import pandas as pd

    how = dict(index=False, header=header, float_format="%.4f", lineterminator="\n")
    return (
        pd.concat([pd.Series(file, table.index, name="file"), table], axis=1)
        .to_csv(**how)
        .rstrip("\n")
    )


def timeline_rows(file: str, table: "pd.DataFrame") -> str:
    """Return a timeline as a table to read, and below it what it comes to."""
    emotions = [column[2:] for column in table if column.startswith("p_")]
    lines = [file, table_header(emotions, width=18, first=f"{'start':>9}{'end':>9}")]
    for row in table.to_dict("records"):
        p = cells({e: row[f"p_{e}"] for e in emotions}) if row["speech"] else ""
        when = f"{clock(row['start_s']):>9}{clock(row['end_s']):>9}"
        lines.append(f"{when}  {row['emotion']:<9}{p}".rstrip())
    whole = overview(table)
    lines.append(f"{'shares':>18}  {'':<9}{cells(whole.shares)}")
    spoken = f"{whole.speech_seconds:.0f} s of speech in {whole.seconds:.0f} s"
    return "\n".join([*lines, spoken])


def listen(live: Live, bundle: Bundle, *, in_place: bool) -> Iterator[str]:
    """Yield what is to be printed while sound arrives, and what it comes to at the end.

    Parameters
    ----------
    live : Live, from `serlib.recordings.microphone` or `simulated`
    bundle : dict
    in_place : bool, a line is written over the one before; else a line per answer

    The end is that of the sound, or Ctrl+C.
    """
    timeline, newest, late, early = Timeline(bundle), None, 0.0, []
    with suppress(KeyboardInterrupt):
        for y in chain(live, [None]):
            ended = y is None
            found = timeline.hear(np.zeros(0, np.float32) if ended else y, last=ended)
            found = [window for window in found if window.span not in early]
            if sooner := [] if ended else timeline.early():
                early = [window.span for window in sooner]
            for newest in found + sooner:
                late = max(late, 0.0 if ended else live.behind(newest.end))
                yield "" if in_place else live_line(timeline, newest) + "\n"
            if in_place:
                yield "\r" + live_line(timeline, newest) + "\x1b[K"
    whole = overview(timeline.table())
    shares = ", ".join(f"{e} {100 * s:.0f} %" for e, s in whole.shares.items() if s >= 0.005)
    yield "\n" * in_place + (
        f"{whole.speech_seconds:.0f} s of speech in {whole.seconds:.0f} s. {shares}\n"
    )
    if late:
        yield f"Answers came {1000 * late:.0f} ms after what they are of, at most.\n"
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
