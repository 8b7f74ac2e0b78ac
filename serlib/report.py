"""What the README says of the results: written from the metrics, never by hand."""

import re
from pathlib import Path

import pandas as pd

from .errors import RunError
from .files import replacing

START, END = "<!-- results: written by `serlib run --publish` -->", "<!-- end of results -->"
SHARED = {
    "rows": "the speakers, and other variants of the same recordings",
    "clips": "the speakers",
    "speakers": "nothing",
}
NOTES = {
    "_published": "; the test rows also chose the epoch",
    "_patient": "; early stopping waits as many steps as under `clips`",
}


def results_table(results: list[dict]) -> str:
    """Return results as a Markdown table: a row per system and protocol, a column per corpus.

    Parameters
    ----------
    results : list of dict, as `artifacts/metrics/*.json` hold them under "results"
    """
    table = pd.DataFrame(results)
    lines = [
        "| system | protocol | the test shares with the training | RAVDESS | TESS | together |",
        "|---|---|---|---|---|---|",
    ]
    order = sorted(
        table.groupby(["system", "protocol"]).groups,
        key=lambda pair: ([*SHARED].index(pair[1]), not pair[0].endswith("_published")),
    )
    for system, protocol in order:
        group = table[(table.system == system) & (table.protocol == protocol)]
        rows = {row["corpus"]: row for row in group.to_dict("records")}
        shared = SHARED[protocol] + "".join(
            note for end, note in NOTES.items() if system.endswith(end)
        )
        cells = [_uar(rows[corpus]) if corpus in rows else "–" for corpus in ("ravdess", "tess")]
        together = f"{rows['together']['accuracy']:.3f} accuracy" if "together" in rows else "–"
        lines.append(f"| `{system}` | `{protocol}` | {shared} | {' | '.join(cells)} | {together} |")
    return "\n".join(lines)


def update(path: Path, results: list[dict]) -> None:
    """Replace the results in a README, atomically.

    Raises
    ------
    RunError
        If the README has lost the two comments between which they stand.
    """
    text = path.read_text()
    place = re.compile(f"(?<={re.escape(START)}\n).*?(?={re.escape(END)})", re.DOTALL)
    if not place.search(text):
        raise RunError(f"{path}: lacks the lines {START!r} and {END!r}; put them back")
    with replacing(path) as temporary:
        temporary.write_text(place.sub(lambda _: results_table(results) + "\n", text, count=1))


def _uar(row: dict) -> str:
    return f"{row['uar']:.3f} [{row['uar_low']:.3f}, {row['uar_high']:.3f}]"
