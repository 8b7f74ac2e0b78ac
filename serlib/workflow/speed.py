"""What the README says of speed: written from what `make bench` measured, never by hand."""

import os
import platform
from functools import partial

from ..paths import CHECKOUT
from .passage import update_measured

SPEED = CHECKOUT / "artifacts" / "metrics" / "speed.json"
START, END = "<!-- speed: written by `make bench` -->", "<!-- end of speed -->"
# The rows of the README's table: what is measured, and how it is called there
_SHOWN = {
    "cold conv1d": "a fresh process to its first label, `conv1d`, s",
    "cold any_voice": "the same, `any_voice`, s",
    "timeline any_voice": "a long recording, `any_voice`, times real time",
    "rows": "features of `conv1d`, rows a second",
}


def machine() -> str:
    """Return this machine in words."""
    cores = os.cpu_count() or 1
    said = f"{platform.system()} on {platform.machine()}, Python {platform.python_version()}"
    return f"{cores} core{'s' * (cores > 1)}, {said}"


def speed_text(measured: dict) -> str:
    """Return the table of what was measured.

    Parameters
    ----------
    measured : dict
        machine: str; records: list of dict, with name, ours, rival, floor, unit, repeats, ratio,
        spread, as `make bench` writes them. What was not measured is None.
    """
    records = {record["name"]: record for record in measured["records"]}
    lines = [
        "| CPU time, `make bench` | serlib | the source's way | ratio (spread) "
        "| floor: decoding, FFTs |",
        "|---|---|---|---|---|",
    ]
    for name, said in _SHOWN.items():
        if record := records.get(name):
            ours, rival, floor = (_number(record[way]) for way in ("ours", "rival", "floor"))
            lines.append(f"| {said} | {ours} | {rival} | {_ratio(record)} | {floor} |")
    return "\n".join([*lines, ""])


# update(readme, measured) writes the passage anew, of a file that was measured
update = partial(update_measured, start=START, end=END, told=speed_text)


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _ratio(record: dict) -> str:
    if record["ratio"] is None:
        return "–"
    low, high = record["spread"]
    return f"{record['ratio']:.3g} ({low:.3g} to {high:.3g})"
