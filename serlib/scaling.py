"""Standardising features with the mean and deviation of the training part, and nothing else."""

import numpy as np
from sklearn.preprocessing import StandardScaler

FURTHEST = 3.0


class FrameScaler(StandardScaler):
    """Standardise each coefficient of frame sequences; padding stays zero.

    Takes X [shape=(n, frames, coefficients + 1)] whose last column is the mask of
    `serlib.sequences.MfccDeltas`: frames of padding neither count nor change.
    """

    def fit(self, X: np.ndarray, y: None = None) -> "FrameScaler":
        """Fit on the frames inside the mask."""
        return super().fit(X[X[..., -1] > 0][:, :-1])

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Return X standardised, the mask in its place."""
        mask = X[..., -1:]
        scaled = (X[..., :-1] - self.mean_) / self.scale_ * mask
        return np.concatenate([scaled, mask], axis=-1).astype(np.float32)


class ClippedScaler(StandardScaler):
    """Standardise features; none counts as further than `FURTHEST` deviations from the mean."""

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Return X standardised and clipped, float32."""
        return np.clip(super().transform(X), -FURTHEST, FURTHEST).astype(np.float32)


class CellScaler(StandardScaler):
    """Standardise each time-frequency cell of pictures X [shape=(n, bands, frames)]."""

    def fit(self, X: np.ndarray, y: None = None) -> "CellScaler":
        """Fit mean and deviation of every cell over the pictures."""
        return super().fit(X.reshape(len(X), -1))

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Return X standardised [shape=(n, bands, frames)], float32."""
        return super().transform(X.reshape(len(X), -1)).reshape(X.shape).astype(np.float32)
