"""System × data × protocol × seed: fit each fold, or take it from the cache; predict; write."""

import gzip
import hashlib
import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import joblib
import keras
import numpy as np
import pandas as pd
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from . import augment, models
from .errors import CorpusError
from .features import FEATURE_COLUMNS
from .files import replacing, write_json
from .splits import Fold, clip_folds, row_fold
from .systems import System, Training, classes_of, get, select
from .tables import KEY_COLUMNS
from .training import fit

ID_COLUMNS = ["clip_id", "variant", "path", "corpus", "speaker", "fold", "emotion", "predicted"]


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
        return Inputs(rows.assign(emotion=emotion), self.X[inside])


@dataclass(frozen=True)
class Fit:
    """A fitted fold: the folder of its files, its history, and its predictions."""

    folder: Path
    history: dict[str, list[float]]
    predictions: pd.DataFrame

    @property
    def model(self) -> keras.Model:
        return keras.saving.load_model(self.folder / "model.keras", compile=False)

    @property
    def scaler(self) -> StandardScaler:
        return joblib.load(self.folder / "scaler.joblib")

    @property
    def encoder(self) -> OneHotEncoder:
        return joblib.load(self.folder / "encoder.joblib")


def score(
    name: str,
    data: str,
    protocol: str,
    seed: int,
    *,
    inputs: Inputs,
    clips: pd.DataFrame,
    cache: Path,
    epochs: int | None = None,
) -> list[Fit]:
    """Fit and predict every fold of a system under a protocol.

    A fold that the cache holds, by system, data, protocol, fold, seed and a hash of its
    settings and rows, is not fitted again: a run that was killed goes on where it was, in
    the middle of a fold after its last whole epoch.

    Parameters
    ----------
    name : str, a system of `SYSTEMS`
    data : str, a data set of `serlib.systems.DATA`
    protocol : str, "rows", "clips" or "speakers"
    seed : int, of weights, batches and dropout
    inputs : Inputs, of the system's front end and variants
    clips : DataFrame, the clip table
    cache : Path, the folder of fits
    epochs : int or None, another upper bound than the system's

    Returns
    -------
    list of Fit, one a fold

    Raises
    ------
    CorpusError
        If the clips do not allow the split, or leave a fold without an emotion to train on.
    """
    system = get(name)
    if epochs is not None:
        system = replace(system, training=replace(system.training, epochs=epochs))
    chosen = select(clips[clips.clip_id.isin(inputs.rows.clip_id)], data)
    inputs = inputs.of(chosen)
    if protocol == "rows":
        folds = [row_fold(len(inputs.rows), published=system.published)]
    else:
        folds = clip_folds(chosen, protocol)
        if system.whole:
            folds = [replace(_merged(f), validation=f.validation[:0]) for f in folds]
        elif system.published:  # its source left no clips aside: see `_parts`
            folds = [_merged(f) for f in folds]
        folds = [_rows_of(f, chosen, inputs.rows, system.variants) for f in folds]
    label = f"{name}__{data}__{protocol}"
    return [_fit_fold(system, label, fold, seed, inputs, data, cache) for fold in folds]


def write_predictions(fits: list[Fit], path: Path) -> pd.DataFrame:
    """Write the predictions of all folds, sorted, as gzip without name or time: byte-stable."""
    table = pd.concat([fit.predictions for fit in fits], ignore_index=True)
    table = table.sort_values(["clip_id", "variant", "fold"], ignore_index=True)
    with replacing(path) as temporary:
        text = table.to_csv(index=False, float_format="%.4f", lineterminator="\n")
        temporary.write_bytes(gzip.compress(text.encode(), mtime=0))
    return table


def _merged(fold: Fold) -> Fold:
    return replace(fold, train=np.union1d(fold.train, fold.validation))


def _rows_of(
    fold: Fold, clips: pd.DataFrame, rows: pd.DataFrame, variants: tuple[str, ...]
) -> Fold:
    """Turn a fold of clips into one of rows: variants to train on, clips as recorded else."""

    def where(part: np.ndarray, variants: tuple[str, ...]) -> np.ndarray:
        inside = rows.clip_id.isin(clips.clip_id.iloc[part]) & rows.variant.isin(variants)
        return np.flatnonzero(inside)

    recorded = ("original",)
    return Fold(
        fold.name,
        where(fold.train, variants),
        where(fold.validation, recorded),
        where(fold.test, recorded),
    )


def _fit_fold(
    system: System, label: str, fold: Fold, seed: int, inputs: Inputs, data: str, cache: Path
) -> Fit:
    classes = classes_of(data)
    lacking = [c for c in classes if c not in set(inputs.rows.emotion.iloc[fold.train])]
    if lacking:
        raise CorpusError(
            f"fold {fold.name}: no clip of {lacking} is left to train on; the clips are too few, "
            f"or not all of {data}"
        )
    folder = cache / f"{label}__fold{fold.name}__seed{seed}__{_digest(system, fold, inputs)}"
    if not (folder / "history.json").exists():  # written last
        _train(system, f"{label} fold {fold.name}", fold, seed, inputs, classes, folder)
    history = json.loads((folder / "history.json").read_text())
    proba = np.load(folder / "proba.npy")
    table = inputs.rows.iloc[fold.test]
    table = table.assign(fold=fold.name, predicted=np.array(classes)[proba.argmax(axis=1)])
    columns = {f"p_{emotion}": proba[:, i] for i, emotion in enumerate(classes)}
    return Fit(folder, history, table[ID_COLUMNS].assign(**columns))


def _train(
    system: System,
    description: str,
    fold: Fold,
    seed: int,
    inputs: Inputs,
    classes: tuple[str, ...],
    folder: Path,
) -> None:
    keras.utils.set_random_seed(seed)
    emotions = inputs.rows[["emotion"]].to_numpy(dtype=object)
    encoder = OneHotEncoder(categories=[list(classes)], sparse_output=False)
    Y = encoder.fit_transform(emotions)
    scaler = system.front_end.scaler().fit(inputs.X[fold.train])
    train, validation, test = _parts(system, fold, scaler.transform(inputs.X), Y, seed)
    model, history = fit(
        getattr(models, system.network)(train[0].shape[1:], len(classes)),
        train,
        validation,
        system.training,
        folder=folder / "unfinished",
        seed=seed,
        class_weight=_class_weight(system.training, Y[fold.train], classes),
        description=description,
    )
    proba = model.predict(test[0], batch_size=256, verbose=0)
    with replacing(folder / "model.keras") as temporary:
        model.save(temporary)
    for name, part in (("scaler", scaler), ("encoder", encoder)):
        with replacing(folder / f"{name}.joblib") as temporary:
            joblib.dump(part, temporary)
    with replacing(folder / "proba.npy") as temporary:
        np.save(temporary, proba)
    write_json(folder / "history.json", history)
    shutil.rmtree(folder / "unfinished")


def _parts(
    system: System, fold: Fold, X: np.ndarray, Y: np.ndarray, seed: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return training, validation and test part as the network takes them."""
    train, validation, test = (
        (X[part], Y[part]) for part in (fold.train, fold.validation, fold.test)
    )
    if system.copies:
        copies = getattr(augment, system.copies)(train[0], rng=np.random.default_rng(seed))
        train = np.concatenate([train[0], copies]), np.concatenate([train[1], train[1]])
        if (
            system.published
        ):  # Keras's validation_split took the last tenth: copies of training clips
            cut = int(len(train[0]) * 0.9)
            validation = train[0][cut:], train[1][cut:]
            train = train[0][:cut], train[1][:cut]
    return [(system.front_end.as_input(x), y) for x, y in (train, validation, test)]


def _class_weight(
    settings: Training, Y: np.ndarray, classes: tuple[str, ...]
) -> dict[int, float] | None:
    """Return a weight per class: "balanced" as scikit-learn has it, times the emphasis."""
    if not settings.balanced:
        return None
    emphasis = dict(settings.emphasis)
    counts = np.maximum(Y.sum(axis=0), 1)
    return {
        i: len(Y) / (len(classes) * counts[i]) * emphasis.get(name, 1.0)
        for i, name in enumerate(classes)
    }


def _digest(system: System, fold: Fold, inputs: Inputs) -> str:
    """Return a short hash of everything that a fit depends on."""
    digest = hashlib.sha256(json.dumps(system.settings(), sort_keys=True).encode())
    digest.update(inputs.X.tobytes())
    digest.update("|".join(inputs.rows.emotion).encode())
    for part in (fold.train, fold.validation, fold.test):
        digest.update(np.ascontiguousarray(part, dtype="<i8").tobytes())
    return digest.hexdigest()[:12]
