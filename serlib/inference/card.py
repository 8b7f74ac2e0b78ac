"""Model cards: what a system is, what it was trained on, what it is worth."""

import json
from pathlib import Path

import pandas as pd

from ..corpora import CORPORA, DATA, PROTOCOLS
from ..files import write_json
from ..systems import get

INTENDED_USE = "study and teaching; acted speech; not for decisions about people"
_ENCODER = {"Whisper-base, its encoder (OpenAI)": "MIT"}


def card_of(name: str, results: pd.DataFrame) -> dict:
    """Return the model card of a system: data, licences, intended use, figures by protocol.

    Parameters
    ----------
    name : str, a system of `SYSTEMS`
    results : DataFrame, from `serlib.evaluation.table_of`; those over rows are left out, since
        they say nothing about the model that is saved, and those that settings were chosen by
    """
    system = get(name)
    data = DATA[system.scored[0][0]]
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


def update_card(path: Path, newer: dict) -> None:
    """Replace what the model card beside a bundle says by what `card_of` says now."""
    write_json(path, json.loads(path.read_text()) | newer)


def _mean_of(members: tuple[tuple[str, int], ...]) -> str:
    return " + ".join(f"{n} × {member}" for member, n in members)
