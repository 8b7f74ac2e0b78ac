"""Fit a network; nothing here knows about files of results."""

import tempfile
from pathlib import Path

import keras
import numpy as np
from tqdm import tqdm

from .systems import Training


class Progress(keras.callbacks.Callback):
    """A bar over the epochs, with the validation accuracy so far."""

    def __init__(self, description: str):
        super().__init__()
        self.description = description

    def on_train_begin(self, logs=None):
        self.bar = tqdm(total=self.params["epochs"], desc=self.description, unit="epoch")

    def on_epoch_end(self, epoch, logs=None):
        self.bar.set_postfix({k: f"{v:.3f}" for k, v in logs.items() if "accuracy" in k})
        self.bar.update()

    def on_train_end(self, logs=None):
        self.bar.close()


def fit(
    model: keras.Model,
    train: tuple[np.ndarray, np.ndarray],
    validation: tuple[np.ndarray, np.ndarray],
    settings: Training,
    *,
    description: str = "training",
) -> dict[str, list[float]]:
    """Fit a network in place, as S2's source did.

    Adam and categorical cross-entropy; early stopping and the learning rate watch the
    validation loss; at the end the model holds the weights of the epoch with the highest
    validation accuracy, which is the model the source reported and saved.

    Parameters
    ----------
    model : keras.Model
    train, validation : (X, Y), X as the model takes it, Y one-hot [shape=(n, classes)]
    settings : Training
    description : str, before the progress bar

    Returns
    -------
    dict of list of float
        Per epoch: loss, accuracy, val_loss, val_accuracy, learning_rate.
    """
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    with tempfile.TemporaryDirectory() as folder:
        best = str(Path(folder) / "best.weights.h5")
        callbacks = [
            keras.callbacks.EarlyStopping(monitor="val_loss", patience=settings.stop_patience),
            keras.callbacks.ReduceLROnPlateau(
                monitor="val_loss",
                patience=settings.slow_patience,
                factor=settings.slow_factor,
                min_lr=settings.slowest,
            ),
            keras.callbacks.ModelCheckpoint(
                best, monitor="val_accuracy", save_best_only=True, save_weights_only=True
            ),
            Progress(description),
        ]
        history = model.fit(
            *train,
            validation_data=validation,
            batch_size=settings.batch_size,
            epochs=settings.epochs,
            callbacks=callbacks,
            verbose=0,
        )
        model.load_weights(best)
    return {name: [float(v) for v in values] for name, values in history.history.items()}
