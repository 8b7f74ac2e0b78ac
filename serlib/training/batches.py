"""Batches of frame sequences that are changed anew in every epoch."""

import keras
import numpy as np

from ..systems import Training


class Batches(keras.utils.PyDataset):
    """Shuffle, warp, mask and mix training clips; epoch k is the same whoever asks for it.

    Order and changes are drawn from a generator of (seed, epoch), so that a fit that was
    killed goes on with the batches it would have seen.

    Parameters
    ----------
    X : np.ndarray [shape=(n, frames, coefficients + 1)], scaled; the last column is the mask
    Y : np.ndarray [shape=(n, classes)], one-hot
    settings : Training, of which batch_size, time_warp, time_masks, mixup and bucket_by_length are
        used
    seed, epoch : int, the epoch to begin with
    """

    def __init__(
        self, X: np.ndarray, Y: np.ndarray, settings: Training, *, seed: int, epoch: int = 0
    ):
        super().__init__()
        self.X, self.Y, self.settings, self.seed, self.epoch = X, Y, settings, seed, epoch
        self.on_epoch_begin()

    def __len__(self) -> int:
        return -(-len(self.X) // self.settings.batch_size)

    def on_epoch_begin(self) -> None:
        rng = np.random.default_rng([self.seed, self.epoch])
        self.order = rng.permutation(len(self.X))
        if self.settings.bucket_by_length:
            lengths = self.X[self.order, :, -1].sum(axis=1) * rng.uniform(0.9, 1.1, len(self.X))
            self.order = self.order[np.argsort(lengths, kind="stable")]
            whole = len(self.X) // self.settings.batch_size * self.settings.batch_size
            batches = self.order[:whole].reshape(-1, self.settings.batch_size)
            batches[1:] = rng.permutation(batches[1:])  # Keras shuffles batches too
            self.order[:whole] = np.roll(batches, 1, axis=0).ravel()

    def on_epoch_end(self) -> None:
        self.epoch += 1
        self.on_epoch_begin()

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        size, settings = self.settings.batch_size, self.settings
        rng = np.random.default_rng([self.seed, self.epoch, index])
        chosen = self.order[index * size : (index + 1) * size]
        X, Y = self.X[chosen].copy(), self.Y[chosen]
        for k, x in enumerate(X):
            X[k] = mask(warp(x, settings.time_warp, rng), settings.time_masks, rng)
        X, Y = mix(X, Y, settings.mixup, rng)
        # Keras takes from the first two batches which axes may differ: the second is of the
        # shortest clips, the first is left as long as can be.
        return (X[:, : _length(X)] if settings.bucket_by_length and index else X), Y


def _length(X: np.ndarray) -> int:
    """Return the frames of the longest clip, in steps of eight: few shapes are compiled."""
    return min(-(-int(X[..., -1].sum(axis=1).max()) // 8) * 8, X.shape[1])


def warp(x: np.ndarray, most: float, rng: np.random.Generator) -> np.ndarray:
    """Play a sequence faster or slower, by a factor within 1 ± `most`; what is too long is cut.

    Parameters
    ----------
    x : np.ndarray [shape=(frames, coefficients + 1)], the mask last
    most : float, 0 to 0.5
    """
    if not most:
        return x
    inside = int(x[:, -1].sum())
    frames = np.arange(len(x)) * rng.uniform(1 - most, 1 + most)
    whole = np.minimum(np.floor(frames).astype(int), len(x) - 1)
    following = np.minimum(whole + 1, max(inside - 1, 0))
    part = (frames - np.floor(frames))[:, None].astype(np.float32)
    result = (1 - part) * x[whole] + part * x[following]
    result[frames > inside - 1] = 0
    result[frames <= inside - 1, -1] = 1
    return result


def mask(x: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Silence `count` stretches of up to a tenth of the clip (SpecAugment, Park et al. 2019)."""
    inside = int(x[:, -1].sum())
    for _ in range(count):
        width = rng.integers(0, inside // 10 + 1)
        start = rng.integers(0, max(inside - width, 0) + 1)
        x[start : start + width, :-1] = 0
    return x


def mix(
    X: np.ndarray, Y: np.ndarray, alpha: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Mix each clip with another of its batch: mixup (Zhang et al. 2018), shares from Beta(α, α).

    The mask of a mixture is that of the longer of the two.
    """
    if not alpha:
        return X, Y
    other = rng.permutation(len(X))
    share = rng.beta(alpha, alpha, size=len(X)).astype(np.float32)
    share = np.maximum(share, 1 - share)  # the first is the one heard most
    mixed = share[:, None, None] * X + (1 - share[:, None, None]) * X[other]
    mixed[..., -1] = np.maximum(X[..., -1], X[other][..., -1])
    return mixed, share[:, None] * Y + (1 - share[:, None]) * Y[other]
