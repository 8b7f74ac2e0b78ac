"""Statistics of the descriptors over a clip, whatever its length: numbers without time."""

from dataclasses import dataclass

import numpy as np

from ..audio import SR
from .descriptors import VOICED, Described
from .scaling import ClippedScaler

FUNCTIONALS = (
    *("mean", "deviation", "p05", "p25", "p50", "p75", "p95", "p75-p25", "p95-p05"),
    *("skewness", "kurtosis", "slope"),
)


@dataclass(frozen=True)
class Functionals(Described):
    """Statistics over a clip of each descriptor and of its slope [shape=(n,)].

    F0 counts in voiced frames alone; how long a clip is, and how much of it is voiced, stand
    at the end.

    Parameters
    ----------
    As `Descriptors`; a clip is neither cut nor padded.
    """

    sr: int = SR
    n_mfcc: int = 24
    n_bands: int = 16
    n_fft: int = 1024
    hop_length: int = 256
    trim_db: float | None = 35

    name = "functionals"

    @property
    def shape(self) -> tuple[int]:
        """Shape of the features."""
        return (2 * self.count * len(FUNCTIONALS) + 2,)

    def extract_features(self, data: np.ndarray, sr: int | None = None) -> np.ndarray:
        """Return the statistics of a signal [shape=`shape`], float32."""
        x = self.describe(data, sr)
        times = len(data) / (sr or self.sr), (x[:, -1] > VOICED).mean()
        return np.concatenate([self.summary(x), times]).astype(np.float32)

    def summary(self, x: np.ndarray) -> np.ndarray:
        """Return what there is of the descriptors [shape=(frames, descriptors)] of a clip."""
        slopes, voiced = np.gradient(x, axis=0), x[:, -1] > VOICED
        table = _functionals(np.concatenate([x, slopes], axis=1))
        if voiced.sum() > 2:
            for column in (x.shape[1] - 2, 2 * x.shape[1] - 2):
                values = np.concatenate([x, slopes], axis=1)[voiced, column]
                table[:, column] = _functionals(values[:, None])[:, 0]
        return table.T.ravel()


LAG = 10  # frames of 12 ms: a syllable's half
_CLOSEST = 0.99  # of a correlation, which else has no finite transform


@dataclass(frozen=True)
class Statistics(Functionals):
    """`Functionals`, and how the descriptors move together and from part to part.

    After the functionals: mean and deviation of each descriptor in each third of the clip; the
    correlations of each two; and of each with each of them `LAG` frames later, as Williamson et
    al. (2013, AVEC, 41) do with formants. Correlations are Fisher's z. Features that lie three
    deviations from the mean count as no further.
    """

    name = "statistics"

    @property
    def shape(self) -> tuple[int]:
        """Shape of the features."""
        n = self.count
        return (super().shape[0] + 6 * n + n * (n - 1) // 2 + n * n,)

    def scaler(self) -> ClippedScaler:
        """Return what standardises the features, not yet fitted."""
        return ClippedScaler()

    def summary(self, x: np.ndarray) -> np.ndarray:
        """Return what there is of the descriptors of a clip [shape=(n,)]."""
        thirds = [f(part, axis=0) for part in np.array_split(x, 3) for f in (np.mean, np.std)]
        z = (x - x.mean(axis=0)) / (x.std(axis=0) + 1e-6)
        together = _fisher(z, z)[np.triu_indices(x.shape[1], 1)]
        later = _fisher(z[:-LAG], z[LAG:]) if len(z) > LAG else np.zeros((x.shape[1],) * 2)
        return np.concatenate([super().summary(x), *thirds, together, later.ravel()])


def _fisher(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return Fisher's z of the correlations of columns that are standardised."""
    return np.arctanh(np.clip(a.T @ b / len(a), -_CLOSEST, _CLOSEST))


def _functionals(x: np.ndarray) -> np.ndarray:
    """Return `FUNCTIONALS` of each column [shape=(functionals, columns)]."""
    p05, p25, p50, p75, p95 = np.percentile(x, (5, 25, 50, 75, 95), axis=0)
    t = np.linspace(-1, 1, len(x))
    slope = t @ (x - x.mean(axis=0)) / (t @ t)
    mean, deviation = x.mean(axis=0), x.std(axis=0)
    off = x - mean
    squares = off**2  # whose products cost a tenth of further powers
    square = squares.mean(axis=0)
    still = square <= (np.finfo(x.dtype).eps * mean) ** 2  # what is left is rounding
    with np.errstate(invalid="ignore", divide="ignore"):
        skewness = np.where(still, 0, np.mean(squares * off, axis=0) / square**1.5)
        kurtosis = np.where(still, 0, np.mean(squares**2, axis=0) / square**2 - 3)
    shape = p75 - p25, p95 - p05, skewness, kurtosis, slope
    return np.nan_to_num(np.stack([mean, deviation, p05, p25, p50, p75, p95, *shape]))
