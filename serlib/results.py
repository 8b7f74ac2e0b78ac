"""Tables of results: from predictions, by system, data, protocol and corpus."""

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from .datasets import DATA
from .errors import SerlibError
from .evaluation import by_part, uar
from .splits import PROTOCOLS
from .systems import SYSTEMS, get

Key = tuple[str, str, str, int]  # system, data, protocol, seed


def keys_of(
    systems: Iterable[str],
    corpora: Iterable[str],
    *,
    seed: int = 0,
    first: bool = False,
    seeds: int = 3,
) -> list[Key]:
    """Return what systems are scored on, each with several seeds.

    One does under `rows` and `corpora`, for a baseline, which draws nothing, and for what copies
    a source's validation and is compared with nothing.

    Parameters
    ----------
    systems : iterable of str
    corpora : iterable of str, what there is; data that needs another is left out
    seed : int, the first one
    first : bool, one seed of the first that is left, no more: what a bundle is made of
    seeds : int, how many are several
    """
    keys = []
    for system in map(get, systems):
        able = [(d, p) for d, p in system.scored if set(DATA[d].corpora) <= set(corpora)]
        for data, protocol in able[: 1 if first else None]:
            once = first or system.published or system.baseline or protocol in ("rows", "corpora")
            count = 1 if once else seeds
            keys += [(system.name, data, protocol, seed + k) for k in range(count)]
    return keys


def asked(
    systems: str, protocols: str, corpora: Iterable[str], *, seed: int = 0, seeds: int = 3
) -> list[Key]:
    """Return the keys of the benchmark: of systems and protocols as "conv1d best", or "all".

    Raises
    ------
    SerlibError
        For a system or a protocol that does not exist, or a system that is not scored under it;
        the message lists those that are.
    """
    names = [*SYSTEMS] if systems == "all" else [get(name).name for name in systems.split()]
    named = [*PROTOCOLS] if protocols == "all" else protocols.split()
    for protocol in named:
        if protocol not in PROTOCOLS:
            raise SerlibError(f"Bad protocol {protocol!r}, expected one of {[*PROTOCOLS]}")
    keys = keys_of(names, corpora, seed=seed, seeds=seeds)
    found = [key for key in keys if key[2] in named]
    scored = {protocol for name in names for _, protocol in get(name).scored}
    if not scored & set(named):
        raise SerlibError(f"{systems} is scored under {sorted(scored)}, not under {protocols}")
    return found


def parts_of(key: Key) -> list[Key]:
    """Return the keys of what a system averages; of one without members itself.

    A member that draws nothing at random is the same for all seeds: of two, it has two says.
    """
    system, data, protocol, seed = key
    parts = []
    for name, n in get(system).members:
        seeds = [0] * n if get(name).baseline else range(seed * n, seed * n + n)
        parts += [(name, data, protocol, k) for k in seeds]
    return parts or [key]


def name(key: Key, suffix: str = ".csv.gz") -> str:
    """Return the file name of a system's out-of-fold predictions, or with ".json" histories."""
    system, data, protocol, seed = key
    return f"{system}__{data}__{protocol}__seed{seed}{suffix}"


def keys_in(folder: Path, systems: Iterable[str] = SYSTEMS) -> list[Key]:
    """Return the keys of all predictions of systems that a folder holds."""
    parts = [path.name.removesuffix(".csv.gz").split("__") for path in folder.glob("*.csv.gz")]
    keys = sorted((*key, int(seed.removeprefix("seed"))) for *key, seed in parts)
    return [key for key in keys if key[0] in systems]


def saved(keys: Iterable[Key], folder: Path) -> dict[Key, pd.DataFrame]:
    """Read the saved predictions of those keys that have some."""
    return {k: pd.read_csv(folder / name(k)) for k in keys if (folder / name(k)).exists()}


def over(newer: dict[Key, pd.DataFrame], older: dict[Key, pd.DataFrame]) -> dict:
    """Return predictions of two origins; seeds of one system, data and protocol are of one.

    Where there are newer ones, older seeds are left out: they may be of other clips or settings.
    """
    rows = {key[:3] for key in newer}
    return {key: table for key, table in older.items() if key[:3] not in rows} | newer


def histories(keys: Iterable[Key], folder: Path) -> dict[Key, list[dict[str, list[float]]]]:
    """Read the saved histories, one a fold, of those keys that have some."""
    paths = {key: folder / name(key, ".json") for key in keys}
    return {
        key: json.loads(path.read_text())["folds"] for key, path in paths.items() if path.exists()
    }


def summarise(predictions: dict[Key, pd.DataFrame]) -> pd.DataFrame:
    """Score predictions: a row per system, data, protocol and corpus, seeds taken together.

    Every seed predicts the same clips, so that the recall over all their predictions is the
    mean of the seeds' recalls; the interval draws speakers with the predictions of all seeds.
    Under `corpora` there is a row for each corpus trained on.

    Parameters
    ----------
    predictions : dict, (system, data, protocol, seed) -> predictions

    Returns
    -------
    DataFrame
        system, data, protocol, trained_on (under `corpora`, else ""), corpus ("together" where
        there are two), seeds, uar_min and uar_max over the seeds, and the figures of
        `serlib.evaluation.scores`
    """
    rows = []
    for group, tables in _grouped(predictions).items():
        for part, figures in _parts(pd.concat(tables, ignore_index=True)).iterrows():
            uars = [uar(t if part == "together" else t[t.corpus == part]) for t in tables]
            row = dict(zip(_GROUP, group, strict=True), corpus=part)
            row |= dict(seeds=len(tables), uar_min=min(uars), uar_max=max(uars))
            rows.append(row | figures.to_dict() | dict(n=int(figures.n) // len(tables)))
    return pd.DataFrame(rows).round(9)  # the last digits are the machine's


_GROUP = ("system", "data", "protocol", "trained_on")


def _grouped(predictions: dict[Key, pd.DataFrame]) -> dict[tuple, list[pd.DataFrame]]:
    """Return what is scored together, a table a seed."""
    groups = {}
    for key, table in predictions.items():
        parts = table.groupby("fold") if key[2] == "corpora" else [("", table)]
        for trained_on, part in parts:
            groups.setdefault((*key[:3], trained_on), []).append(part)
    return groups


def readable(table: pd.DataFrame) -> pd.DataFrame:
    """Return results as a reader wants them: each figure with its interval, on one line."""
    shown = table[["system", "data", "protocol", "corpus", "seeds"]].copy()
    shown["protocol"] += (", after " + table.trained_on).where(table.trained_on != "", "")
    for title, name in (("UAR", "uar"), ("accuracy", "accuracy"), ("macro F1", "macro_f1")):
        figures = [with_interval(row, name) for row in table.to_dict("records")]
        shown[title] = [figure.replace(" ", "\N{NO-BREAK SPACE}") for figure in figures]
    return shown


def with_interval(row: dict, name: str = "uar") -> str:
    """Return a figure of a row of results, as "0.713 [0.661, 0.763]"."""
    return f"{row[name]:.3f} [{row[f'{name}_low']:.3f}, {row[f'{name}_high']:.3f}]"


def table_in(folder: Path) -> pd.DataFrame:
    """Score all predictions that a folder holds, in order; none is of synthetic clips."""
    return ordered(summarise(saved(keys_in(folder), folder))).assign(notice="")


def table_of(
    own: dict[Key, pd.DataFrame], shipped: dict[Key, pd.DataFrame], notice: str
) -> pd.DataFrame:
    """Score a run's predictions with the shipped ones, as `summarise`, in order.

    Those of a synthetic run, which has a `notice`, stand apart from those of the real corpora.
    """
    if not notice:
        return ordered(summarise(over(own, shipped)).assign(notice=""))
    parts = [summarise(own).assign(notice=notice), summarise(shipped).assign(notice="")]
    return ordered(pd.concat(parts, ignore_index=True))


def ordered(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table of results in the order of systems, protocols and data."""
    order = dict(system=[*SYSTEMS], protocol=[*PROTOCOLS], data=[*DATA])
    return table.sort_values(
        [*order],
        key=lambda column: column.map(order[column.name].index),
        kind="stable",
        ignore_index=True,
    )


def _parts(table: pd.DataFrame) -> pd.DataFrame:
    parts = by_part(table, rng=np.random.default_rng(0))  # the same figures whoever asks
    return parts if len(parts) > 2 else parts.drop(index="together")
