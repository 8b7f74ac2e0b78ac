"""Standardising features with the mean and deviation of the training part, and nothing else.

And with a voice: a few unlabelled clips of a speaker tell how that voice differs from the
average, and each scaler knows which shift of its features undoes that.
"""

from typing import Any, ClassVar

import numpy as np

import serlib

_FURTHEST = 3.0
PRIOR = 5  # clips; chosen on validation speakers from 0, 2, 5, 10, 20


class Scaler:
    """Standardise each feature [shape=(n, features)]; scikit-learn's, and it knows voices.

    It holds what `sklearn.preprocessing.StandardScaler` holds once fitted, and transforms alike.
    scikit-learn itself, which is slow to import, fits it and has its other methods.
    """

    name: ClassVar[str] = "scaler"

    @classmethod
    def from_state(cls, state: dict) -> "Scaler":
        """Build a fitted scaler from what a pickle holds."""
        scaler = cls()
        vars(scaler).update(state)
        return scaler

    def __reduce__(self) -> tuple:
        return serlib.restore, (self.name, dict(vars(self)))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        from sklearn.preprocessing import StandardScaler

        scaler = StandardScaler()
        vars(scaler).update(vars(self))
        return getattr(scaler, name)

    def fit(self, X: np.ndarray, y: None = None) -> "Scaler":
        """Fit mean and deviation of every feature."""
        from sklearn.preprocessing import StandardScaler

        vars(self).update(vars(StandardScaler().fit(X)))
        return self

    def fit_transform(self, X: np.ndarray, y: None = None) -> np.ndarray:
        """Fit, and return X standardised."""
        return self.fit(X).transform(X)

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Return X standardised, float32 or float64 as it is."""
        dtype = np.float32 if np.asarray(X).dtype == np.float32 else np.float64
        Z = np.asarray(X, dtype) - self.mean_.astype(dtype)
        return np.divide(Z, self.scale_.astype(dtype), out=Z)

    def for_speaker(self, X: np.ndarray) -> "SpeakerScaler":
        """Return a scaler for one speaker, from features of their clips, not scaled."""
        return SpeakerScaler(self, X)

    def voice(self, Z: np.ndarray) -> np.ndarray:
        """Return the mean of a speaker's scaled clips, in which voices differ."""
        return Z.mean(axis=0)

    def without(self, Z: np.ndarray, voice: np.ndarray) -> np.ndarray:
        """Return scaled features less a share of a `voice`, float32."""
        return (Z - voice).astype(np.float32)


class FrameScaler(Scaler):
    """Standardise each coefficient of frame sequences; padding stays zero.

    Takes X [shape=(n, frames, coefficients + 1)] whose last column is the mask of
    `serlib.features.base.Frames`: frames of padding neither count nor change.
    """

    name = "frame_scaler"

    def fit(self, X: np.ndarray, y: None = None) -> "FrameScaler":
        """Fit on the frames inside the mask."""
        return super().fit(X[X[..., -1] > 0][:, :-1])

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Return X standardised, the mask in its place."""
        mask = X[..., -1:]
        scaled = (X[..., :-1] - self.mean_) / self.scale_ * mask
        return np.concatenate([scaled, mask], axis=-1).astype(np.float32)

    def voice(self, Z: np.ndarray) -> np.ndarray:
        """Return the mean over all frames inside the mask."""
        return Z[Z[..., -1] > 0][:, :-1].mean(axis=0)

    def without(self, Z: np.ndarray, voice: np.ndarray) -> np.ndarray:
        """Return Z less the voice where there is a clip; padding stays zero."""
        Z = Z.copy()
        Z[..., :-1] -= voice * Z[..., -1:]
        return Z


class ClippedScaler(Scaler):
    """Standardise features; none counts as further than three deviations from the mean."""

    name = "clipped_scaler"

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Return X standardised and clipped, float32."""
        return np.clip(super().transform(X), -_FURTHEST, _FURTHEST).astype(np.float32)


class CellScaler(Scaler):
    """Standardise each time-frequency cell of pictures X [shape=(n, bands, frames)]."""

    name = "cell_scaler"

    def fit(self, X: np.ndarray, y: None = None) -> "CellScaler":
        """Fit mean and deviation of every cell over the pictures."""
        return super().fit(X.reshape(len(X), -1))

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Return X standardised [shape=(n, bands, frames)], float32."""
        return super().transform(X.reshape(len(X), -1)).reshape(X.shape).astype(np.float32)

    def voice(self, Z: np.ndarray) -> np.ndarray:
        """Return a number for each band."""
        return Z.mean(axis=(0, 2))[:, None]


class SpeakerScaler:
    """A fitted scaler, and after it a shift that brings a speaker's mean towards the average.

    The mean of few clips says more about what was said than about who spoke: it counts as if
    `PRIOR` clips of the average speaker had been heard too.

    Parameters
    ----------
    scaler : Scaler, fitted
    X : np.ndarray [shape=(clips, *shape of the front end)], of one speaker, not scaled
    """

    name = "speaker_scaler"

    def __init__(self, scaler: Scaler, X: np.ndarray):
        self.scaler = scaler
        self.shift = len(X) / (len(X) + PRIOR) * scaler.voice(scaler.transform(X))

    @classmethod
    def from_state(cls, state: dict) -> "SpeakerScaler":
        """Build a speaker's scaler from what a pickle holds."""
        scaler = cls.__new__(cls)
        vars(scaler).update(state)
        return scaler

    def __reduce__(self) -> tuple:
        return serlib.restore, (self.name, dict(vars(self)))

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Return X scaled and shifted, float32."""
        return self.scaler.without(self.scaler.transform(X), self.shift)


SCALERS = {kind.name: kind for kind in (Scaler, FrameScaler, ClippedScaler, CellScaler)}
