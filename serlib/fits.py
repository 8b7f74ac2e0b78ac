"""Fits: a fold of a system, what training it takes and leaves; many at once, a core each."""

import json
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import joblib
import keras
import numpy as np
import pandas as pd
from sklearn.base import ClassifierMixin
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from tqdm import tqdm

from . import augment
from .enrolment import enrol
from .features import FEATURE_COLUMNS
from .files import replacing, write_json
from .recipes import System, Training
from .splits import ENROLMENTS, SPLIT_SEED, Fold
from .tables import KEY_COLUMNS
from .training import fit, read_state

DRAWS = 5  # of clips that enrol: one draw of three clips may be off by two points
Model = keras.Model | ClassifierMixin
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
    def model(self) -> Model:
        if (self.folder / "model.joblib").exists():
            return joblib.load(self.folder / "model.joblib")
        return keras.saving.load_model(self.folder / "model.keras", compile=False)

    @property
    def scaler(self) -> StandardScaler:
        return joblib.load(self.folder / "scaler.joblib")

    @property
    def encoder(self) -> OneHotEncoder:
        return joblib.load(self.folder / "encoder.joblib")


@dataclass(frozen=True)
class Task:
    """A fold to fit: everything that training it takes, and the folder for what it leaves."""

    system: System
    network: Callable[[tuple[int, ...], int], Model]
    fold: Fold
    seed: int
    inputs: Inputs
    classes: tuple[str, ...]
    folder: Path

    @property
    def done(self) -> bool:
        return (self.folder / "history.json").exists()  # written last

    @property
    def epochs(self) -> int:
        """How many epochs are behind it, as many as there can be once it is done."""
        if self.done:
            return self.system.training.epochs
        return read_state(self.folder / "unfinished")["epochs"]

    def result(self) -> Fit:
        """Return the fit, once it is done."""
        history = json.loads((self.folder / "history.json").read_text())
        proba = np.load(self.folder / "proba.npy")
        table = self.inputs.rows.iloc[self.fold.test]
        table = table.assign(fold=self.fold.name, predicted="")[ID_COLUMNS]
        return Fit(self.folder, history, self._answers(table, proba))

    def enrolled(self, protocol: str) -> pd.DataFrame:
        """Return the predictions of a fit that is done, each speaker enrolled with own clips.

        Parameters
        ----------
        protocol : str, one of `serlib.splits.ENROLMENTS`

        Returns
        -------
        DataFrame, as the predictions of a `Fit`
            Without the clips that enrol, unless all do; without speakers who have too few.
            Where clips are drawn, `DRAWS` times over, with ten more for the fold each time.
        """
        count, emotion = ENROLMENTS[protocol]
        fit, tables = self.result(), []
        model, scaler, X = fit.model, fit.scaler, self.inputs.X[self.fold.test]
        people = list(fit.predictions.reset_index(drop=True).groupby("speaker"))
        for draw, (_, clips) in product(range(DRAWS if count else 1), people):
            # The draw is part of the protocol, as the splits are: the same for every system.
            rng = np.random.default_rng([SPLIT_SEED, draw, clips.index[0]])
            able = clips.index if emotion is None else clips.index[clips.emotion == emotion]
            enrolling = scored = clips.index
            if count is not None:
                if len(able) < count or len(clips) == count:
                    continue
                enrolling = rng.choice(able, count, replace=False)
                scored = clips.index.drop(enrolling)
            Z = enrol(scaler, X[enrolling]).transform(X[scored])
            proba = probabilities(model, self.system.front_end.as_input(Z), len(self.classes))
            rows = clips.loc[scored].assign(fold=self.fold.name + 10 * draw)
            tables.append(self._answers(rows, proba))
        return pd.concat(tables or [fit.predictions.head(0)], ignore_index=True)

    def _answers(self, rows: pd.DataFrame, proba: np.ndarray) -> pd.DataFrame:
        columns = {f"p_{emotion}": proba[:, i] for i, emotion in enumerate(self.classes)}
        return rows.assign(predicted=np.array(self.classes)[proba.argmax(axis=1)], **columns)


def fit_all(tasks: list[Task], *, n_jobs: int = -1) -> None:
    """Fit what is not done yet, each in a process and on a thread of its own.

    Networks of this size gain little from a second thread, recurrent ones nothing; and sums
    are rounded alike whatever the number of processes.

    Parameters
    ----------
    tasks : list of Task
    n_jobs : int, processes, as joblib counts them
    """
    left = list({task.folder: task for task in tasks if not task.done}.values())
    if left:
        with _progress(left), joblib.parallel_config("loky", inner_max_num_threads=1):
            jobs = (joblib.delayed(_train)(task, os.getpid()) for task in left)
            joblib.Parallel(n_jobs=n_jobs)(jobs)


@contextmanager
def _progress(tasks: list[Task]) -> Iterator[None]:
    """Show the epochs of all fits in one bar; early stopping makes it jump ahead."""
    stop = threading.Event()
    total = sum(task.system.training.epochs for task in tasks)
    bar = tqdm(total=total, initial=sum(task.epochs for task in tasks), unit="epoch")
    bar.set_description(tasks[0].system.name)

    def show() -> None:
        bar.set_postfix_str(f"{sum(t.done for t in tasks)} of {len(tasks)} fits", refresh=False)
        bar.update(max(sum(task.epochs for task in tasks) - bar.n, 0))

    def watch() -> None:
        while not stop.wait(1):
            show()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        stop.set()
        watcher.join()
        show()
        bar.close()


class _Orphan(keras.callbacks.Callback):
    """End a process whose run was killed: another run may have taken up its fit by now."""

    def __init__(self, parent: int):
        super().__init__()
        self.parent = parent

    def on_train_batch_begin(self, batch, logs=None):
        if os.getppid() != self.parent:
            os._exit(1)


def _train(task: Task, asker: int) -> None:
    """Fit a task for the process `asker`, and write what the fit leaves."""
    os.environ["TF_NUM_INTRAOP_THREADS"] = "1"  # read when the process's first network is made
    keras.utils.clear_session()
    keras.utils.set_random_seed(task.seed)
    system, fold = task.system, task.fold
    emotions = task.inputs.rows[["emotion"]].to_numpy(dtype=object)
    encoder = OneHotEncoder(categories=[list(task.classes)], sparse_output=False)
    Y = encoder.fit_transform(emotions)
    scaler = system.front_end.scaler().fit(task.inputs.X[fold.train])
    parts = _parts(system, fold, scaler.transform(task.inputs.X), Y, task.seed)
    model = task.network(parts[0][0].shape[1:], len(task.classes))
    stored = dict(scaler=scaler, encoder=encoder)
    if isinstance(model, keras.Model):
        weights = _class_weight(system.training, Y[fold.train], task.classes)
        history, proba = _fit_network(task, model, parts, weights, asker)
    else:
        X, labels = parts[0][0].reshape(len(fold.train), -1), Y[fold.train].argmax(axis=1)
        stored["model"], history = model.fit(X, labels), {}
        proba = probabilities(model, parts[2][0], len(task.classes))
    for name, part in stored.items():
        with replacing(task.folder / f"{name}.joblib") as temporary:
            joblib.dump(part, temporary)
    with replacing(task.folder / "proba.npy") as temporary:
        np.save(temporary, proba)
    write_json(task.folder / "history.json", history)
    shutil.rmtree(task.folder / "unfinished", ignore_errors=True)


def _fit_network(
    task: Task,
    model: keras.Model,
    parts: list[tuple[np.ndarray, np.ndarray]],
    class_weight: dict[int, float] | None,
    asker: int,
) -> tuple[dict[str, list[float]], np.ndarray]:
    """Fit a network, write it; return its history and the probabilities of the test part."""
    model, history = fit(
        model,
        *parts[:2],
        task.system.training,
        folder=task.folder / "unfinished",
        seed=task.seed,
        class_weight=class_weight,
        callbacks=[] if os.getpid() == asker else [_Orphan(asker)],
    )
    with replacing(task.folder / "model.keras") as temporary:
        model.save(temporary)
    return history, probabilities(model, parts[2][0], len(task.classes))


def probabilities(model: Model, x: np.ndarray, classes: int) -> np.ndarray:
    """Return the probabilities of inputs, in either kind's way [shape=(n, classes)]."""
    if isinstance(model, keras.Model):
        return model.predict(x, batch_size=256, verbose=0)
    proba = np.zeros((len(x), classes))  # an emotion that no training clip had has none
    proba[:, model.classes_] = model.predict_proba(x.reshape(len(x), -1))
    return proba


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
        if system.published:
            # Keras's validation_split took the last tenth: copies of training clips
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
