"""Several fitted systems as one: their front ends side by side, their probabilities averaged."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import softmax
from sklearn.preprocessing import StandardScaler

from .audio import SR, Source
from .augment import variant
from .front_end import FrontEnd

# A probability counts as no less: predictions are saved with four digits, and one member that is
# sure cannot outvote all others.
LEAST = 1e-4


@dataclass(frozen=True)
class Played(FrontEnd):
    """A front end that hears a clip at another speed.

    Parameters
    ----------
    front_end : FrontEnd
    variant : str, one of `serlib.augment.SPEEDS`
    """

    front_end: FrontEnd
    variant: str

    @property
    def sr(self) -> int:
        """Rate, Hz."""
        return self.front_end.sr

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the features."""
        return self.front_end.shape

    def settings(self) -> dict:
        """Return the settings as a dict that JSON holds."""
        return self.front_end.settings() | {"played": self.variant}

    def as_input(self, X: np.ndarray) -> np.ndarray:
        """Return scaled features as a network takes them."""
        return self.front_end.as_input(X)

    def load(self, source: Source) -> np.ndarray:
        """Load what the front end looks at of a clip, at the other speed [shape=(n,)]."""
        y = self.front_end.load(source)
        return variant(y, self.variant, sr=self.sr, rng=np.random.default_rng(0))

    def extract_features(self, data: np.ndarray, sr: int | None = None) -> np.ndarray:
        """Return the features of a signal [shape=`shape`], float32."""
        return self.front_end.extract_features(data, sr)


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


def geometric_mean(probas: Sequence[np.ndarray], temperature: float = 1.0) -> np.ndarray:
    """Return the normalised geometric mean of probabilities [each of shape=(n, classes)].

    A temperature above 1 makes it less sure (Guo et al. 2017, ICML).
    """
    logs = np.mean([np.log(np.maximum(proba, LEAST)) for proba in probas], axis=0)
    return softmax(logs / temperature, axis=1)


def average(tables: Sequence[pd.DataFrame], temperature: float = 1.0) -> pd.DataFrame:
    """Average out-of-fold predictions of the same clips, as `serlib.models.join` does.

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
    mean = geometric_mean([table[columns].to_numpy() for table in tables], temperature)
    emotions = np.array([name.removeprefix("p_") for name in columns])
    averaged = dict(zip(columns, mean.T, strict=True))
    return first.assign(predicted=emotions[mean.argmax(axis=1)], **averaged)
