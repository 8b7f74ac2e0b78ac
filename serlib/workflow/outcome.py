"""What a notebook of systems has to show: what it fits now, beside what was saved before."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from ..corpora import CORPORA, clips_of
from ..evaluation import predictions
from ..evaluation.predictions import Predictions
from ..paths import Run
from ..systems import Key, keys_of
from ..training import FittedFold, read_histories, run_keys
from ..training.histories import History


@dataclass(frozen=True)
class Outcome:
    """Fits and predictions, by key.

    Parameters
    ----------
    fits : dict, key -> its fitted folds, of this run
    own : dict, key -> predictions of this run
    shipped : dict, key -> predictions that were saved before
    histories : dict, key -> a history per fold, of all that have some
    firsts : dict, system -> its first key, of those with predictions
    """

    fits: dict[Key, list[FittedFold]]
    own: Predictions
    shipped: Predictions
    histories: dict[Key, list[History]]
    firsts: dict[str, Key]

    @property
    def predictions(self) -> Predictions:
        """All predictions; those of this run stand for older ones of their row of the table."""
        return predictions.over(self.own, self.shipped)

    def of(self, system: str) -> pd.DataFrame:
        """Return a system's predictions under its first protocol, of all seeds."""
        row = self.firsts[system].row
        return pd.concat([table for key, table in self.predictions.items() if key.row == row])


def gather(
    systems: Sequence[str],
    chosen: Sequence[str],
    run: Run,
    *,
    seed: int = 0,
    everything: bool = False,
    epochs: int | None = None,
    n_jobs: int = -1,
) -> Outcome:
    """Fit the chosen systems, or take them from the cache; read what was saved of all.

    Parameters
    ----------
    systems : sequence of str, those that the notebook is about
    chosen : sequence of str, those of them to fit
    run : Run
    seed : int, the first one
    everything : bool, fit every row of the table, not one seed under the first protocol alone
    epochs : int or None, another upper bound than the systems' own
    n_jobs : int, processes
    """
    corpora = set(clips_of(run).corpus)
    to_fit = keys_of(chosen, corpora, seed=seed, first=not everything)
    fits, own = run_keys(to_fit, run, epochs=epochs, n_jobs=n_jobs) if chosen else ({}, {})
    artifacts = run.project.artifacts
    shipped = predictions.read(artifacts / "predictions", systems)
    histories = read_histories(artifacts / "histories", systems)
    histories |= {key: [fit.history for fit in folds] for key, folds in fits.items()}
    firsts, here = {}, predictions.over(own, shipped)
    for key in [*own, *keys_of(systems, CORPORA, seed=seed)]:
        if key in here:
            firsts.setdefault(key.system, key)
    firsts = {name: firsts[name] for name in systems if name in firsts}
    return Outcome(fits, own, shipped, histories, firsts)
