"""The plan: which folds of a system there are to fit, and where each is kept."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import keras
import numpy as np
import pandas as pd

from ..corpora import DATA, PROTOCOLS, Fold, auxiliary, classes_of, row_fold, select
from ..errors import CorpusError, SerlibError
from ..systems import Key, System, get
from .fold import FoldTask
from .inputs import Inputs
from .kinds import kind_of

_VERSION = 2  # raise it when what a fit computes changes: older fits are then not read


def plan(
    key: Key, *, inputs: Inputs, clips: pd.DataFrame, cache: Path, epochs: int | None = None
) -> list[FoldTask]:
    """Return what there is to fit of a key, fold by fold.

    A fold that the cache holds, by its key and a hash of what it depends on (settings, the
    model's own configuration, features, labels, division, libraries), is not fitted again: a run
    that was killed goes on where it was, in the middle of a fold after its last whole epoch.

    Parameters
    ----------
    key : Key
    inputs : Inputs, of the system's front end and variants
    clips : DataFrame, the clip table
    cache : Path, the folder of fits
    epochs : int or None, another upper bound than the system's

    Returns
    -------
    list of FoldTask, one a fold

    Raises
    ------
    CorpusError
        If the clips do not allow the split, or leave a fold without an emotion to train on.
    SerlibError
        If the system's model cannot be trained beside an auxiliary channel.
    """
    system, protocol = get(key.system), PROTOCOLS[key.protocol]
    if epochs is not None:
        system = replace(system, training=replace(system.training, epochs=epochs))
    clips = clips[clips.clip_id.isin(inputs.rows.clip_id)]
    chosen = select(clips, key.data, across=protocol.across)
    others = auxiliary(clips, system.auxiliary_channel, chosen)
    inputs = inputs.of(pd.concat([chosen, others], ignore_index=True))
    if protocol.of_rows:
        folds = [row_fold(len(inputs.rows), published=system.published)]
    else:
        folds = _clip_folds(key, chosen)
        if system.train_on_validation:
            folds = [replace(_merged(f), validation=f.validation[:0]) for f in folds]
        elif system.published:  # its source left no clips aside: see the worker
            folds = [_merged(f) for f in folds]
        folds = [_rows_of(f, chosen, others, inputs.rows, system.variants) for f in folds]
    settings = system.settings() | dict(model=_configuration(system, inputs, key))
    fitted_as = key._replace(protocol=protocol.fits)
    common = _digest(settings, inputs)
    return [_task(system, fitted_as, fold, inputs, common, cache) for fold in folds]


def epochs_of(key: Key, clips: pd.DataFrame, epochs: int | None = None) -> int:
    """Return how many epochs all folds may take; none if the clips do not allow it."""
    protocol = PROTOCOLS[key.protocol]
    try:
        chosen = select(clips, key.data, across=protocol.across)
        folds = 1 if protocol.of_rows else len(_clip_folds(key, chosen))
    except CorpusError:
        return 0
    return folds * (epochs or get(key.system).training.epochs)


def _clip_folds(key: Key, chosen: pd.DataFrame) -> list[Fold]:
    folds, wanted = PROTOCOLS[key.protocol].folds(chosen, DATA[key.data].corpora), get(key.system)
    return [fold for fold in folds if not wanted.folds or fold.name in wanted.folds]


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
    parts = (clips.iloc[part] for part in (fold.train, fold.validation, fold.test))
    train, validation, test = parts
    said = others.merge(train[["speaker", "statement"]].drop_duplicates())

    def where(clip_ids: Iterable[str], variants: tuple[str, ...]) -> np.ndarray:
        return np.flatnonzero(rows.clip_id.isin(clip_ids) & rows.variant.isin(variants))

    recorded = ("original",)
    return Fold(
        fold.name,
        where([*train.clip_id, *said.clip_id], variants),
        where(validation.clip_id, recorded),
        where(test.clip_id, recorded),
    )


def _configuration(system: System, inputs: Inputs, key: Key) -> dict:
    """Return what the system's model is made of; refuse one that its data cannot train.

    The speakers are of it, where its `fit` is told of them.
    """
    keras.utils.clear_session()  # numbers the layers' names from the beginning
    kind, shape = kind_of(system), system.front_end.as_input(inputs.X[:1]).shape[1:]
    model = system.network(shape, len(classes_of(key.data, inputs.rows.emotion)))
    if system.auxiliary_channel and not kind.takes(model, "others"):
        raise SerlibError(
            f"{system.name}: cannot be trained beside its auxiliary_channel "
            f"{system.auxiliary_channel!r}, since the `fit` of its model takes no `others`: the "
            "clips would be of none of its classes. Leave the channel out, or use a discriminant."
        )
    told = dict(speakers=[*inputs.rows.speaker]) if kind.takes(model, "speakers") else {}
    return kind.configuration(model) | told


def _task(
    system: System, key: Key, fold: Fold, inputs: Inputs, common: "hashlib._Hash", cache: Path
) -> FoldTask:
    emotions = inputs.rows.emotion
    classes = classes_of(key.data, emotions)
    needed = classes if isinstance(fold.name, int) else set(emotions.iloc[fold.test])
    lacking = [c for c in needed if c not in set(emotions.iloc[fold.train])]
    if lacking:
        raise CorpusError(
            f"fold {fold.name}: no clip of {lacking} is left to train on; the clips are too few, "
            f"or not all of {key.data}"
        )
    digest = common.copy()
    for part in (fold.train, fold.validation, fold.test):
        digest.update(np.ascontiguousarray(part, dtype="<i8").tobytes())
    digest = digest.hexdigest()[:12]
    name = f"{'__'.join(key.row)}__fold{fold.name}__seed{key.seed}__{digest}"
    return FoldTask(system, fold, key.seed, inputs, classes, cache / name)


def _digest(settings: dict, inputs: Inputs) -> "hashlib._Hash":
    """Return a hash of what all fits of a key depend on."""
    versions = {name: version(name) for name in ("keras", "scikit-learn")}
    what = [_VERSION, settings, versions]
    digest = hashlib.sha256(json.dumps(what, sort_keys=True, default=str).encode())
    digest.update(np.ascontiguousarray(inputs.X))
    digest.update("|".join(inputs.rows.emotion).encode())
    return digest
