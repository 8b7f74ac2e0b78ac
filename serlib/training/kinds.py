"""The two kinds of models, networks of Keras and estimators of scikit-learn, used alike."""

import inspect
from abc import ABC, abstractmethod
from pathlib import Path

import joblib
import keras
import numpy as np
from sklearn.base import ClassifierMixin

from ..files import replacing
from ..systems import System

Model = keras.Model | ClassifierMixin


class Kind(ABC):
    """What differs between the kinds: what a model is made of, how it answers and is kept."""

    file: str  # in the folder of a fit

    @abstractmethod
    def configuration(self, model: Model) -> dict:
        """Return what a model, not yet fitted, is made of, as a dict that JSON holds."""

    @abstractmethod
    def probabilities(self, model: Model, x: np.ndarray, classes: int) -> np.ndarray:
        """Return the probabilities of inputs [shape=(n, classes)]."""

    @abstractmethod
    def save(self, model: Model, folder: Path) -> None:
        """Write a fitted model to the folder of its fit, atomically."""

    @abstractmethod
    def load(self, folder: Path) -> Model:
        """Read a fitted model from the folder of its fit."""

    @abstractmethod
    def as_network(self, model: Model) -> keras.Model:
        """Return a fitted model as a network, to be joined with others."""

    def takes(self, model: Model, name: str) -> bool:
        """Tell whether a model's `fit` has a parameter of this name."""
        return name in inspect.signature(model.fit).parameters


class NetworkKind(Kind):
    """Networks of Keras."""

    file = "model.keras"

    def configuration(self, model: keras.Model) -> dict:
        return model.get_config()

    def probabilities(self, model: keras.Model, x: np.ndarray, classes: int) -> np.ndarray:
        return model.predict(x, batch_size=256, verbose=0)

    def save(self, model: keras.Model, folder: Path) -> None:
        with replacing(folder / self.file) as temporary:
            model.save(temporary)

    def load(self, folder: Path) -> keras.Model:
        return keras.saving.load_model(folder / self.file, compile=False)

    def as_network(self, model: keras.Model) -> keras.Model:
        return model


class EstimatorKind(Kind):
    """Classifiers of scikit-learn, which take flat features and the numbers of classes."""

    file = "model.joblib"

    def configuration(self, model: ClassifierMixin) -> dict:
        version = getattr(model, "version", 1)
        return dict(estimator=type(model).__name__, version=version, **model.get_params())

    def probabilities(self, model: ClassifierMixin, x: np.ndarray, classes: int) -> np.ndarray:
        proba = np.zeros((len(x), classes))  # an emotion that no training clip had has none
        proba[:, model.classes_] = model.predict_proba(x.reshape(len(x), -1))
        return proba

    def save(self, model: ClassifierMixin, folder: Path) -> None:
        with replacing(folder / self.file) as temporary:
            joblib.dump(model, temporary)

    def load(self, folder: Path) -> ClassifierMixin:
        return joblib.load(folder / self.file)

    def as_network(self, model: ClassifierMixin) -> keras.Model:
        """Return a linear classifier as one dense layer."""
        dense = keras.layers.Dense(len(model.classes_), activation="softmax")
        network = keras.Sequential([keras.Input(model.coef_.shape[1:]), dense])
        dense.set_weights([model.coef_.T, model.intercept_])
        return network


def kind_of(system: System) -> Kind:
    """Return the kind of a system's models."""
    return EstimatorKind() if system.estimator else NetworkKind()
