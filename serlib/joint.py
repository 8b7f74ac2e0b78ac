"""Several fitted systems as one: their front ends side by side, their probabilities averaged."""

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np
import pandas as pd
from keras import layers, ops
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from .audio import SR, Source
from .features import FrontEnd

LEAST = 1e-4  # a probability counts as no less: one member that is sure cannot outvote all others


@dataclass(frozen=True)
class Joint(FrontEnd):
    """Front ends side by side: the features of each, one after the other [shape=(n,)].

    Parameters
    ----------
    front_ends : tuple of FrontEnd
    """

    front_ends: tuple[FrontEnd, ...]
    sr: int = SR

    @property
    def shape(self) -> tuple[int]:
        """Shape of the features."""
        return (sum(int(np.prod(f.shape)) for f in self.front_ends),)

    def settings(self) -> dict:
        """Return the settings as a dict that JSON holds."""
        return {"front_end": "joint", "of": [f.settings() for f in self.front_ends]}

    def load(self, source: Source) -> np.ndarray:
        """Load a clip as the first of the front ends does [shape=(n,)]."""
        return self.front_ends[0].load(source)

    def extract_features(self, data: np.ndarray, sr: int | None = None) -> np.ndarray:
        """Return the features of a signal [shape=`shape`], float32."""
        return self.get_predict_feat((data, sr or self.sr))

    def get_predict_feat(self, path: Source) -> np.ndarray:
        """Return the features of a clip [shape=`shape`]."""
        return np.concatenate([f.get_predict_feat(path).ravel() for f in self.front_ends])

    def split(self, X: np.ndarray) -> list[np.ndarray]:
        """Return the features of each front end in its own shape, from those of all."""
        ends = np.cumsum([np.prod(f.shape) for f in self.front_ends])[:-1]
        parts = np.split(X, ends, axis=1)
        return [x.reshape(-1, *f.shape) for x, f in zip(parts, self.front_ends, strict=True)]


class JointScaler:
    """The fitted scalers of several front ends, over the features of all [shape=(n, all)]."""

    def __init__(self, joint: Joint, scalers: Sequence[StandardScaler]):
        self.joint, self.scalers = joint, list(scalers)

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Return X, each part scaled by its own scaler, float32."""
        parts = zip(self.joint.split(X), self.scalers, strict=True)
        scaled = [scaler.transform(x).reshape(len(X), -1) for x, scaler in parts]
        return np.concatenate(scaled, axis=1).astype(np.float32)


def join(
    joint: Joint, members: Sequence[tuple[int, keras.Model | LogisticRegression]]
) -> keras.Model:
    """Return one network over the features of all front ends: the members' geometric mean.

    Parameters
    ----------
    joint : Joint
    members : sequence of (index of its front end, fitted model)

    Returns
    -------
    keras.Model
    """
    inputs = keras.Input(joint.shape)
    ends = np.cumsum([0, *(int(np.prod(f.shape)) for f in joint.front_ends)])
    logs = []
    for number, (index, model) in enumerate(members):
        network = _network(model, int(np.prod(joint.front_ends[index].shape)))
        network.name = f"member_{number}"
        x = inputs[:, int(ends[index]) : int(ends[index + 1])]
        bands = network.input_shape[2:]  # the first axis may be of any length
        x = layers.Reshape((-1, *bands))(x)
        logs.append(ops.log(ops.maximum(network(x), LEAST)))
    mean = layers.Average()(logs) if len(logs) > 1 else logs[0]
    return keras.Model(inputs, layers.Softmax()(mean), name="joint")


def average(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Average out-of-fold predictions of the same clips, as `join` does.

    Raises
    ------
    ValueError
        If the tables are not of the same clips in the same folds.
    """
    keys = ["clip_id", "variant", "fold"]
    tables = [table.sort_values(keys, ignore_index=True) for table in tables]
    first = tables[0]
    for table in tables[1:]:
        if not table[keys].equals(first[keys]):
            raise ValueError("expected predictions of the same clips in the same folds")
    columns = list(first.filter(regex="^p_"))
    logs = [np.log(np.maximum(table[columns].to_numpy(), LEAST)) for table in tables]
    mean = np.exp(np.mean(logs, axis=0))
    mean /= mean.sum(axis=1, keepdims=True)
    emotions = np.array([name.removeprefix("p_") for name in columns])
    averaged = dict(zip(columns, mean.T, strict=True))
    return first.assign(predicted=emotions[mean.argmax(axis=1)], **averaged)


def _network(model: keras.Model | LogisticRegression, n: int) -> keras.Model:
    """Return a model as a network; a logistic regression is one dense layer."""
    if isinstance(model, keras.Model):
        return model
    dense = layers.Dense(len(model.classes_), activation="softmax")
    network = keras.Sequential([keras.Input((n,)), dense])
    dense.set_weights([model.coef_.T, model.intercept_])
    return network
