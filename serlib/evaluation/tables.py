"""Tables of results: from predictions, by system, data, protocol and corpus."""

from pathlib import Path

import numpy as np
import pandas as pd

from ..corpora import DATA, PROTOCOLS
from ..systems import INGREDIENTS, SYSTEMS
from .predictions import Predictions, over, read, trained_on
from .scores import by_part, uar


def summarise(predictions: Predictions) -> pd.DataFrame:
    """Score predictions: a row per system, data, protocol and corpus, seeds taken together.

    Every seed predicts the same clips, so that the recall over all their predictions is the
    mean of the seeds' recalls; the interval draws speakers with the predictions of all seeds.
    Under `corpora` there is a row for each corpus trained on.

    Parameters
    ----------
    predictions : dict, key -> predictions

    Returns
    -------
    DataFrame
        system, data, protocol, trained_on (under `corpora`, else ""), corpus ("together" where
        there are two), emotions (how many are scored), seeds, uar_min and uar_max over the seeds,
        and the figures of `serlib.evaluation.score`
    """
    rows = []
    for group, tables in _grouped(predictions).items():
        for part, figures in _parts(pd.concat(tables, ignore_index=True)).iterrows():
            scored = [t if part == "together" else t[t.corpus == part] for t in tables]
            row = dict(zip(_GROUP, group, strict=True), corpus=part)
            uars = [uar(t) for t in scored]
            row |= dict(seeds=len(tables), uar_min=min(uars), uar_max=max(uars))
            row |= dict(emotions=scored[0].emotion.nunique())
            rows.append(row | figures.to_dict() | dict(n=int(figures.n) // len(tables)))
    return pd.DataFrame(rows).round(9)  # the last digits are the machine's


_GROUP = ("system", "data", "protocol", "trained_on")


def _grouped(predictions: Predictions) -> dict[tuple, list[pd.DataFrame]]:
    """Return what is scored together, a table a seed."""
    groups = {}
    for key, table in predictions.items():
        across = PROTOCOLS[key.protocol].across
        for which, part in table.groupby(trained_on(table.fold)) if across else [("", table)]:
            groups.setdefault((*key.row, which), []).append(part)
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
    """Return a figure of a row of results, as "0.713 [0.661, 0.763]"; alone where it has none."""
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    return f"{row[name]:.3f}" + (f" [{low:.3f}, {high:.3f}]" if low <= high else "")


def table_in(folder: Path) -> pd.DataFrame:
    """Score all predictions that a folder holds, in order; none is of synthetic clips."""
    return ordered(summarise(read(folder))).assign(notice="")


def table_of(own: Predictions, shipped: Predictions, notice: str) -> pd.DataFrame:
    """Score a run's predictions with the shipped ones, as `summarise`, in order.

    Those of a synthetic run, which has a `notice`, stand apart from those of the real corpora.
    """
    if not notice:
        return ordered(summarise(over(own, shipped)).assign(notice=""))
    parts = [summarise(own).assign(notice=notice), summarise(shipped).assign(notice="")]
    return ordered(pd.concat(parts, ignore_index=True))


def ordered(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table of results in the order of systems, protocols and data."""
    order = dict(system=[*SYSTEMS, *INGREDIENTS], protocol=[*PROTOCOLS], data=[*DATA])
    return table.sort_values(
        [*order],
        key=lambda column: column.map(order[column.name].index),
        kind="stable",
        ignore_index=True,
    )


def _parts(table: pd.DataFrame) -> pd.DataFrame:
    parts = by_part(table, rng=np.random.default_rng(0))  # the same figures whoever asks
    return parts if len(parts) > 2 else parts.drop(index="together")
