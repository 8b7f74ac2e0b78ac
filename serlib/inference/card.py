"""Model cards: what a system is, what it was trained on, what it is worth."""

import json
from contextlib import suppress
from pathlib import Path

import pandas as pd

from ..corpora import CORPORA, DATA, OTHERS, PROTOCOLS
from ..files import write_json
from ..paths import Project
from ..systems import get
from .shelf import find_bundle

INTENDED_USE = "study and teaching; acted speech; not for decisions about people"
_ENCODER = {"Whisper-base, its encoder (OpenAI)": "MIT"}


def card_of(name: str, results: pd.DataFrame, *, data: str = "") -> dict:
    """Return the model card of a system: data, licences, intended use, figures by protocol.

    Parameters
    ----------
    name : str, a system of `SYSTEMS`
    results : DataFrame, from `serlib.evaluation.table_of`; those over rows are left out, since
        they say nothing about the model that is saved, and those that settings were chosen by
    data : str, of `DATA`, what it was fitted on: what is shipped of it if not named. Of another
        fit than that the figures on its own data alone are told
    """
    system = get(name)
    shipped = system.scored[0][0]
    if data not in ("", shipped):
        results = results[results.data == data]
    data = DATA[data or shipped]
    members = [get(member) for member, _ in system.members]
    channels = {s.auxiliary_channel for s in (system, *members)} - {""}
    silent = [p.name for p in PROTOCOLS.values() if p.of_rows or p.for_settings]
    encoder = dict(_ENCODER) if system.source == "pretrained" else {}
    figures = results[(results.system == name) & ~results.protocol.isin(silent)]
    return dict(
        name=name,
        about=system.about,
        network=system.network.__name__ if system.network else _mean_of(system.members),
        data="the training part of its `clips` split of "
        + " and ".join([data.title, *sorted(channels)]),
        licences={CORPORA[c].title: CORPORA[c].licence for c in sorted(data.corpora)} | encoder,
        intended_use=INTENDED_USE,
        figures=figures.to_dict("records"),
    )


def shipped_card(system: str = "any_voice", project: Project | None = None) -> dict:
    """Return the model card beside the bundle of a system; an empty one where there is none."""
    path = find_bundle(system, project)
    with suppress(OSError, ValueError):
        return json.loads(path.with_suffix(".json").read_text()) if path else {}
    return {}


def gain_of(card: dict, clips: int = 10) -> str:
    """Return what own clips were measured to bring, as a sentence; "" where it was not measured.

    Parameters
    ----------
    card : dict, of a bundle, with its figures
    clips : int, how many own clips of a speaker were heard
    """
    found = {
        (row["data"], row["protocol"], row["corpus"]): row["uar"]
        for row in card.get("figures", [])
        if row["trained_on"] in ("", OTHERS)
    }
    said = []
    for data, before, after, corpus, whose in (
        ("unheard", "corpora", f"corpora+enrolment_{clips}", "together", "on corpora never heard"),
        ("ravdess", "speakers", "speakers+enrolment", "ravdess", "on new speakers of RAVDESS"),
    ):
        alone, shifted = (found.get((data, protocol, corpus)) for protocol in (before, after))
        if alone and shifted:
            many = f"{clips} own clips" if after.endswith(str(clips)) else "all their own clips"
            said.append(f"{whose} {alone:.2f} alone, {shifted:.2f} after {many}")
    return f"Measured, as the mean of the emotions' recalls: {'; '.join(said)}." if said else ""


def update_card(path: Path, newer: dict) -> None:
    """Replace what the model card beside a bundle says by what `card_of` says now."""
    write_json(path, json.loads(path.read_text()) | newer)


def _mean_of(members: tuple[tuple[str, int], ...]) -> str:
    return " + ".join(f"{n} × {member}" for member, n in members)
