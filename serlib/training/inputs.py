"""Inputs: rows of features, and what each is of."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..corpora import auxiliary, clips_of, select
from ..evaluation import probes
from ..features import FEATURE_COLUMNS, KEY_COLUMNS, extract_arrays
from ..paths import Run
from ..systems import System, get


@dataclass(frozen=True)
class Inputs:
    """Rows of features: what each is of, and the features.

    Parameters
    ----------
    rows : DataFrame with `KEY_COLUMNS`
    X : np.ndarray [shape=(rows, *shape of the front end)], float32
    """

    rows: pd.DataFrame
    X: np.ndarray

    @classmethod
    def from_table(cls, features: pd.DataFrame) -> "Inputs":
        """Take the rows of a features table."""
        # float32 as in prediction: the scaler then sees what the front end gives.
        return cls(features[KEY_COLUMNS], features[FEATURE_COLUMNS].to_numpy(dtype=np.float32))

    def of(self, chosen: pd.DataFrame) -> "Inputs":
        """Return the rows of the chosen clips, with the emotions of the data's label set."""
        inside = self.rows.clip_id.isin(chosen.clip_id).to_numpy()
        rows = self.rows[inside].reset_index(drop=True)
        emotion = rows.clip_id.map(chosen.set_index("clip_id").emotion)
        X = self.X if inside.all() else self.X[inside]  # gigabytes, of which one copy is enough
        return Inputs(rows.assign(emotion=emotion), X)

    def views(self, part: np.ndarray, variants: tuple[str, ...] = ()) -> list[np.ndarray]:
        """Return the features of the rows of a part, then those of their clips in each variant."""
        views, clips = [self.X[part]], self.rows.clip_id.iloc[part]
        for variant in variants:
            inside = np.flatnonzero(self.rows.variant == variant)
            place = pd.Series(inside, index=self.rows.clip_id.iloc[inside])
            views.append(self.X[place.loc[clips]])
        return views


def prepare(
    system: System, run: Run, data: str, *, across: bool = False, n_jobs: int = -1
) -> tuple[Inputs, pd.DataFrame]:
    """Extract what a system needs of the clips of a data set, or take it from the cache.

    Parameters
    ----------
    system : System
    run : Run
    data : str, a data set of `serlib.corpora.DATA`
    across : bool, the clips of other corpora too
    n_jobs : int, worker processes

    Returns
    -------
    inputs : Inputs
    clips : DataFrame, the clip table

    Raises
    ------
    CorpusError
        If the run's corpora hold no clip of the data set.
    """
    clips = clips_of(run)
    chosen = select(clips, data, across=across)
    others = auxiliary(clips, system.auxiliary_channel, chosen)
    if system.auxiliary_channel and others.empty:
        print(f"{system.name}: {data} has no {system.auxiliary_channel}, trained without")
    rows, X, problems = extract_arrays(
        clips[clips.clip_id.isin([*chosen.clip_id, *others.clip_id])],
        run.data,
        cache=run.project.cache / "features.sqlite",
        front_end=system.front_end,
        variants={"original", *system.variants, *system.test_time_variants},
        n_jobs=n_jobs,
    )
    for problem in problems.itertuples():
        print(f"left out: {problem.path}: {problem.problem}")
    return Inputs(rows, X), clips


def told_apart(names: Iterable[str], run: Run, *, n_jobs: int = -1) -> pd.Series:
    """Return how often a probe names the corpus of a clip, from what each system sees of it.

    Of the clips of "anywhere", as recorded; `serlib.evaluation.probes.corpus_probe`.
    """
    shares = {}
    for name in names:
        inputs, _ = prepare(get(name), run, "anywhere", n_jobs=n_jobs)
        recorded = (inputs.rows.variant == "original").to_numpy()
        shares[name] = probes.corpus_probe(inputs.rows[recorded], inputs.X[recorded])
    return pd.Series(shares, name="told_apart").rename_axis("system").round(4)
