"""The shape of a spectrum, frame by frame; as `librosa.feature` has it.

In numpy alone, for the reasons of `serlib.audio.spectrum`. All take magnitudes S [shape=(1 +
n_fft // 2, frames)] and return an array of shape (frames,), but for `contrast`.
"""

import numpy as np

from .spectrum import power_to_db


def _hz(S: np.ndarray, sr: float) -> np.ndarray:
    return np.fft.rfftfreq(2 * (len(S) - 1), 1 / sr)


def _shares(S: np.ndarray) -> np.ndarray:
    return S / np.maximum(S.sum(axis=0, dtype=float), np.finfo(S.dtype).tiny).astype(S.dtype)


def level(S: np.ndarray) -> np.ndarray:
    """Return the root mean square: `librosa.feature.rms`."""
    power = S**2
    power[[0, -1]] *= 0.5
    return np.sqrt(2 * power.sum(axis=0)) / (2 * (len(S) - 1))


def centroid_and_bandwidth(S: np.ndarray, *, sr: float) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and deviation of the spectrum, Hz: `spectral_centroid`, `spectral_bandwidth`."""
    hz, shares = _hz(S, sr), _shares(S)
    centre = hz @ shares
    return centre, np.sqrt(np.sum(shares * (hz[:, None] - centre) ** 2, axis=0))


def rolloff(S: np.ndarray, *, sr: float) -> np.ndarray:
    """Return below which frequency 85 % of the magnitudes lie, Hz: `spectral_rolloff`."""
    total = np.cumsum(S, axis=0)
    return _hz(S, sr)[np.argmax(total >= 0.85 * total[-1], axis=0)]


def flatness(S: np.ndarray) -> np.ndarray:
    """Return geometric over arithmetic mean of the powers: `spectral_flatness`."""
    power = np.maximum(1e-10, S**2)
    return np.exp(np.log(power).mean(axis=0)) / power.mean(axis=0)


def contrast(S: np.ndarray, *, sr: float) -> np.ndarray:
    """Return peaks over valleys of seven bands, dB [shape=(7, frames)]: `spectral_contrast`."""
    hz, top = _hz(S, sr), 6
    edges = [0.0, *(200.0 * 2.0 ** np.arange(top + 1))]
    valleys, peaks = np.empty((2, top + 1, S.shape[1]))
    for k in range(top + 1):
        inside = np.flatnonzero((hz >= edges[k]) & (hz <= edges[k + 1]))
        first, last = inside[0] - (k > 0), len(hz) - 1 if k == top else inside[-1]
        count = max(int(np.rint(0.02 * (last - first + 1))), 1)
        band = np.sort(S[first : last + (k == top)], axis=0)
        valleys[k], peaks[k] = band[:count].mean(axis=0), band[-count:].mean(axis=0)
    return power_to_db(peaks) - power_to_db(valleys)
