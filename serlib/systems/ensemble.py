"""Several fitted systems as one: their front ends side by side, their probabilities averaged."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

import serlib

from ..audio import SR, Recording, Source, load, name_of, variant
from ..features import FrontEnd, Scaler
from ..workers import ahead

# A probability counts as no less: predictions are saved with four digits, and one member that is
# sure cannot outvote all others.
LEAST = 1e-4


@dataclass(frozen=True)
class AtSpeed(FrontEnd):
    """A front end that hears a clip at another speed.

    Parameters
    ----------
    front_end : FrontEnd
    variant : str, one of `serlib.audio.SPEEDS`
    """

    front_end: FrontEnd
    variant: str

    name = "at_speed"

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
        return self.front_end.settings() | {"at_speed": self.variant}

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
class Ensemble(FrontEnd):
    """Front ends side by side: the features of each, one after the other [shape=(n,)].

    Parameters
    ----------
    front_ends : tuple of FrontEnd
    """

    front_ends: tuple[FrontEnd, ...]
    sr: int = SR

    name = "ensemble"

    @property
    def shape(self) -> tuple[int]:
        """Shape of the features."""
        return (sum(int(np.prod(f.shape)) for f in self.front_ends),)

    def settings(self) -> dict:
        """Return the settings as a dict that JSON holds."""
        return {"front_end": self.name, "of": [f.settings() for f in self.front_ends]}

    def load(self, source: Source) -> np.ndarray:
        """Load a clip whole: each front end takes of it what it looks at [shape=(n,)]."""
        return load(source, sr=self.sr)

    def heard(self, source: Source) -> np.ndarray:
        """Return what the first front end looks at [shape=(n,)]."""
        return self.front_ends[0].heard(source)

    def extract_features(self, data: np.ndarray, sr: int | None = None) -> np.ndarray:
        """Return the features of a whole clip [shape=`shape`], float32."""
        return self._features(Recording(data, sr or self.sr))

    def get_predict_feat(self, path: Source) -> np.ndarray:
        """Return the features of a clip [shape=`shape`], which is decoded once."""
        return self._features(Recording(self.load(path), self.sr, name_of(path)))

    def _features(self, recording: Recording) -> np.ndarray:
        parts = ahead(lambda f: f.get_predict_feat(recording).ravel(), self.front_ends)
        return np.concatenate([*parts])

    def split(self, X: np.ndarray) -> list[np.ndarray]:
        """Return the features of each front end in its own shape, from those of all."""
        ends = np.cumsum([np.prod(f.shape) for f in self.front_ends])[:-1]
        parts = np.split(X, ends, axis=1)
        return [x.reshape(-1, *f.shape) for x, f in zip(parts, self.front_ends, strict=True)]


class EnsembleScaler:
    """The fitted scalers of several front ends, over the features of all [shape=(n, all)].

    Parameters
    ----------
    ensemble : Ensemble
    scalers : sequence of Scaler, one a front end
    """

    name = "ensemble_scaler"

    def __init__(self, ensemble: Ensemble, scalers: Sequence[Scaler]):
        self.ensemble, self.scalers = ensemble, list(scalers)

    @classmethod
    def from_state(cls, state: dict) -> "EnsembleScaler":
        """Build a fitted scaler from what a pickle holds."""
        return cls(**state)

    def __reduce__(self) -> tuple:
        return serlib.restore, (self.name, dict(vars(self)))

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Return X, each part scaled by its own scaler, float32."""
        parts = zip(self.ensemble.split(X), self.scalers, strict=True)
        scaled = [scaler.transform(x).reshape(len(X), -1) for x, scaler in parts]
        return np.concatenate(scaled, axis=1).astype(np.float32)

    def for_speaker(self, X: np.ndarray) -> "EnsembleScaler":
        """Return a scaler for one speaker, from features of their clips, not scaled."""
        parts = zip(self.ensemble.split(X), self.scalers, strict=True)
        return EnsembleScaler(self.ensemble, [scaler.for_speaker(x) for x, scaler in parts])


def geometric_mean(probas: Sequence[np.ndarray], temperature: float = 1.0) -> np.ndarray:
    """Return the normalised geometric mean of probabilities [each of shape=(n, classes)].

    A temperature above 1 makes it less sure (Guo et al. 2017, ICML).
    """
    logs = np.mean([np.log(np.maximum(proba, LEAST)) for proba in probas], axis=0)
    shares = np.exp((logs - logs.max(axis=1, keepdims=True)) / temperature)
    return shares / shares.sum(axis=1, keepdims=True)


# What `serlib.restore` builds anew, by the names in pickles
STORED = {kind.name: kind for kind in (AtSpeed, Ensemble, EnsembleScaler)}
