"""Experiments: from a run's clips to fits, predictions and their files, key by key."""

from collections.abc import Iterable
from itertools import groupby

import numpy as np
import pandas as pd

from . import results
from .benchmark import epochs_of, plan, write_predictions
from .bundle import Bundle, card, save_bundle
from .catalogue import place
from .datasets import beside, classes_of, select
from .errors import CorpusError
from .extraction import extract_arrays
from .files import write_json
from .fits import Fit, Task
from .fitting import fit_all
from .inputs import Inputs
from .joint import Joint, JointScaler, Played, average
from .models import join
from .progress import Progress
from .project import CACHE, Run
from .results import Key
from .splits import ENROLMENTS
from .synthesis import synthesise
from .systems import System, about, get


def prepare(
    system: System, run: Run, data: str, *, across: bool = False, n_jobs: int = -1
) -> tuple[Inputs, pd.DataFrame]:
    """Extract what a system needs of the clips of a data set, or take it from the cache.

    Parameters
    ----------
    system : System
    run : Run
    data : str, a data set of `serlib.datasets.DATA`
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
    clips = run.clips()
    chosen = select(clips, data, across=across)
    others = beside(clips, system.beside, chosen)
    if system.beside and others.empty:
        print(f"{system.name}: {data} has no {system.beside}, so it is trained without")
    rows, X, problems = extract_arrays(
        clips[clips.clip_id.isin([*chosen.clip_id, *others.clip_id])],
        run.data,
        cache=CACHE / "features.sqlite",
        front_end=system.front_end,
        variants={"original", *system.variants, *system.also_heard},
        n_jobs=n_jobs,
    )
    for problem in problems.itertuples():
        print(f"left out: {problem.path}: {problem.problem}")
    return Inputs(rows, X), clips


def fit(
    keys: Iterable[Key],
    run: Run,
    *,
    ready: tuple[Inputs, pd.DataFrame] | None = None,
    epochs: int | None = None,
    n_jobs: int = -1,
) -> tuple[dict[Key, list[Fit]], dict[Key, pd.DataFrame]]:
    """Fit each key, or take it from the cache; write its predictions to the run's folder.

    Parameters
    ----------
    keys : iterable of (system, data, protocol, seed)
    run : Run
    ready : inputs and clip table of all keys, or None to `prepare` each one's own
    epochs : int or None, another upper bound than the systems' own
    n_jobs : int, processes that compute features

    Returns
    -------
    fits : dict, key -> a fit per fold; for what a system averages, the keys are its parts'
    predictions : dict, key -> its out-of-fold predictions, and those of its parts

    Raises
    ------
    CorpusError
        If the clips allow no key. One that they do not allow beside others is left out, aloud.
    """
    fits, predictions, keys = {}, {}, list(keys)
    single = dict.fromkeys(part for key in keys for part in results.parts_of(key))
    refused = "no data set of these systems is among the clips; `serlib download` has more"
    how = dict(cache=CACHE / "fits", epochs=epochs)
    clips = ready[1] if ready else run.clips()
    progress = Progress(sum(epochs_of(*key[:3], clips, epochs) for key in _fitted_once(single)))
    for (name, data, across), group in groupby(single, key=lambda k: (*k[:2], k[2] == "corpora")):
        tasks, material = {}, ready
        for key in group:
            try:
                material = material or prepare(get(name), run, data, across=across, n_jobs=n_jobs)
                tasks[key] = plan(*key, inputs=material[0], clips=material[1], **how)
            except CorpusError as error:
                refused = f"{' '.join(key[:3])}: {error}"
                print("left out:", refused)
        fit_all([task for folds in tasks.values() for task in folds], progress, n_jobs=n_jobs)
        for key, folds in tasks.items():
            fits[key] = [task.result() for task in folds]
            predictions[key] = _write(key, folds, run)
    progress.close()
    if not fits:
        raise CorpusError(refused)
    return fits, predictions | _averages(keys, predictions, run)


def save_all(
    keys: Iterable[Key], fits: dict[Key, list[Fit]], table: pd.DataFrame, run: Run
) -> pd.DataFrame:
    """Save the bundle of each key of `clips` whose fits are here, if its system is offered.

    Parameters
    ----------
    keys : iterable of (system, data, protocol, seed), those that bundles are made of
    fits : dict, key -> a fit per fold, as `fit` returns it
    table : DataFrame, from `serlib.results.table_of`; a card quotes those of the run's own kind
    run : Run

    Returns
    -------
    DataFrame
        What was saved, by the bundle's place: number of parameters, classes
    """
    figures, saved = table[table.notice == run.notice], {}
    for key in keys:
        able = get(key[0]).offered and key[2] == "clips"
        if able and set(results.parts_of(key)) <= set(fits):
            bundle = save(key, fits, figures, run)
            size, classes = bundle["model"].count_params(), ", ".join(bundle["classes"])
            saved[place(key[0])] = dict(parameters=f"{size:,}", classes=classes)
    return pd.DataFrame(saved, index=["parameters", "classes"]).T


def save(key: Key, fits: dict[Key, list[Fit]], table: pd.DataFrame, run: Run) -> Bundle:
    """Write the bundle of a fit to its place in the run's folder, with its model card.

    Parameters
    ----------
    key : (system, data, protocol, seed)
    fits : dict, key -> fits, with those of the key or of its parts
    table : DataFrame, from `serlib.results.summarise`, of the figures on the card
    run : Run
    """
    rng = np.random.default_rng(0)
    parts = [(part[0], fits[part][0]) for part in results.parts_of(key)]
    several = get(key[0]).members or get(key[0]).also_heard
    fitted = _joined(parts, get(key[0]).temperature) if several else _single(key, fits[key][0])
    return save_bundle(
        run.path(place(key[0])),
        **fitted,
        classes=classes_of(key[1]),
        reference=synthesise("happy", speaker="02", sentence="kids", rng=rng),
        card=card(key[0], table, **about(key[0])),
    )


def _averages(
    keys: Iterable[Key], predictions: dict[Key, pd.DataFrame], run: Run
) -> dict[Key, pd.DataFrame]:
    """Return, and write, the predictions of the keys whose parts are all there."""
    tables = {}
    for key in keys:
        parts = results.parts_of(key)
        if key not in predictions and set(parts) <= set(predictions):
            table = average([predictions[part] for part in parts], get(key[0]).temperature)
            tables[key] = write_predictions([table], run.path("predictions", results.name(key)))
    return tables


def _fitted_once(keys: Iterable[Key]) -> set[Key]:
    """Return the keys that are fitted: enrolment takes the fits of `speakers`."""
    return {(*key[:2], "speakers", key[3]) if key[2] in ENROLMENTS else key for key in keys}


def _single(key: Key, fit: Fit) -> dict:
    return dict(model=fit.model, scaler=fit.scaler, extractor=get(key[0]).front_end)


def _joined(parts: list[tuple[str, Fit]], temperature: float) -> dict:
    """Return model, scaler and front end of what averages these fits of systems."""
    ears, scalers, members = [], [], []  # ears: front ends, each with the rows its scaler saw
    for name, fit in parts:
        system = get(name)
        hears = []
        for variant in ("original", *system.also_heard):
            plain = variant == "original"
            front_end = system.front_end if plain else Played(system.front_end, variant)
            ear = front_end, system.variants, system.whole or system.published
            if ear not in ears:
                ears.append(ear)
                scalers.append(fit.scaler)
            hears.append(ears.index(ear))
        members.append((hears, fit.model))
    joint = Joint(tuple(front_end for front_end, *_ in ears))
    model = join(joint, members, temperature)
    return dict(model=model, scaler=JointScaler(joint, scalers), extractor=joint)


def _write(key: Key, tasks: list[Task], run: Run) -> pd.DataFrame:
    path, folds = run.path("predictions", results.name(key)), [task.result() for task in tasks]
    if key[2] in ENROLMENTS:
        return write_predictions([task.enrolled(key[2]) for task in tasks], path)
    histories = [
        {name: [round(value, 5) for value in values] for name, values in fit.history.items()}
        for fit in folds
    ]
    if any(histories):  # a baseline has none
        write_json(run.path("histories", results.name(key, ".json")), dict(folds=histories))
    return write_predictions([fit.predictions for fit in folds], path)
