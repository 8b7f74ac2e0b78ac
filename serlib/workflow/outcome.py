"""What a notebook of systems has to show: what it fits now, beside what was saved before."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ..corpora import PROTOCOLS, clips_of
from ..errors import SerlibError
from ..evaluation import Predictions, plots, predictions, table_of
from ..files import write_json
from ..inference import save_all
from ..paths import Run
from ..systems import Key, get, keys_of
from ..training import FittedFold, History, Inputs, read_histories, run_keys
from .notebooks import TRAIN

_NOTHING = "This page was run with `SYSTEM = none`: nothing is fitted, all is read as saved."
_DEMO_EPOCHS = 5  # synthetic clips show that it runs, no more


@dataclass(frozen=True)
class Outcome:
    """Fits and predictions, by key; tables, figures and sentences of them.

    Parameters
    ----------
    run : Run, which figures, tables and bundles are written to
    fits : dict, key -> its fitted folds, of this run
    own : dict, key -> predictions of this run
    shipped : dict, key -> predictions that were saved before
    histories : dict, key -> a history per fold, of all that have some
    firsts : dict, system -> the key that stands for it, of those with predictions
    """

    run: Run
    fits: dict[Key, list[FittedFold]]
    own: Predictions
    shipped: Predictions
    histories: dict[Key, list[History]]
    firsts: dict[str, Key]

    def __str__(self) -> str:
        return f"{len(self.own)} fitted or taken from the cache, {len(self.shipped)} read as saved"

    @property
    def predictions(self) -> Predictions:
        """All predictions; those of this run stand for older ones of their row of the table."""
        return predictions.over(self.own, self.shipped)

    def of(self, system: str) -> pd.DataFrame:
        """Return a system's predictions under the protocol that stands for it, of all seeds."""
        row = self.firsts[system].row
        return pd.concat([table for key, table in self.predictions.items() if key.row == row])

    @cached_property
    def table(self) -> pd.DataFrame:
        """The results, as `serlib.evaluation.table_of` gives them."""
        return table_of(self.own, self.shipped, self.run.notice)

    @property
    def real(self) -> pd.DataFrame:
        """Those results that are of the real corpora."""
        return self.table[self.table.notice == ""]

    @property
    def trained(self) -> dict[str, Key]:
        """Of each system whose training is on record, the first key that it is of."""
        rows, found = {key.row for key in self.firsts.values()}, {}
        for key in [*self.firsts.values(), *sorted(self.histories)]:
            if key in self.histories and key.row in rows:
                found.setdefault(key.system, key)
        return found

    def curves(self) -> Figure:
        """Draw how each system was trained, and which epoch is kept; of several folds the first."""
        figure, axes = plots.panels(len(self.trained), 2.8)
        for ax, (name, key) in zip(axes, self.trained.items(), strict=True):
            history = self.histories[key][0]
            plots.history(history, [ax], kept=get(name).training.kept(history))
            says = "nothing watches, the recipe is fixed"
            if "val_accuracy" in history:
                gap = np.mean(history["accuracy"][-5:]) - np.mean(history["val_accuracy"][-5:])
                where = "above" if gap > 0 else "below"
                says = f"training ends {100 * abs(gap):.0f} points {where} validation"
            ax.xaxis.set_major_locator(MaxNLocator(integer=True))
            ax.set(title=f"{name}, seed {key.seed}:\n{says}", ylim=(0, 1))
        return figure

    def recorded_search(self, *data: str) -> pd.DataFrame:
        """Return how the `_augmented` variants of these data sets were chosen, from the record.

        `noise`: half an accuracy's 95 % interval, of as many clips as the test part of `clips`.
        """
        tried = pd.read_csv(self.run.project.artifacts / "metrics/validation.csv")
        parts = {k.data: len(table) for k, table in self.shipped.items() if k.protocol == "clips"}
        p = tried.validation_accuracy
        tried = tried.assign(noise=(1.96 * np.sqrt(p * (1 - p) / tried.data.map(parts))).round(3))
        return tried[tried.data.isin(data)]

    def save(self, name: str) -> pd.DataFrame:
        """Write the results to ``metrics/<name>.json``, and bundles, which are returned."""
        rows = self.table.to_dict("records")
        write_json(self.run.path("metrics", f"{name}.json"), dict(results=rows))
        return save_all(self.firsts.values(), self.fits, self.table, self.run)


def gather(
    systems: Sequence[str],
    chosen: Sequence[str],
    run: Run,
    *,
    ready: tuple[Inputs, pd.DataFrame] | None = None,
    train: str = "clips",
    seed: int = 0,
    epochs: int = 0,
    n_jobs: int = -1,
) -> Outcome:
    """Fit the chosen systems, or take them from the cache; read what was saved of all.

    Parameters
    ----------
    systems : sequence of str, those that the notebook is about
    chosen : sequence of str, those of them to fit
    run : Run
    ready : inputs and clip table, or None to extract what each system needs
    train : str, "clips" for one seed under the first protocol, that of the bundle where there is
        one; "all" for every row of the table
    seed : int, the first one
    epochs : int, another upper bound than the systems' own; 0 keeps theirs, of the demo corpus five
    n_jobs : int, processes

    Raises
    ------
    SerlibError, for another word than those two
    """
    if train not in TRAIN:
        raise SerlibError(f"Bad TRAIN {train!r}, expected {' or '.join(map(repr, TRAIN))}")
    here = set((ready[1] if ready else clips_of(run)).corpus)
    keys = keys_of(chosen, here, seed=seed)
    keys = keys if train == "all" else _firsts(chosen, keys)
    how = dict(ready=ready, epochs=epochs or (_DEMO_EPOCHS if run.demo else None), n_jobs=n_jobs)
    fits, own = run_keys(keys, run, **how) if chosen else ({}, {})
    shipped = predictions.read(run.project.artifacts / "predictions", systems)
    histories = read_histories(run.project.artifacts / "histories", systems)
    histories |= {key: [fit.history for fit in folds] for key, folds in fits.items()}
    firsts = {key.system: key for key in (*_firsts(systems, shipped), *_firsts(systems, own))}
    firsts = {name: firsts[name] for name in systems if name in firsts}
    return Outcome(run, fits, own, shipped, histories, firsts)


def _firsts(systems: Sequence[str], keys: Iterable[Key]) -> list[Key]:
    """Return of each system the first key, of its bundle's protocol before others."""
    keys = sorted(keys, key=lambda key: not PROTOCOLS[key.protocol].bundled)
    found = {key.system: key for key in reversed(keys)}
    return [found[name] for name in systems if name in found]


def introduce(systems: Sequence[str], chosen: Sequence[str], run: Run) -> str:
    """Return what each system's name stands for and whether it is fitted now, as Markdown."""
    to_fit = f"To fit: {', '.join(chosen)}." if chosen else _NOTHING
    lines = [f"- `{name}`: {get(name).about}" for name in systems]
    return "\n".join([*lines, "", f"**{run.notice}** {to_fit}" if run.notice else to_fit])


def confusions(tables: dict[str, pd.DataFrame], height: float, *, columns: int = 2) -> Figure:
    """Draw what is confused with what, a panel for each named table of predictions."""
    figure, axes = plots.panels(len(tables), height, columns=columns)
    for ax, (name, scored) in zip(axes, tables.items(), strict=True):
        plots.confusion(scored, ax).tick_params(axis="x", rotation=45)
        ax.tick_params(axis="y", rotation=0)
        right = (scored.emotion == scored.predicted).mean()
        ax.set_title(f"{name}:\n{right:.0%} of {len(scored)} right")
    return figure


def intervals(table: pd.DataFrame) -> Figure:
    """Draw UAR with its interval, a line per row of results, which has a `label`."""
    emotions = table.emotions
    figure, ax = plt.subplots(figsize=(10, 0.36 * len(table) + 1))
    plots.intervals(table, ax, chance=1 / emotions)
    best = table[emotions == emotions.max()].groupby("protocol", sort=False).uar.max()
    best = [f"{uar:.2f} under {name}" for name, uar in best.items()]
    ax.set_title(f"{emotions.max()} emotions: at best {', '.join(best)}")
    return figure
