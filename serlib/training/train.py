"""Fit a network, going on where a killed fit was; nothing here knows about files of results."""

import json
import math
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np

from ..files import replacing, write_json
from ..systems import Training
from .batches import Batches

_STATE = ("wait", "best", "best_epoch", "cooldown_counter")  # of callbacks, from epoch to epoch


class _Best(keras.callbacks.Callback):
    """Write the weights of the best epoch so far, each to a file of its own.

    A fit that is killed before the epoch counts goes on with those of the best one that did.
    """

    def __init__(self, folder: Path, monitor: str):
        super().__init__()
        self.folder, self.monitor, self.best, self.best_epoch = folder, monitor, None, 0

    @staticmethod
    def name(epoch: int) -> str:
        return f"best-{epoch}.weights.h5"

    @property
    def path(self) -> Path:
        return self.folder / self.name(self.best_epoch)

    def on_epoch_end(self, epoch, logs=None):
        value = float(logs[self.monitor]) * (-1 if self.monitor.endswith("loss") else 1)
        if self.best is None or value > self.best:
            self.best, self.best_epoch = value, epoch + 1
            with replacing(self.path) as temporary:
                self.model.save_weights(temporary)


class _Resume(keras.callbacks.Callback):
    """Write everything a fit needs to go on after its last whole epoch.

    The model with its optimiser, what the other callbacks remember, and the history; the
    JSON, written last, names the model that belongs to it.
    """

    def __init__(self, folder: Path, others: list[keras.callbacks.Callback]):
        super().__init__()
        self.folder, self.others = folder, others
        self.state = read_state(folder)
        self.on_train_begin()

    def on_train_begin(self, logs=None):
        """Restore what the others remember, which some of them forget when training begins."""
        for callback, values in zip(self.others, self.state["callbacks"], strict=False):
            vars(callback).update(values)

    def on_epoch_end(self, epoch, logs=None):
        for name, value in logs.items():
            self.state["history"].setdefault(name, []).append(float(value))
        model = self.folder / f"epoch-{epoch + 1}.keras"
        with replacing(model) as temporary:
            self.model.save(temporary)
        remembered = [
            {k: v for k, v in vars(callback).items() if k in _STATE} for callback in self.others
        ]
        self.state |= dict(epochs=epoch + 1, model=model.name, callbacks=remembered)
        write_json(self.folder / "state.json", self.state)
        kept = {model, *(callback.path for callback in self.others if isinstance(callback, _Best))}
        for old in [*self.folder.glob("epoch-*"), *self.folder.glob("best-*")]:
            if old not in kept:
                old.unlink()


def read_state(folder: Path) -> dict:
    """Return what an unfinished fit left, or the state of one that has not begun.

    A folder of which somebody deleted a part counts as none.
    """
    if (folder / "state.json").exists():
        state = json.loads((folder / "state.json").read_text())
        best = [_Best.name(each["best_epoch"]) for each in state["callbacks"][-1:]]
        if all((folder / name).exists() for name in (state["model"], *best)):
            return state
    return dict(epochs=0, model=None, callbacks=[], history={})


def train_network(
    model: keras.Model,
    train: tuple[np.ndarray, np.ndarray],
    validation: tuple[np.ndarray, np.ndarray],
    settings: Training,
    *,
    folder: Path,
    seed: int = 0,
    class_weight: dict[int, float] | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> tuple[keras.Model, dict[str, list[float]]]:
    """Fit a network with early stopping, or for all its epochs with a cosine schedule.

    By default as S2's source: Adam and categorical cross-entropy; early stopping and the
    learning rate watch the validation loss; at the end the model holds the weights of the
    epoch with the highest validation accuracy, which is the model the source reported.

    Parameters
    ----------
    model : keras.Model
    train, validation : (X, Y), X as the model takes it, Y one-hot [shape=(n, classes)]
        Validation may be empty where nothing watches it: with a cosine schedule.
    settings : Training
    folder : Path, for the state of the unfinished fit; the caller removes it
    seed : int, of order and augmentation where `settings` augments on the fly
    class_weight : dict, index of the class -> weight of its clips
    callbacks : sequence of keras.callbacks.Callback, further ones

    Returns
    -------
    model : keras.Model
    history : dict of list of float
        Per epoch: loss, accuracy, val_loss and val_accuracy if there is validation, ...
    """
    folder.mkdir(parents=True, exist_ok=True)
    state = read_state(folder)
    if state["epochs"]:
        keras.utils.set_random_seed(seed + state["epochs"])
        model = keras.saving.load_model(folder / state["model"])
    else:
        _compile(model, settings, steps=math.ceil(len(train[0]) / settings.batch_size))
    watching = _callbacks(settings, folder)
    resume = _Resume(folder, watching)
    patience = settings.stop_patience
    if not (state["callbacks"] and state["callbacks"][0].get("wait", 0) >= patience):
        data = (
            dict(x=Batches(*train, settings, seed=seed, epoch=state["epochs"]))
            if settings.augments
            else dict(x=train[0], y=train[1], batch_size=settings.batch_size)
        )
        model.fit(
            **data,
            validation_data=validation if len(validation[0]) else None,
            epochs=settings.epochs,
            initial_epoch=state["epochs"],
            class_weight=class_weight,
            callbacks=[*callbacks, *watching, resume],
            verbose=0,
        )
    if not settings.cosine:
        model.load_weights(watching[-1].path)
    return model, resume.state["history"]


def _compile(model: keras.Model, settings: Training, steps: int) -> None:
    rate = settings.learning_rate
    if settings.cosine:
        decay = keras.optimizers.schedules.CosineDecay(rate, steps * settings.epochs)
        optimizer = keras.optimizers.AdamW(decay, weight_decay=settings.weight_decay)
    else:
        optimizer = keras.optimizers.Adam(rate)
    loss = keras.losses.CategoricalCrossentropy(label_smoothing=settings.label_smoothing)
    model.compile(optimizer=optimizer, loss=loss, metrics=["accuracy"])


def _callbacks(settings: Training, folder: Path) -> list[keras.callbacks.Callback]:
    if settings.cosine:
        return []
    return [
        keras.callbacks.EarlyStopping(monitor="val_loss", patience=settings.stop_patience),
        keras.callbacks.ReduceLROnPlateau(
            monitor="val_loss",
            patience=settings.slow_patience,
            factor=settings.slow_factor,
            min_lr=settings.slowest,
        ),
        _Best(folder, settings.keep),
    ]
