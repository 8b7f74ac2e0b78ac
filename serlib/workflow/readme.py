"""What the READMEs say of the results: written from the predictions, never by hand."""

from pathlib import Path

import pandas as pd

from ..corpora import CORPORA, DATA, OTHERS, PROTOCOLS
from ..evaluation import with_interval
from ..files import replacing
from ..systems import SYSTEMS, System, get
from . import notebooks
from .passage import replace_between

START, END = "<!-- results: written by `serlib run --publish` -->", "<!-- end of results -->"
_MOST = 8  # rows of the short table; the long one has all
_TOGETHER = "together"
# The accuracy that its source states for a system, where there is one
REPORTED = {"conv1d": 0.916, "mfcc_lstm": 0.88, "mfcc_cnn": 0.88, "bilstm_attention": 0.84}


def update(path: Path, results: pd.DataFrame) -> None:
    """Replace the short table in a README, atomically.

    Raises
    ------
    RunError
        If the README has lost the two comments between which it stands.
    """
    replace_between(path, START, END, results_text(results))


def results_text(results: pd.DataFrame) -> str:
    """Return the systems of RAVDESS's eight emotions by what they are worth on a new speaker.

    A row per system, best first; a column per protocol, from known speakers to new speakers who
    say a new sentence.
    """
    protocols = ["clips", "speakers", "speakers+statements"]
    scored = results[(results.data == "ravdess") & results.protocol.isin(protocols)]
    scored = scored[~_with_encoder(scored)]
    by_system = {name: rows.set_index("protocol") for name, rows in scored.groupby("system")}
    ranked = {name: rows for name, rows in by_system.items() if "speakers" in rows.index}
    lines = [
        "| system | known speakers (`clips`) | **new speakers** (`speakers`) | new sentence too |",
        "|---|---|---|---|",
    ]
    for name in sorted(ranked, key=lambda name: -ranked[name].uar["speakers"])[:_MOST]:
        rows = ranked[name].to_dict("index")
        cells = [_uar(rows.get(protocol)) for protocol in protocols]
        lines.append(f"| `{name}` | {cells[0]} | **{cells[1]}** | {cells[2]} |")
    return "\n".join([*lines, ""])


def write_long(path: Path, results: pd.DataFrame) -> None:
    """Write the page of all results, from `serlib.evaluation.table_in`, atomically."""
    with replacing(path) as temporary:
        temporary.write_text(long_text(results))


def long_text(results: pd.DataFrame) -> str:
    """Return the page of all results: protocols, systems, what sources report, the long table."""
    return f"""# Every result

Written by `serlib run --publish` from the saved [predictions](../predictions), as are the JSON \
files beside this page, but for `timeline.json` and `stress.json` (notebook 10, of recordings), \
`speed.json` (`make bench`) and `reliability.json` (`make harden`). Of the CSV files notebook 09 \
makes `any_voice.csv` and `corpora_told.csv` when it fits anew; `search.csv` and `validation.csv` \
are records of what was tried. Notebook 07 compares the systems and tests the differences, \
notebook 09 those with an encoder.

UAR is the unweighted average recall, the mean of the emotions' recalls, with a 95 % interval from \
a bootstrap over the speakers (over the words, of TESS alone). Several seeds are taken together. \
– is what was not measured.

## What test and training share

{protocols_table(results)}

## What the names stand for

S0 to S4 are five published student projects, rebuilt as plainly as their sources describe them; \
what each states, its notebook says.

{systems_table(results)}

## What sources report, and what is left

Accuracies: what the source says of its system; ours, validated as the source did; ours on new \
recordings of known speakers; ours on new speakers. The tests of `conv1d` are mostly TESS, whose \
two voices are known there; on new speakers of RAVDESS it is trained without TESS, and stops \
early (`conv1d_patient` below does not). `bilstm_attention` is of speech and song.

{reported_table(results)}

## Every system, every protocol

A table a corpus. *Data*: what a system is trained and scored on, and in how many emotions; seven \
count calm as neutral, five are neutral, calm, happy, sad and angry. Under `corpora` a corpus is \
scored that was not trained on.

{results_tables(results)}

## With an encoder that has heard other speech

A board of its own: Whisper's encoder has learnt from 680,000 hours of speech, which its makers do \
not list. Never heard: trained on all corpora but the one that is scored. Heard: trained on other \
speakers of the same corpus, RAVDESS in eight emotions, EMO-DB in seven.

{encoder_table(results)}
"""


def protocols_table(results: pd.DataFrame) -> str:
    """Return what test and training share under each protocol of the long table."""
    measured = set(results.protocol)
    lines = ["| protocol | test and training share |", "|---|---|"]
    for protocol in PROTOCOLS.values():
        if protocol.name in measured and _is_result(protocol.name):
            lines.append(f"| `{protocol.name}` | {protocol.shares} |")
    return "\n".join(lines)


def systems_table(results: pd.DataFrame) -> str:
    """Return what each system is, and the number of the notebook that fits it."""
    measured = set(results.system)
    lines = ["| system | what it is | of | notebook |", "|---|---|---|---|"]
    for system in SYSTEMS.values():
        if system.name in measured:
            number, _ = notebooks.fitting(system.name)
            lines.append(f"| `{system.name}` | {system.about} | {system.source} | {number} |")
    return "\n".join(lines)


def reported_table(results: pd.DataFrame) -> str:
    """Return what sources say of their systems, and the accuracies here, from leaky to honest.

    A row more, of RAVDESS alone, where the test has several corpora.
    """
    lines = [
        "| system | its source says | validated as there | known speakers (`clips`) "
        "| new speakers (`speakers`) |",
        "|---|---|---|---|---|",
    ]
    for name, said in REPORTED.items():
        as_published = [s.name for s in SYSTEMS.values() if s.published and _same_model(s, name)]
        found = results[results.system.isin([name, *as_published])]
        found = found[found.data != "unheard"]
        together = _TOGETHER in set(found.corpus)
        rows = {f"`{name}`": _TOGETHER if together else "ravdess"}
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


def encoder_table(results: pd.DataFrame) -> str:
    """Return UAR of systems with an encoder: a row per system and corpus, from unheard to heard."""
    lines = [
        "| system | corpus | never heard (`corpora`) | after 10 own clips | after all own clips "
        "| heard, new speakers (`speakers`) |",
        "|---|---|---|---|---|---|",
    ]
    protocols = ["corpora", "corpora+enrolment_10", "corpora+enrolment"]
    found = results[_with_encoder(results)]
    apart = found[(found.data == "unheard") & found.trained_on.isin([OTHERS, ""])]
    for (system, corpus), rows in apart.groupby(["system", "corpus"]):
        if corpus == _TOGETHER:
            continue
        cells = [_uar(_first(rows[rows.protocol == name])) for name in protocols]
        own = found[(found.system == system) & (found.data == corpus)]
        cells.append(_uar(_first(own[own.protocol == "speakers"])))
        lines.append(f"| `{system}` | {_title(corpus)} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _with_encoder(results: pd.DataFrame) -> pd.Series:
    """Tell which rows are of systems that stand on a board of their own."""
    return results.system.map(lambda name: get(name).source == "pretrained").astype(bool)


def _title(corpus: str) -> str:
    others = {_TOGETHER: "RAVDESS and TESS together", OTHERS: "all others"}
    return others.get(corpus) or CORPORA[corpus].short


def _first(rows: pd.DataFrame) -> dict | None:
    return next(iter(rows.to_dict("records")), None)


def results_tables(results: pd.DataFrame) -> str:
    """Return the long tables, one a corpus: a row per system, data and protocol.

    Without systems with an encoder, without what is no result but a step on the way, and without
    the curve over enrolled clips. Several corpora are taken together where all were trained on.
    """
    results = results[results.protocol.map(_is_result) & ~_with_encoder(results)]
    results = results[(results.corpus != _TOGETHER) | (results.data != "unheard")]
    rows = {name: of for name, of in results.groupby("corpus", sort=False)}
    order = [name for name in (*CORPORA, _TOGETHER) if name in rows]
    tables = [f"### {_title(name)}\n\n{_table_of(rows[name])}" for name in order]
    return "\n\n".join(tables)


def _table_of(rows: pd.DataFrame) -> str:
    lines = [
        "| system | data | protocol | UAR | accuracy | macro F1 | seeds |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows.to_dict("records"):
        title = DATA[row["data"]].title
        if row["data"] == "unheard":
            title = f"{_title(row['corpus'])}, {row['emotions']}"
        after = " and ".join(_title(name) for name in row["trained_on"].split("+") if name)
        cells = [title, f"`{row['protocol']}`" + (f", after {after}" if after else "")]
        cells += [_uar(row), f"{row['accuracy']:.3f}", f"{row['macro_f1']:.3f}", row["seeds"]]
        lines.append(f"| `{row['system']}` | {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


def _is_result(protocol: str) -> bool:
    """Tell whether a protocol is in the long table: a part of a speaker's clips is a curve's."""
    enrolment = PROTOCOLS[protocol].enrolment
    return not PROTOCOLS[protocol].for_settings and not (enrolment and enrolment.count)


def _same_model(system: System, name: str) -> bool:
    return (system.source, system.network) == (get(name).source, get(name).network)


def _uar(row: dict | None) -> str:
    return with_interval(row) if row else "–"
