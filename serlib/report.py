"""What the README says of the results: written from the predictions, never by hand."""

import re
from pathlib import Path

import pandas as pd

from .datasets import DATA
from .errors import RunError
from .files import replacing
from .results import with_interval

START, END = "<!-- results: written by `serlib run --publish` -->", "<!-- end of results -->"
_CORPORA = ("ravdess", "tess", "together")
# The accuracy that its source states for a system, where there is one
REPORTED = {"conv1d": 0.916, "mfcc_lstm": 0.88, "mfcc_cnn": 0.88, "bilstm_attention": 0.84}


def honest_table(results: pd.DataFrame) -> str:
    """Return the systems of RAVDESS's eight emotions by what they are worth on a new speaker.

    A row per system, best first; a column per protocol, from known speakers to new speakers who
    say a new sentence.
    """
    protocols = ["clips", "speakers", "speakers+statements"]
    scored = results[(results.data == "ravdess") & results.protocol.isin(protocols)]
    by_system = {name: rows.set_index("protocol") for name, rows in scored.groupby("system")}
    ranked = {name: rows for name, rows in by_system.items() if "speakers" in rows.index}
    lines = [
        "| | system | known speakers (`clips`) | **new speakers** (`speakers`) "
        "| new sentence too (`speakers+statements`) |",
        "|---|---|---|---|---|",
    ]
    order = sorted(ranked, key=lambda name: -ranked[name].uar["speakers"])
    for place, name in enumerate(order, start=1):
        rows = ranked[name].to_dict("index")
        cells = [_uar(rows[protocol]) if protocol in rows else "–" for protocol in protocols]
        lines.append(f"| {place} | `{name}` | {cells[0]} | **{cells[1]}** | {cells[2]} |")
    return "\n".join(lines)


def reported_table(results: pd.DataFrame) -> str:
    """Return what sources say of their systems, and the accuracies here, from leaky to honest.

    Of all corpora together where the test has several.
    """
    lines = [
        "| system | its source says | validated as there | new recordings (`clips`) "
        "| **new speakers** (`speakers`) |",
        "|---|---|---|---|---|",
    ]
    for name, said in REPORTED.items():
        columns = [(f"{name}_published", None), (name, "clips"), (name, "speakers")]
        cells = [_accuracy(results, *column) for column in columns]
        lines.append(f"| `{name}` | {said} | {cells[0]} | {cells[1]} | **{cells[2]}** |")
    return "\n".join(lines)


def _accuracy(results: pd.DataFrame, system: str, protocol: str | None) -> str:
    rows = results[results.system == system]
    rows = rows[rows.protocol == protocol] if protocol else rows
    rows = rows[rows.data == rows.data.iloc[0]] if len(rows) else rows  # the system's own
    accuracy = rows.set_index("corpus").accuracy
    return next((f"{accuracy[c]:.3f}" for c in reversed(_CORPORA) if c in accuracy), "–")


def results_table(results: pd.DataFrame) -> str:
    """Return results as a Markdown table: a row per system, data and protocol.

    Without what is no result but a step on the way, and without the curve over enrolled clips.

    Parameters
    ----------
    results : DataFrame, as `serlib.results.table_in` returns it
    """
    results = results[~results.protocol.str.match("validation|.*enrolment_")]
    lines = [
        "| system | data | protocol | RAVDESS: UAR | accuracy | macro F1 | TESS: UAR | accuracy "
        "| both: accuracy | seeds |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    names = ["system", "data", "protocol", "trained_on"]
    for (system, data, protocol, trained_on), group in results.groupby(names, sort=False):
        rows = {row["corpus"]: row for row in group.to_dict("records")}
        other = next((row for name, row in rows.items() if name not in _CORPORA), None)
        ravdess, tess, both = (rows.get(name) for name in _CORPORA)
        cells = [_uar(ravdess), _plain(ravdess, "accuracy"), _plain(ravdess, "macro_f1")]
        cells += [_uar(tess), _plain(tess, "accuracy"), _plain(both, "accuracy")]
        how = f"`{protocol}`" + (f", trained on {trained_on}" if trained_on else "")
        if other:
            how += f": {_uar(other)}"
        seeds = next(iter(rows.values()))["seeds"]
        lines.append(f"| `{system}` | {DATA[data].title} | {how} | {' | '.join(cells)} | {seeds} |")
    return "\n".join(lines)


def update(path: Path, results: pd.DataFrame) -> None:
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
        temporary.write_text(place.sub(lambda _: results_text(results), text, count=1))


def results_text(results: pd.DataFrame) -> str:
    """Return the tables, the long one folded."""
    return f"""{honest_table(results)}

What the sources of S0 to S4 say, where they say something, and what is left of it: accuracy, for \
that is what they report (UAR, with intervals, in the long table); emotions and corpora are those \
of each system, of `conv1d` under `speakers` RAVDESS alone:

{reported_table(results)}

<details><summary>Every system, every protocol</summary>

{results_table(results)}

</details>
"""


def _uar(row: dict | None) -> str:
    return with_interval(row) if row else "–"


def _plain(row: dict | None, name: str) -> str:
    return f"{row[name]:.3f}" if row else "–"
