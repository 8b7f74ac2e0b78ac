"""How high a sound is: its period, its tuning, its pitch classes; as librosa has them.

In numpy alone, for the reasons of `serlib.audio.spectrum`.
"""

from functools import lru_cache

import numpy as np

from .spectrum import frames

_HUNDREDTHS = np.linspace(-0.5, 0.5, 101)  # of a semitone, and librosa's bins


def yin(
    y: np.ndarray, *, fmin: float, fmax: float, sr: float, frame_length: int, hop_length: int
) -> np.ndarray:
    """Return the pitch of each frame [shape=(frames,)], Hz: `librosa.yin`.

    YIN (de Cheveigné & Kawahara 2002, JASA 111: 1917).
    """
    shortest, longest = int(sr / fmax), min(int(np.ceil(sr / fmin)), frame_length - 1)
    padded = np.pad(y, frame_length // 2)
    framed = frames(padded, frame_length=frame_length, hop_length=hop_length)
    differs = _difference(framed, shortest, longest)
    troughs = np.zeros(differs.shape, bool)
    troughs[:, 1:-1] = differs[:, 1:-1] < differs[:, :-2]
    troughs[:, 1:-1] &= differs[:, 1:-1] <= differs[:, 2:]
    troughs[:, 0] = differs[:, 0] < differs[:, 1]
    troughs[:, -1] = differs[:, -1] < differs[:, -2]
    troughs &= differs < 0.1
    best = np.where(troughs.any(axis=1), troughs.argmax(axis=1), differs.argmin(axis=1))
    shift = np.take_along_axis(_parabola(differs), best[:, None], axis=1)[:, 0]
    return sr / (shortest + best + shift)


def _difference(framed: np.ndarray, shortest: int, longest: int) -> np.ndarray:
    """Return the cumulative mean normalised difference of frames at the lags between."""
    n = -(-(framed.shape[1] + longest) // 512) * 512  # nothing wraps round, and it is fast
    spectrum = np.fft.rfft(framed, n)
    repeats = np.fft.irfft(spectrum.real**2 + spectrum.imag**2, n)[:, : longest + 1]
    energy = np.cumsum(framed[:, :longest] ** 2, axis=1)
    found = 2 * (repeats[:, :1] - repeats[:, 1:]) - energy
    means = np.cumsum(found, axis=1) / np.arange(1, longest + 1)
    return found[:, shortest - 1 :] / (means[:, shortest - 1 :] + np.finfo(framed.dtype).tiny)


def _parabola(x: np.ndarray) -> np.ndarray:
    """Return how far off each value the vertex through its neighbours is, along the last axis."""
    shift, after, before = np.zeros_like(x), x[..., 2:], x[..., :-2]
    a, b = after + before - 2 * x[..., 1:-1], (after - before) / 2
    np.divide(-b, a, out=shift[..., 1:-1], where=np.abs(b) < np.abs(a))
    return shift


def tuning(S: np.ndarray, *, sr: float) -> float:
    """Return how far a sound lies off concert pitch, in semitones: `librosa.estimate_tuning`.

    Parameters
    ----------
    S : np.ndarray [shape=(1 + n_fft // 2, frames)], magnitudes
    sr : int, Hz
    """
    n_fft = 2 * (len(S) - 1)
    hz = np.arange(len(S)) * sr / n_fft
    first, last = np.searchsorted(hz, (150.0, min(4000.0, sr / 2)))
    near = np.ascontiguousarray(S[first - 1 : last + 1].T)  # a bin more at either side
    here = near[:, 1:-1]
    peaks = (here > 0.1 * S.max(axis=0)[:, None]) & (here > near[:, :-2]) & (here >= near[:, 2:])
    row, k = np.divmod(np.flatnonzero(peaks), peaks.shape[1])
    around = near.ravel()[(row * near.shape[1] + k)[:, None] + np.arange(3)]
    shift = _parabola(around)[:, 1]
    pitches = ((first + k + shift) * sr / n_fft).astype(S.dtype)
    heights = around[:, 1] + 0.25 * (around[:, 2] - around[:, 0]) * shift
    pitches = pitches[heights >= np.median(heights)] if len(heights) else pitches
    if not len(pitches):
        return 0.0
    residual = np.mod(12 * _octaves(pitches), 1.0)
    residual[residual >= 0.5] -= 1.0
    counts = np.bincount(np.searchsorted(_HUNDREDTHS, residual, "right"), minlength=102)
    return float(_HUNDREDTHS[np.argmax(counts[1:-1])])


def _octaves(hz: np.ndarray, tuning: float = 0.0) -> np.ndarray:
    return np.log2(hz / (440.0 * 2 ** (tuning / 12) / 16))


@lru_cache(maxsize=128)  # the tuning is a multiple of 0.01 in [-0.5, 0.5)
def chroma_filters(sr: float, n_fft: int, tuning: float) -> np.ndarray:
    """Return the weights of 12 pitch classes [shape=(12, 1 + n_fft // 2)]: `filters.chroma`."""
    count = 1 + n_fft // 2
    bins = 12 * _octaves(np.arange(1, count + 1) * sr / n_fft, tuning)
    bins = np.concatenate([[bins[0] - 18], bins])
    widths, bins = np.maximum(np.diff(bins), 1.0), bins[:count]
    off = np.remainder(np.subtract.outer(np.arange(12.0), bins) * -1 + 126, 12) - 6
    weights = np.exp(-0.5 * (2 * off / widths) ** 2)
    weights /= np.sqrt(np.sum(weights**2, axis=0))
    weights *= np.exp(-0.5 * ((bins / 12 - 5) / 2) ** 2)
    return np.roll(weights, -3, axis=0).astype(np.float32)
