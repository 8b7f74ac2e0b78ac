"""A run of fits: from keys to fitted folds and files of predictions."""

from collections.abc import Iterable
from itertools import groupby

import pandas as pd

from ..corpora import PROTOCOLS, clips_of
from ..errors import CorpusError
from ..evaluation import Predictions, average
from ..paths import Run
from ..systems import Key, get, members_of
from .fold import FittedFold, write_answers
from .inputs import Inputs, prepare
from .plan import epochs_of, plan
from .progress import Progress
from .worker import fit_folds


def run_keys(
    keys: Iterable[Key],
    run: Run,
    *,
    ready: tuple[Inputs, pd.DataFrame] | None = None,
    epochs: int | None = None,
    n_jobs: int = -1,
) -> tuple[dict[Key, list[FittedFold]], Predictions]:
    """Fit each key, or take it from the cache; write its predictions to the run's folder.

    Parameters
    ----------
    keys : iterable of Key
    run : Run
    ready : inputs and clip table of all keys, or None to `prepare` each one's own
    epochs : int or None, another upper bound than the systems' own
    n_jobs : int, processes that compute features and fit

    Returns
    -------
    fits : dict, key -> a fitted fold each; for what a system averages, the keys are its members'
    answers : dict, key -> its out-of-fold predictions, and those of its members

    Raises
    ------
    CorpusError
        If the clips allow no key. One that they do not allow beside others is left out, aloud.
    """
    fits, answers, keys = {}, {}, list(keys)
    single = dict.fromkeys(part for key in keys for part in members_of(key))
    refused = "no data set of these systems is among the clips; `serlib download` has more"
    how = dict(cache=run.project.cache / "fits", epochs=epochs)
    clips = ready[1] if ready else clips_of(run)
    progress = Progress(sum(epochs_of(key, clips, epochs) for key in _fitted_once(single)))
    for (name, data, across), group in groupby(single, key=_material):
        tasks, material = {}, ready
        for key in group:
            try:
                material = material or prepare(get(name), run, data, across=across, n_jobs=n_jobs)
                tasks[key] = plan(key, inputs=material[0], clips=material[1], **how)
            except CorpusError as error:
                refused = f"{key}: {error}"
                print("left out:", refused)
        fit_folds([task for folds in tasks.values() for task in folds], progress, n_jobs=n_jobs)
        for key, folds in tasks.items():
            fits[key] = [task.result() for task in folds]
            answers[key] = write_answers(key, folds, run)
    progress.close()
    if not fits:
        raise CorpusError(refused)
    return fits, answers | _averages(keys, answers)


def _material(key: Key) -> tuple[str, str, bool]:
    """Return what keys must share to be fitted on the same features."""
    return key.system, key.data, PROTOCOLS[key.protocol].across


def _fitted_once(keys: Iterable[Key]) -> set[Key]:
    """Return the keys that are fitted: enrolment takes the fits of `speakers`."""
    return {key._replace(protocol=PROTOCOLS[key.protocol].fits) for key in keys}


def _averages(keys: Iterable[Key], answers: Predictions) -> Predictions:
    """Return the predictions of the keys whose members are all there."""
    averages = {}
    for key in keys:
        members = members_of(key)
        if key not in answers and set(members) <= set(answers):
            tables = [answers[member] for member in members]
            averages[key] = average(tables, get(key.system).temperature)
    return averages
