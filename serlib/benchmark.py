"""System × data × protocol × seed: which folds to fit, their place in the cache, predictions."""

import gzip
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

from . import baselines, models
from .datasets import DATA, beside, classes_of, select
from .errors import CorpusError
from .files import replacing
from .fits import Task
from .inputs import Inputs
from .splits import ENROLMENTS, Fold, clip_folds, row_fold
from .systems import System, get


def plan(
    name: str,
    data: str,
    protocol: str,
    seed: int,
    *,
    inputs: Inputs,
    clips: pd.DataFrame,
    cache: Path,
    epochs: int | None = None,
) -> list[Task]:
    """Return what there is to fit of a system under a protocol, fold by fold.

    A fold that the cache holds, by system, data, protocol, fold, seed and a hash of its
    settings, rows and libraries, is not fitted again: a run that was killed goes on where it
    was, in the middle of a fold after its last whole epoch.

    Parameters
    ----------
    name : str, a system of `SYSTEMS`
    data : str, a data set of `serlib.datasets.DATA`
    protocol : str, one of `serlib.splits.PROTOCOLS`
    seed : int, of weights, batches and dropout
    inputs : Inputs, of the system's front end and variants
    clips : DataFrame, the clip table
    cache : Path, the folder of fits
    epochs : int or None, another upper bound than the system's

    Returns
    -------
    list of Task, one a fold

    Raises
    ------
    CorpusError
        If the clips do not allow the split, or leave a fold without an emotion to train on.
    """
    system = get(name)
    if epochs is not None:
        system = replace(system, training=replace(system.training, epochs=epochs))
    clips = clips[clips.clip_id.isin(inputs.rows.clip_id)]
    chosen = select(clips, data, across=protocol == "corpora")
    others = beside(clips, system.beside, chosen)
    inputs = inputs.of(pd.concat([chosen, others], ignore_index=True))
    if protocol == "rows":
        folds = [row_fold(len(inputs.rows), published=system.published)]
    else:
        folds = _clip_folds(chosen, data, protocol)
        if system.whole:
            folds = [replace(_merged(f), validation=f.validation[:0]) for f in folds]
        elif system.published:  # its source left no clips aside: see `_parts`
            folds = [_merged(f) for f in folds]
        folds = [_rows_of(f, chosen, others, inputs.rows, system.variants) for f in folds]
    label = f"{name}__{data}__{'speakers' if protocol in ENROLMENTS else protocol}"
    return [_task(system, label, fold, seed, inputs, data, cache) for fold in folds]


def epochs_of(
    name: str, data: str, protocol: str, clips: pd.DataFrame, epochs: int | None = None
) -> int:
    """Return how many epochs all folds may take; none if the clips do not allow it."""
    across = protocol == "corpora"
    try:
        chosen = select(clips, data, across=across)
        if across:
            folds = chosen.corpus.nunique() - 1
        else:
            folds = 1 if protocol == "rows" else len(_clip_folds(chosen, data, protocol))
    except CorpusError:
        return 0
    return folds * (epochs or get(name).training.epochs)


def write_predictions(folds: Sequence[pd.DataFrame], path: Path) -> pd.DataFrame:
    """Write the predictions of all folds, sorted, as gzip without name or time: byte-stable."""
    table = pd.concat(folds, ignore_index=True)
    table = table.sort_values(["clip_id", "variant", "fold"], ignore_index=True)
    with replacing(path) as temporary:
        text = table.to_csv(index=False, float_format="%.4f", lineterminator="\n")
        temporary.write_bytes(gzip.compress(text.encode(), mtime=0))
    return table


def _clip_folds(chosen: pd.DataFrame, data: str, protocol: str) -> list[Fold]:
    return clip_folds(chosen, protocol, scored=DATA[data].corpora[0])


def _merged(fold: Fold) -> Fold:
    return replace(fold, train=np.union1d(fold.train, fold.validation))


def _rows_of(
    fold: Fold,
    clips: pd.DataFrame,
    others: pd.DataFrame,
    rows: pd.DataFrame,
    variants: tuple[str, ...],
) -> Fold:
    """Turn a fold of clips into one of rows: variants to train on, clips as recorded else.

    Of the others those train that are of a speaker and a sentence which train anyway.
    """
    train, validation, test = (
        clips.iloc[part] for part in (fold.train, fold.validation, fold.test)
    )
    said = others.merge(train[["speaker", "statement"]].drop_duplicates())
    train = [*train.clip_id, *said.clip_id]

    def where(clip_ids: Iterable[str], variants: tuple[str, ...]) -> np.ndarray:
        return np.flatnonzero(rows.clip_id.isin(clip_ids) & rows.variant.isin(variants))

    recorded = ("original",)
    return Fold(
        fold.name,
        where(train, variants),
        where(validation.clip_id, recorded),
        where(test.clip_id, recorded),
    )


def _task(
    system: System, label: str, fold: Fold, seed: int, inputs: Inputs, data: str, cache: Path
) -> Task:
    classes = classes_of(data)
    emotions = inputs.rows.emotion
    needed = classes if isinstance(fold.name, int) else set(emotions.iloc[fold.test])
    lacking = [c for c in needed if c not in set(emotions.iloc[fold.train])]
    if lacking:
        raise CorpusError(
            f"fold {fold.name}: no clip of {lacking} is left to train on; the clips are too few, "
            f"or not all of {data}"
        )
    folder = cache / f"{label}__fold{fold.name}__seed{seed}__{_digest(system, fold, inputs)}"
    network = getattr(baselines if system.baseline else models, system.network)
    return Task(system, network, fold, seed, inputs, classes, folder)


def _digest(system: System, fold: Fold, inputs: Inputs) -> str:
    """Return a short hash of what a fit depends on; the code of the network is not in it."""
    versions = {name: version(name) for name in ("keras", "scikit-learn")}
    what = [system.settings(), versions]
    if system.baseline:
        what.append(getattr(baselines, system.network)().get_params())
    settings = json.dumps(what, sort_keys=True)
    digest = hashlib.sha256(settings.encode())
    digest.update(np.ascontiguousarray(inputs.X))
    digest.update("|".join(inputs.rows.emotion).encode())
    for part in (fold.train, fold.validation, fold.test):
        digest.update(np.ascontiguousarray(part, dtype="<i8").tobytes())
    return digest.hexdigest()[:12]
