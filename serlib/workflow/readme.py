"""What the README says of the results: written from the predictions, never by hand."""

import re
from pathlib import Path

import pandas as pd

from ..corpora import DATA
from ..errors import RunError
from ..evaluation import with_interval
from ..files import replacing

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

    A row more, of RAVDESS alone, where the test has several corpora.
    """
    lines = [
        "| system | its source says | validated as there | new recordings of known speakers "
        "(`clips`) | new speakers (`speakers`) |",
        "|---|---|---|---|---|",
    ]
    for name, said in REPORTED.items():
        found = results[results.system.isin([name, f"{name}_published"])]
        together = "together" in set(found.corpus)
        rows = {f"`{name}`": "together" if together else "ravdess"}
        rows |= {f"`{name}`, RAVDESS alone": "ravdess"} if together else {}
        for label, corpus in rows.items():
            of = found[found.corpus == corpus]
            parts = [
                of[of.system != name],
                *(of[(of.system == name) & (of.protocol == p)] for p in ("clips", "speakers")),
            ]
            cells = [f"{part.accuracy.iloc[0]:.3f}" if len(part) else "–" for part in parts]
            lines.append(f"| {label} | {said} | {' | '.join(cells)} |")
            said = "–"
    return "\n".join(lines)


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

Three of the published student projects behind S0 to S4 (named below) come with a figure. Beside \
it our accuracies, validated as the source did (one seed), then under `clips` and `speakers` \
(means of three). The tests of `conv1d` are mostly TESS, whose two voices are known there; on \
new speakers of RAVDESS it is trained without TESS, and stops early (`conv1d_patient` in the long \
table does not). `bilstm_attention` is of speech and song:

{reported_table(results)}

<details><summary>Every system, every protocol</summary>

{results_table(results)}

</details>
"""


def _uar(row: dict | None) -> str:
    return with_interval(row) if row else "–"


def _plain(row: dict | None, name: str) -> str:
    return f"{row[name]:.3f}" if row else "–"
