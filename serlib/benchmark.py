"""System × data × protocol × seed: fit each fold, or take it from the cache; predict; write."""

import gzip
import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path

import joblib
import keras
import numpy as np
import pandas as pd
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from . import models
from .features import FEATURE_COLUMNS
from .files import replacing, write_json
from .splits import Fold, clip_folds, row_fold
from .systems import SYSTEMS, System, classes_of, select
from .training import fit

ID_COLUMNS = ["clip_id", "variant", "path", "corpus", "speaker", "fold", "emotion", "predicted"]


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
    features: pd.DataFrame,
    clips: pd.DataFrame,
    cache: Path,
    epochs: int | None = None,
) -> list[Fit]:
    """Fit and predict every fold of a system under a protocol.

    A fold that the cache holds, by system, data, protocol, fold, seed and a hash of its
    settings and rows, is not fitted again: a run that was killed goes on where it was.

    Parameters
    ----------
    name : str, a system of `SYSTEMS`
    data : str, a data set of `serlib.systems.DATA`
    protocol : str, "rows", "clips" or "speakers"
    seed : int, of weights, batches and dropout
    features : DataFrame, the features table
    clips : DataFrame, the clip table
    cache : Path, the folder of fits
    epochs : int or None, another upper bound than the system's

    Returns
    -------
    list of Fit, one a fold
    """
    if name not in SYSTEMS:
        raise ValueError(f"Bad system {name!r}, expected one of {list(SYSTEMS)}")
    system = SYSTEMS[name]
    if epochs is not None:
        system = replace(system, training=replace(system.training, epochs=epochs))
    chosen = select(clips[clips.clip_id.isin(features.clip_id)], data)
    rows = _label(features, chosen)
    if protocol == "rows":
        folds = [row_fold(len(rows), published=system.published)]
    else:
        folds = [_rows_of(f, chosen, rows, system) for f in clip_folds(chosen, protocol)]
    label = f"{name}__{data}__{protocol}"
    return [_fit_fold(system, label, fold, seed, rows, data, cache) for fold in folds]


def predictions_name(name: str, data: str, protocol: str, seed: int) -> str:
    """Return the file name of a system's out-of-fold predictions."""
    return f"{name}__{data}__{protocol}__seed{seed}.csv.gz"


def write_predictions(fits: list[Fit], path: Path) -> pd.DataFrame:
    """Write the predictions of all folds, sorted, as gzip without name or time: byte-stable."""
    table = pd.concat([fit.predictions for fit in fits], ignore_index=True)
    table = table.sort_values(["clip_id", "variant", "fold"], ignore_index=True)
    with replacing(path) as temporary:
        text = table.to_csv(index=False, float_format="%.4f", lineterminator="\n")
        temporary.write_bytes(gzip.compress(text.encode(), mtime=0))
    return table


def _label(features: pd.DataFrame, chosen: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the chosen clips, with the emotions of the data's label set."""
    rows = features[features.clip_id.isin(chosen.clip_id)]
    emotion = rows.clip_id.map(chosen.set_index("clip_id").emotion)
    return rows.assign(emotion=emotion).reset_index(drop=True)


def _rows_of(fold: Fold, clips: pd.DataFrame, rows: pd.DataFrame, system: System) -> Fold:
    """Turn a fold of clips into one of rows: variants to train on, clips as recorded else."""

    def where(part: np.ndarray, variants: tuple[str, ...]) -> np.ndarray:
        inside = rows.clip_id.isin(clips.clip_id.iloc[part]) & rows.variant.isin(variants)
        return np.flatnonzero(inside)

    recorded = ("original",)
    return Fold(
        fold.name,
        where(fold.train, system.variants),
        where(fold.validation, recorded),
        where(fold.test, recorded),
    )


def _fit_fold(
    system: System,
    label: str,
    fold: Fold,
    seed: int,
    rows: pd.DataFrame,
    data: str,
    cache: Path,
) -> Fit:
    classes = classes_of(data)
    folder = cache / f"{label}__fold{fold.name}__seed{seed}__{_digest(system, fold, rows)}"
    if not (folder / "history.json").exists():  # written last
        _train(system, label, fold, seed, rows, classes, folder)
    history = json.loads((folder / "history.json").read_text())
    proba = np.load(folder / "proba.npy")
    table = rows.iloc[fold.test][["clip_id", "variant", "path", "corpus", "speaker", "emotion"]]
    table = table.assign(fold=fold.name, predicted=np.array(classes)[proba.argmax(axis=1)])
    columns = {f"p_{emotion}": proba[:, i] for i, emotion in enumerate(classes)}
    return Fit(folder, history, table[ID_COLUMNS].assign(**columns))


def _train(
    system: System,
    label: str,
    fold: Fold,
    seed: int,
    rows: pd.DataFrame,
    classes: tuple[str, ...],
    folder: Path,
) -> None:
    keras.utils.set_random_seed(seed)
    # float32 as in prediction: the scaler then sees what the front end gives.
    X = rows[FEATURE_COLUMNS].to_numpy(dtype=np.float32)
    encoder = OneHotEncoder(categories=[list(classes)], sparse_output=False)
    Y = encoder.fit_transform(rows[["emotion"]].to_numpy(dtype=object))
    scaler = StandardScaler().fit(X[fold.train])
    X = scaler.transform(X)[..., None]
    model = getattr(models, system.network)(X.shape[1:], len(classes))
    parts = [(X[part], Y[part]) for part in (fold.train, fold.validation)]
    description = f"{label} fold {fold.name}"
    history = fit(model, *parts, system.training, description=description)
    proba = model.predict(X[fold.test], batch_size=256, verbose=0)
    folder.mkdir(parents=True, exist_ok=True)
    with replacing(folder / "model.keras") as temporary:
        model.save(temporary)
    for name, part in (("scaler", scaler), ("encoder", encoder)):
        with replacing(folder / f"{name}.joblib") as temporary:
            joblib.dump(part, temporary)
    with replacing(folder / "proba.npy") as temporary:
        np.save(temporary, proba)
    write_json(folder / "history.json", history)


def _digest(system: System, fold: Fold, rows: pd.DataFrame) -> str:
    """Return a short hash of everything that a fit depends on."""
    digest = hashlib.sha256(json.dumps(system.settings(), sort_keys=True).encode())
    digest.update(rows[FEATURE_COLUMNS].to_numpy(dtype=np.float32).tobytes())
    digest.update("|".join(rows.emotion).encode())
    for part in (fold.train, fold.validation, fold.test):
        digest.update(np.ascontiguousarray(part, dtype="<i8").tobytes())
    return digest.hexdigest()[:12]
