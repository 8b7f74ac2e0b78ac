"""Fitting: many folds at once, a process and a thread each, taken up again after a kill."""

import os
import shutil

import joblib
import keras
import numpy as np

from ..features import Scaler
from ..files import replacing, write_json
from ..systems import Training
from .fold import FoldTask
from .kinds import kind_of
from .progress import Progress
from .train import train_network


def fit_folds(tasks: list[FoldTask], progress: Progress | None = None, *, n_jobs: int = -1) -> None:
    """Fit what is not done yet, each in a process and on a thread of its own.

    Networks of this size gain little from a second thread, recurrent ones nothing; and sums
    are rounded alike whatever the number of processes.

    Parameters
    ----------
    tasks : list of FoldTask
    progress : Progress or None, of a run that has more to fit than these
    n_jobs : int, processes, as joblib counts them
    """
    tasks = list({task.folder: task for task in tasks}.values())
    left = [task for task in tasks if not task.done]
    bar = progress or Progress(sum(task.system.training.epochs for task in tasks))
    if tasks:
        with bar.watch(tasks), joblib.parallel_config("loky", inner_max_num_threads=1):
            jobs = (joblib.delayed(_fit)(task, os.getpid()) for task in left)
            joblib.Parallel(n_jobs=n_jobs)(jobs)
    if progress is None:
        bar.close()


class _Orphan(keras.callbacks.Callback):
    """End a process whose run was killed: another run may have taken up its fit by now."""

    def __init__(self, parent: int):
        super().__init__()
        self.parent = parent

    def on_train_batch_begin(self, batch, logs=None):
        if os.getppid() != self.parent:
            os._exit(1)


def _fit(task: FoldTask, asker: int) -> None:
    """Fit a fold for the process `asker`, and write what the fit leaves."""
    # Read when the process's first network is made. Two operators at a time push each other's
    # numbers out of the cache: S4 takes 0.56 s a batch so, 0.52 one after the other.
    os.environ.update(TF_NUM_INTRAOP_THREADS="1", TF_NUM_INTEROP_THREADS="1")
    keras.utils.clear_session()
    keras.utils.set_random_seed(task.seed)
    system, fold = task.system, task.fold
    emotions = task.inputs.rows.emotion.to_numpy()[:, None]
    Y = (emotions == np.array(task.classes)).astype(float)  # one-hot
    mine = Y[fold.train].any(axis=1)  # the others' emotions are no classes of the system
    scaler = system.front_end.scaler().fit(task.inputs.X[fold.train[mine]])
    parts = _parts(task, scaler, Y)
    model = system.network(parts[0][0].shape[1:], len(task.classes))
    if system.estimator:
        model, history = _fit_estimator(model, task, parts, Y, scaler)
    else:
        model, history = _fit_network(model, task, parts, Y, asker)
    views = task.inputs.views(fold.test, system.test_time_variants)
    proba = task.probabilities(model, [scaler.transform(X) for X in views])
    kind_of(system).save(model, task.folder)
    with replacing(task.folder / "scaler.joblib") as temporary:
        joblib.dump(scaler, temporary)
    with replacing(task.folder / "proba.npy") as temporary:
        np.save(temporary, proba)
    write_json(task.folder / "history.json", history)
    shutil.rmtree(task.folder / "unfinished", ignore_errors=True)


def _fit_network(model, task: FoldTask, parts: list, Y: np.ndarray, asker: int) -> tuple:
    settings = task.system.training
    return train_network(
        model,
        *parts,
        settings,
        folder=task.folder / "unfinished",
        seed=task.seed,
        class_weight=_class_weight(settings, Y[task.fold.train], task.classes),
        callbacks=[] if os.getpid() == asker else [_Orphan(asker)],
    )


def _fit_estimator(model, task: FoldTask, parts: list, Y: np.ndarray, scaler: Scaler) -> tuple:
    train, (X, _) = task.fold.train, parts[0]
    X, mine = X.reshape(len(train), -1), Y[train].any(axis=1)
    rows, more = task.inputs.rows.iloc[train], {}
    if not mine.all():  # clips that are of none of the classes
        more["others"] = X[~mine], rows.emotion.to_numpy()[~mine]
    known = dict(speakers=rows.speaker.to_numpy()[mine], scaler=scaler, names=task.classes)
    more |= {k: v for k, v in known.items() if kind_of(task.system).takes(model, k)}
    return model.fit(X[mine], Y[train][mine].argmax(axis=1), **more), {}


def _parts(task: FoldTask, scaler: Scaler, Y: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return training and validation part as the network takes them."""
    system, fold, X = task.system, task.fold, task.inputs.X
    train, validation = (
        (scaler.transform(X[part]) if len(part) else X[part], Y[part])
        for part in (fold.train, fold.validation)
    )
    if system.copies:
        copies = system.copies(train[0], rng=np.random.default_rng(task.seed))
        train = np.concatenate([train[0], copies]), np.concatenate([train[1], train[1]])
        if system.published:
            # Keras's validation_split took the last tenth: copies of training clips
            cut = int(len(train[0]) * 0.9)
            validation = train[0][cut:], train[1][cut:]
            train = train[0][:cut], train[1][:cut]
    return [(system.front_end.as_input(x), y) for x, y in (train, validation)]


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
