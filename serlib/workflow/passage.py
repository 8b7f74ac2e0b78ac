"""Passages of a README, between two of its lines: a command writes them, never a hand."""

import json
import re
from collections.abc import Callable
from pathlib import Path

from ..errors import RunError
from ..files import replacing


def replace_between(path: Path, start: str, end: str, text: str) -> None:
    """Replace what stands between two lines of a file, atomically.

    Raises
    ------
    RunError
        If the file has lost the two lines.
    """
    whole = path.read_text()
    place = re.compile(f"(?<={re.escape(start)}\n).*?(?={re.escape(end)})", re.DOTALL)
    if not place.search(whole):
        raise RunError(f"{path}: lacks the lines {start!r} and {end!r}; put them back")
    with replacing(path) as temporary:
        temporary.write_text(place.sub(lambda _: text, whole, count=1))


def update_measured(
    path: Path, measured: Path, *, start: str, end: str, told: Callable[[dict], str]
) -> None:
    """Replace a passage by what is told of a JSON file of figures; errors as `replace_between`."""
    replace_between(path, start, end, told(json.loads(measured.read_text())))
