"""What a notebook of systems has to show: what it fits now, beside what was saved before."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from . import experiments, results
from .corpora import CORPORA
from .fits import Fit
from .project import ARTIFACTS, Run
from .results import Key

History = dict[str, list[float]]


@dataclass(frozen=True)
class Outcome:
    """Fits and predictions, by (system, data, protocol, seed).

    Parameters
    ----------
    fits : dict, key -> a fit per fold, of this run
    own : dict, key -> predictions of this run
    shipped : dict, key -> predictions that were saved before
    histories : dict, key -> a history per fold, of all that have some
    firsts : dict, system -> its first key, of those with predictions
    """

    fits: dict[Key, list[Fit]]
    own: dict[Key, pd.DataFrame]
    shipped: dict[Key, pd.DataFrame]
    histories: dict[Key, list[History]]
    firsts: dict[str, Key]

    @property
    def predictions(self) -> dict[Key, pd.DataFrame]:
        """All predictions; those of this run stand for older ones of their row of the table."""
        return results.over(self.own, self.shipped)

    def of(self, system: str) -> pd.DataFrame:
        """Return a system's predictions under its first protocol, of all seeds."""
        tables = [t for key, t in self.predictions.items() if key[:3] == self.firsts[system][:3]]
        return pd.concat(tables)


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
    corpora = set(run.clips().corpus)
    to_fit = results.keys_of(chosen, corpora, seed=seed, first=not everything)
    how = dict(epochs=epochs, n_jobs=n_jobs)
    fits, own = experiments.fit(to_fit, run, **how) if chosen else ({}, {})
    folder = ARTIFACTS / "predictions"
    shipped = results.saved(results.keys_in(folder, systems), folder)
    histories = results.histories(shipped, ARTIFACTS / "histories")
    histories |= {key: [fit.history for fit in folds] for key, folds in fits.items()}
    known = [*own, *results.keys_of(systems, CORPORA, seed=seed)]
    firsts = {}
    for key in known:
        if key in results.over(own, shipped):
            firsts.setdefault(key[0], key)
    firsts = {name: firsts[name] for name in systems if name in firsts}
    return Outcome(fits, own, shipped, histories, firsts)
