"""Findings: what a table of results and the predictions behind it say of systems compared."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from ..systems import SYSTEMS, Key
from .predictions import Predictions
from .scores import compare, holm, uar
from .tables import with_interval

NOISE = 0.04  # a smaller difference in UAR is called noise, whatever its p: actors are few
_SHORTCUTS = ("rows", "clips", "speakers")  # each shares less with the training
_HONEST = ("clips", "speakers", "speakers+statements")


def all_seeds(answers: Predictions, data: str, protocol: str) -> dict[str, pd.DataFrame]:
    """Return the predictions of every system on data under a protocol, its seeds in one table."""
    tables: dict[str, list[pd.DataFrame]] = {}
    for key, table in answers.items():
        if key[1:3] == (data, protocol):
            tables.setdefault(key.system, []).append(table)
    return {name: pd.concat(several, ignore_index=True) for name, several in tables.items()}


def spoken_alone(answers: Predictions) -> dict[str, float]:
    """Return UAR on new speakers of RAVDESS of what is trained on songs too, of speech alone."""
    spoken = set.union(
        *(set(t.clip_id) for t in all_seeds(answers, "ravdess", "speakers").values())
    )
    sung = all_seeds(answers, "ravdess_song", "speakers")
    return {name: uar(t[t.clip_id.isin(spoken)]) for name, t in sung.items()}


def falls(results: pd.DataFrame) -> pd.DataFrame:
    """Return UAR on RAVDESS above chance, as a share of what lies between chance and 1.

    Parameters
    ----------
    results : DataFrame, from `serlib.evaluation.summarise`, ordered

    Returns
    -------
    DataFrame
        A row per system, on the first of its data, best on new speakers first; a column per
        protocol, from leaky to honest. Systems of one protocol are left out.
    """
    of = results[(results.corpus == "ravdess") & results.protocol.isin(_SHORTCUTS)]
    of = of[~of.system.isin([name for name, system in SYSTEMS.items() if system.published])]
    chance = 1 / of.emotions
    of = of.assign(share=(of.uar - chance) / (1 - chance)).drop_duplicates(["system", "protocol"])
    table = of.pivot_table(index="system", columns="protocol", values="share")
    table = table[[name for name in _SHORTCUTS if name in table]]
    return table[table.notna().sum(axis=1) > 1].sort_values("speakers", ascending=False)


def side_by_side(results: pd.DataFrame) -> pd.DataFrame:
    """Return UAR on RAVDESS with intervals: a row per system, on the first data of a protocol.

    Returns
    -------
    DataFrame
        emotions (how many), and a column per protocol; best on new speakers first, "–" where a
        system is not scored
    """
    of = results[(results.corpus == "ravdess") & results.protocol.isin(_HONEST)]
    of = of.drop_duplicates(["system", "protocol"])
    cells = [with_interval(row) for row in of.to_dict("records")]
    cells = [cell.replace(" ", "\N{NO-BREAK SPACE}") for cell in cells]
    table = of.assign(cell=cells).pivot_table(
        index="system", columns="protocol", values="cell", aggfunc="first"
    )
    table = table[[name for name in _HONEST if name in table]].fillna("–").rename_axis(columns=None)
    table.insert(0, "emotions", of.drop_duplicates("system").set_index("system").emotions)
    order = of[of.protocol == "speakers"].set_index("system").uar.reindex(table.index)
    return table.loc[order.sort_values(ascending=False).index]


def versus(
    first: pd.DataFrame, others: dict[str, pd.DataFrame], *, rng: np.random.Generator
) -> pd.DataFrame:
    """Compare predictions with others of the same clips; others of other clips are left out.

    Returns
    -------
    DataFrame
        A row per other: difference, low, high, p, "p (Holm)" over all rows, and the verdict:
        "differs", "not told apart", or "noise" for a difference below `NOISE`
    """
    clips = set(first.clip_id)
    same = {name: other for name, other in others.items() if set(other.clip_id) == clips}
    pairs = {name: compare(first, other, rng=rng) for name, other in same.items()}
    table = pd.DataFrame(pairs, index=["difference", "low", "high", "p"]).T
    table["p (Holm)"] = holm(table.p)
    verdict = np.where(table["p (Holm)"] < 0.05, "differs", "not told apart")
    return table.assign(verdict=np.where(table.difference.abs() < NOISE, "noise", verdict))


def beside_baseline(results: pd.DataFrame, baseline: str) -> pd.DataFrame:
    """Return networks beside a baseline on the same data, on speakers never heard.

    Returns
    -------
    DataFrame
        system, data, corpus, seeds, uar, baseline (its UAR), ahead; the worst first
    """
    where = ["data", "corpus"]
    of = results[(results.protocol == "speakers") & (results.corpus != "together")]
    simple = of[of.system == baseline].set_index(where).uar.rename("baseline")
    networks = [name for name, s in SYSTEMS.items() if not (s.estimator or s.published)]
    of = of[of.system.isin(networks)].join(simple, on=where, how="inner")
    of = of.assign(ahead=of.uar - of.baseline).sort_values("ahead", ignore_index=True)
    return of[["system", *where, "seeds", "uar", "baseline", "ahead"]]


def second_corpus(
    answers: Predictions, systems: Iterable[str], *, rng: np.random.Generator
) -> pd.DataFrame:
    """Return UAR on new speakers by what was trained on: their corpus, another, or both.

    Returns
    -------
    DataFrame
        A row per system and corpus: "its own", "the other", "both" (UAR after training on it),
        and what the other adds to its own: added, low, high, verdict ("noise" below `NOISE`)
    """
    rows = {}
    for system in systems:
        mixed = answers[Key(system, "ravdess_tess", "speakers")]
        for corpus, data in (("ravdess", "ravdess7"), ("tess", "tess")):
            alone, both = answers[Key(system, data, "speakers")], mixed[mixed.corpus == corpus]
            other = answers[Key(system, data, "corpora")]
            added = compare(both, alone, rng=rng)
            row = {"its own": uar(alone), "the other": uar(other), "both": uar(both)}
            rows[system, corpus] = row | dict(added=added["difference"])
            rows[system, corpus] |= {end: added[end] for end in ("low", "high")}
    table = pd.DataFrame(rows).T.rename_axis(["system", "scored on"])
    return table.assign(verdict=np.where(table.added.abs() < NOISE, "noise", "differs"))


def candidates(search: pd.DataFrame) -> pd.DataFrame:
    """Return whatever was compared in a search, once each, best first.

    Parameters
    ----------
    search : DataFrame, a row per comparison: candidate and against, each with its UAR and
        interval, as candidate_uar, candidate_low, candidate_high, ...

    Returns
    -------
    DataFrame, by label: label, uar, uar_low, uar_high
    """
    names, ends = ["label", "uar", "uar_low", "uar_high"], ("", "_uar", "_low", "_high")
    sides = [
        search[[side + end for end in ends]].set_axis(names, axis=1)
        for side in ("candidate", "against")
    ]
    both = pd.concat(sides).drop_duplicates("label").set_index("label", drop=False)
    return both.sort_values("uar", ascending=False)
