"""From a run's clips to the inputs of a system: its front end, its variants, its clips."""

import pandas as pd

from .benchmark import Inputs
from .extraction import extract_arrays
from .project import CACHE, Run
from .systems import System, select


def prepare(
    system: System, run: Run, data: str, *, n_jobs: int = -1
) -> tuple[Inputs, pd.DataFrame]:
    """Extract what a system needs of the clips of a data set, or take it from the cache.

    Parameters
    ----------
    system : System
    run : Run
    data : str, a data set of `serlib.systems.DATA`
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
    clips = run.clips()
    chosen = select(clips, data)
    rows, X, _ = extract_arrays(
        clips[clips.clip_id.isin(chosen.clip_id)],
        run.data,
        cache=CACHE / "features.sqlite",
        front_end=system.front_end,
        variants=tuple(sorted({"original", *system.variants})),
        n_jobs=n_jobs,
    )
    return Inputs(rows, X), clips
