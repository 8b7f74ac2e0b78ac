"""What prediction needs of librosa, as librosa computes it, in numpy and soxr alone.

librosa compiles parts of itself when they are first used, which takes seconds, and two processes
that do so at once may leave files that crash both. The tests hold every function here to
librosa's of the same name.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache

import numpy as np
import soxr

_LOG_FROM, _LOG_STEP = 1000.0, np.log(6.4) / 27  # Hz; Slaney's mel scale is a line below it
_KEPT: ContextVar[tuple[np.ndarray | None, dict]] = ContextVar("kept", default=(None, {}))


def frames(y: np.ndarray, *, frame_length: int, hop_length: int) -> np.ndarray:
    """Return overlapping frames of a signal [shape=(frames, frame_length)], a view."""
    return np.lib.stride_tricks.sliding_window_view(y, frame_length)[::hop_length]


def stft(
    y: np.ndarray, *, n_fft: int = 2048, hop_length: int = 512, pad_mode: str = "constant"
) -> np.ndarray:
    """Return the short-time Fourier transform, Hann windows [shape=(1 + n_fft // 2, frames)]."""
    (y_kept, known), how = _KEPT.get(), (n_fft, hop_length, pad_mode)
    if y is not y_kept:
        return _stft(y, *how)
    if how not in known:
        known[how] = _stft(y, *how)
        known[how].flags.writeable = False
    return known[how]


@contextmanager
def kept(y: np.ndarray) -> Iterator[None]:
    """Transform a signal once, and give it again, while nobody changes the signal."""
    token = _KEPT.set((y, {}))
    try:
        yield
    finally:
        _KEPT.reset(token)


def _stft(y: np.ndarray, n_fft: int, hop_length: int, pad_mode: str) -> np.ndarray:
    framed = frames(np.pad(y, n_fft // 2, pad_mode), frame_length=n_fft, hop_length=hop_length)
    D = np.empty((len(framed), 1 + n_fft // 2), np.result_type(y.dtype, np.complex64))
    windowed, transform = np.empty((16, n_fft)), np.empty((16, 1 + n_fft // 2), complex)
    for k in range(0, len(framed), 16):  # in memory that stays in the processor's cache
        few = slice(min(16, len(framed) - k))
        np.multiply(framed[k : k + 16], hann(n_fft), out=windowed[few])
        D[k : k + 16] = np.fft.rfft(windowed[few], out=transform[few])
    return D.T


def power_to_db(S: np.ndarray, *, ref: float = 1.0, top_db: float | None = 80.0) -> np.ndarray:
    """Return powers in dB relative to `ref`, at most `top_db` below the highest of all."""
    db = 10.0 * np.log10(np.maximum(1e-10, S))
    db -= 10.0 * np.log10(np.maximum(1e-10, ref))
    return db if top_db is None else np.maximum(db, db.max() - top_db)


def amplitude_to_db(S: np.ndarray, **how: float | None) -> np.ndarray:
    """Return amplitudes in dB, as `power_to_db` does powers; `ref` is of a power."""
    return power_to_db(np.square(S), **how)


@lru_cache(maxsize=16)
def mel_filters(sr: float, n_fft: int, n_mels: int = 128, fmax: float | None = None) -> np.ndarray:
    """Return Slaney's mel filter bank [shape=(n_mels, 1 + n_fft // 2)], float32."""
    top = _mel(np.array(fmax or sr / 2))
    edges = _hz(np.linspace(0, top, n_mels + 2))
    ramps = np.subtract.outer(edges, np.fft.rfftfreq(n_fft, 1 / sr))
    steps = np.diff(edges)[:, None]
    weights = np.maximum(0, np.minimum(-ramps[:-2] / steps[:-1], ramps[2:] / steps[1:]))
    return (weights * (2.0 / (edges[2:] - edges[:-2]))[:, None]).astype(np.float32)


def mel(
    power: np.ndarray, *, sr: float, n_mels: int = 128, fmax: float | None = None
) -> np.ndarray:
    """Return the powers in Slaney's mel bands [shape=(n_mels, frames)].

    Parameters
    ----------
    power : np.ndarray [shape=(1 + n_fft // 2, frames)]
    """
    parts = _mel_parts(sr, 2 * (len(power) - 1), n_mels, fmax)
    return np.concatenate([weights @ power[bins] for bins, weights in parts])


@lru_cache(maxsize=16)
def _mel_parts(sr: float, n_fft: int, n_mels: int, fmax: float | None) -> list[tuple]:
    """Return a few filters at a time, and the bins that any of them lets pass."""
    parts = []
    for weights in np.array_split(mel_filters(sr, n_fft, n_mels, fmax), 8):
        passed = np.flatnonzero(weights.any(axis=0))
        bins = slice(passed[0], passed[-1] + 1)
        parts.append((bins, np.ascontiguousarray(weights[:, bins])))
    return parts


def _mel(hz: np.ndarray) -> np.ndarray:
    above = _LOG_FROM * 3 / 200 + np.log(np.maximum(hz, 1e-9) / _LOG_FROM) / _LOG_STEP
    return np.where(hz < _LOG_FROM, hz * 3 / 200, above)


def _hz(mel: np.ndarray) -> np.ndarray:
    bend = _LOG_FROM * 3 / 200
    return np.where(mel < bend, mel * 200 / 3, _LOG_FROM * np.exp(_LOG_STEP * (mel - bend)))


def mfcc(db: np.ndarray, *, n_mfcc: int) -> np.ndarray:
    """Return the first cosine coefficients of mel bands in dB [shape=(n_mfcc, frames)]."""
    return _cosines(len(db), n_mfcc).astype(db.dtype) @ db


@lru_cache(maxsize=8)
def _cosines(n: int, count: int) -> np.ndarray:
    """Return the orthonormal DCT-II [shape=(count, n)]."""
    k = np.arange(count)[:, None]
    matrix = np.sqrt(2 / n) * np.cos(np.pi / n * (np.arange(n) + 0.5) * k)
    matrix[0] /= np.sqrt(2)
    return matrix


def delta(x: np.ndarray, *, order: int = 1, width: int = 9) -> np.ndarray:
    """Return derivatives along the last axis, of polynomials fitted to `width` frames.

    Savitzky & Golay (1964, Anal. Chem. 36: 1627); the first and last frame are repeated.
    """
    half = width // 2
    powers = np.vander(np.arange(-half, half + 1.0), order + 1, increasing=True)
    weights = math.factorial(order) * np.linalg.pinv(powers)[order]
    padded = np.pad(x, [(0, 0)] * (x.ndim - 1) + [(half, half)], mode="edge")
    return (np.lib.stride_tricks.sliding_window_view(padded, width, axis=-1) @ weights).astype(
        x.dtype
    )


def rms(y: np.ndarray, *, frame_length: int = 2048, hop_length: int = 512) -> np.ndarray:
    """Return the root mean square of each frame [shape=(frames,)]."""
    framed = frames(np.pad(y, frame_length // 2), frame_length=frame_length, hop_length=hop_length)
    return np.sqrt(np.einsum("ij,ij->i", framed, framed) / frame_length)


def zero_crossing_rate(
    y: np.ndarray, *, frame_length: int = 2048, hop_length: int = 512
) -> np.ndarray:
    """Return the share of samples of each frame where the sign changes [shape=(frames,)]."""
    below = np.pad(y, frame_length // 2, mode="edge") < -1e-10
    crossings = np.flatnonzero(below[1:] != below[:-1])
    starts = np.arange(0, len(below) - frame_length + 1, hop_length)
    before, after = np.searchsorted(crossings, [starts, starts + frame_length - 1])
    return (after - before) / frame_length


def trim(
    y: np.ndarray, *, top_db: float, frame_length: int = 2048, hop_length: int = 512
) -> np.ndarray:
    """Return a signal without its ends that lie `top_db` below the loudest frame."""
    power = rms(y, frame_length=frame_length, hop_length=hop_length) ** 2
    loud = np.flatnonzero(power_to_db(power, ref=power.max(), top_db=None) > -top_db)
    return y[loud[0] * hop_length : (loud[-1] + 1) * hop_length] if len(loud) else y[:0]


def resample(y: np.ndarray, *, orig_sr: float, target_sr: float) -> np.ndarray:
    """Return a signal [shape=(n,)] at another rate, by soxr at high quality."""
    if orig_sr == target_sr:
        return y
    n = math.ceil(len(y) * target_sr / orig_sr)
    made = soxr.resample(y, orig_sr, target_sr, quality="soxr_hq")[:n]
    return np.pad(made, (0, n - len(made)))


@lru_cache(maxsize=8)
def hann(n: int) -> np.ndarray:
    """Return the Hann window of an even number of samples, of one period [shape=(n,)]."""
    return 0.5 + 0.5 * np.cos(np.linspace(-np.pi, np.pi, n + 1)[:-1])  # rounded as SciPy's


# What follows takes magnitudes S [shape=(1 + n_fft // 2, frames)], and but for `contrast` returns
# one value a frame


def _bins_hz(S: np.ndarray, sr: float) -> np.ndarray:
    return np.fft.rfftfreq(2 * (len(S) - 1), 1 / sr)


def _shares(S: np.ndarray) -> np.ndarray:
    return S / np.maximum(S.sum(axis=0, dtype=float), np.finfo(S.dtype).tiny).astype(S.dtype)


def level(S: np.ndarray) -> np.ndarray:
    """Return the root mean square [shape=(frames,)], from magnitudes S: `librosa.feature.rms`."""
    power = S**2
    power[[0, -1]] *= 0.5
    return np.sqrt(2 * power.sum(axis=0)) / (2 * (len(S) - 1))


def centroid_and_bandwidth(S: np.ndarray, *, sr: float) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and deviation of the spectrum, Hz: `spectral_centroid`, `spectral_bandwidth`."""
    hz, shares = _bins_hz(S, sr), _shares(S)
    centre = hz @ shares
    return centre, np.sqrt(np.sum(shares * (hz[:, None] - centre) ** 2, axis=0))


def rolloff(S: np.ndarray, *, sr: float) -> np.ndarray:
    """Return below which frequency 85 % of the magnitudes lie, Hz: `spectral_rolloff`."""
    total = np.cumsum(S, axis=0)
    return _bins_hz(S, sr)[np.argmax(total >= 0.85 * total[-1], axis=0)]


def flatness(S: np.ndarray) -> np.ndarray:
    """Return geometric over arithmetic mean of the powers: `spectral_flatness`."""
    power = np.maximum(1e-10, S**2)
    return np.exp(np.log(power).mean(axis=0)) / power.mean(axis=0)


def contrast(S: np.ndarray, *, sr: float) -> np.ndarray:
    """Return peaks over valleys of seven bands, dB [shape=(7, frames)]: `spectral_contrast`."""
    hz, top = _bins_hz(S, sr), 6
    edges = [0.0, *(200.0 * 2.0 ** np.arange(top + 1))]
    valleys, peaks = np.empty((2, top + 1, S.shape[1]))
    for k in range(top + 1):
        inside = np.flatnonzero((hz >= edges[k]) & (hz <= edges[k + 1]))
        first, last = inside[0] - (k > 0), len(hz) - 1 if k == top else inside[-1]
        count = max(int(np.rint(0.02 * (last - first + 1))), 1)
        band = np.sort(S[first : last + (k == top)], axis=0)
        valleys[k], peaks[k] = band[:count].mean(axis=0), band[-count:].mean(axis=0)
    return power_to_db(peaks) - power_to_db(valleys)
