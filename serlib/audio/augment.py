"""Augmentations of a clip: pure functions of (signal, rate, parameters or rng).

The four of system S2 keep dtype and, but for the stretch, length.
"""

from collections.abc import Callable
from functools import cache, lru_cache

import numpy as np

from . import spectrum
from .corruptions import on_the_way, speed

S2_VARIANTS = ("original", "noise", "stretch_pitch")  # its rows of features
SPEEDS = ("speed_080", "speed_090", "speed_110", "speed_120")
WAYS = ("way_1", "way_2", "way_3")  # a clip as it may arrive, each time another way
VARIANTS = (*S2_VARIANTS, "shift", *SPEEDS, *WAYS)  # all that there are


def noise(y: np.ndarray, *, rng: np.random.Generator, amplitude: float = 0.035) -> np.ndarray:
    """Add white Gaussian noise of deviation ``amplitude * U(0, 1) * max(y)``.

    Parameters
    ----------
    y : np.ndarray [shape=(n,)]
    rng : np.random.Generator, draws the level, then the noise
    amplitude : float, the largest deviation relative to the clip's maximum (S2: 0.035)

    Returns
    -------
    np.ndarray [shape=(n,)]
    """
    level = amplitude * rng.uniform() * np.max(y)
    return (y + level * rng.standard_normal(len(y))).astype(y.dtype)


def stretch(y: np.ndarray, *, rate: float = 0.8, n_fft: int = 2048) -> np.ndarray:
    """Change the tempo and keep the pitch: `librosa.effects.time_stretch` (S2: 0.8, slower).

    Every sum is rounded as librosa's, so that the result is the same to the last bit: phases
    grow to 1e5, where float32 has steps of 1e-2, and of a signal that is another by 1e-7 a second
    stretch makes one that is another by 1e-3. But angles are computed once a frame.

    Returns
    -------
    np.ndarray [shape=(round(n / rate),)]
    """
    vocoder, overlapped = _compiled()
    hop_length, length = n_fft // 4, round(len(y) / rate)
    D = spectrum.stft(y, n_fft=n_fft, hop_length=hop_length).T
    angles, heights = np.zeros((2, len(D) + 1, D.shape[1]), y.dtype)  # there ends in silence
    np.arctan2(D.imag, D.real, out=angles[:-1])
    np.abs(D, out=heights[:-1])
    steps = np.arange(0, len(D), rate)[: -(-(length + n_fft) // hop_length)]
    frames = np.fft.irfft(vocoder(angles, heights, steps, np.empty(D.shape[1], D.dtype)))
    made = overlapped(frames, spectrum.hann(n_fft), hop_length)
    made /= _weights(len(frames), n_fft, hop_length, y.dtype)
    made = made[n_fft // 2 :][:length]
    return np.pad(made, (0, length - len(made)))


def pitch(y: np.ndarray, *, sr: int, n_steps: float = 0.7) -> np.ndarray:
    """Shift the pitch by semitones, keep the tempo: `librosa.effects.pitch_shift` (S2: +0.7)."""
    rate = 2.0 ** (-n_steps / 12)
    shifted = spectrum.resample(stretch(y, rate=rate), orig_sr=sr / rate, target_sr=sr)[: len(y)]
    return np.pad(shifted, (0, len(y) - len(shifted)))


@cache
def _compiled() -> tuple[Callable, Callable]:
    """Return the two loops below as machine code; who only predicts does not load numba."""
    from numba import njit

    return njit(cache=True)(_vocoder), njit(cache=True)(_overlapped)


def _vocoder(angles: np.ndarray, heights: np.ndarray, steps: np.ndarray, silence: np.ndarray):
    """Return frames that follow each other in other steps: `librosa.phase_vocoder`.

    Ellis (2002, A phase vocoder in Matlab).

    Parameters
    ----------
    angles, heights : np.ndarray [shape=(frames + 1, bins)], of a transform of frames that are a
        quarter of their length apart
    steps : np.ndarray [shape=(n,)], where the new frames lie among them
    silence : np.ndarray [shape=(bins,)], complex, any: of the type that is to be returned

    Returns
    -------
    np.ndarray [shape=(n, bins)]
    """
    turn, phase = 2 * np.pi, angles[0].copy()
    made = np.empty((len(steps), len(silence)), silence.dtype)
    for t, step in enumerate(steps):
        k = int(step)
        share = step - k
        for b in range(len(phase)):
            height = (1 - share) * heights[k, b] + share * heights[k + 1, b]
            made[t, b] = height * np.cos(phase[b]) + 1j * (height * np.sin(phase[b]))
        for b in range(len(phase)):
            usual = b * (turn / 4)  # in a hop, of a sound at the centre of the bin
            off = (angles[k + 1, b] - angles[k, b]) - usual
            phase[b] += usual + (off - turn * np.rint(off / turn))
    return made


def _overlapped(frames: np.ndarray, window: np.ndarray, hop_length: int) -> np.ndarray:
    """Return the sum of windowed frames, each a hop after the last."""
    count, length = frames.shape
    y = np.zeros(length + hop_length * (count - 1), frames.dtype)
    for t in range(count):
        for k in range(length):
            y[t * hop_length + k] += frames[t, k] * window[k]
    return y


@lru_cache(maxsize=8)
def _weights(count: int, n_fft: int, hop_length: int, dtype: np.dtype) -> np.ndarray:
    """Return the sum of squared windows, 1 where there are none."""
    window = spectrum.hann(n_fft)
    frames = np.ones((count, n_fft), dtype)
    weights = _compiled()[1](frames, window**2, hop_length)
    return np.where(weights > np.finfo(dtype).tiny, weights, 1).astype(dtype)


def shift(y: np.ndarray, *, rng: np.random.Generator, most: int = 5000) -> np.ndarray:
    """Roll the signal round its ends by a whole number of samples in [-most, most] (S2: 5000)."""
    return np.roll(y, rng.integers(-most, most, endpoint=True))


def noisy_or_masked(X: np.ndarray, *, rng: np.random.Generator) -> np.ndarray:
    """Return a copy of scaled spectrograms, half with noise and half with a time mask (S4).

    Parameters
    ----------
    X : np.ndarray [shape=(n, bands, frames)], standardised
    rng : np.random.Generator

    Returns
    -------
    np.ndarray [shape=(n, bands, frames)]: Gaussian noise of deviation 0.01 added, or a tenth
    of the frames set to 0, the mean
    """
    copies = X.copy()
    frames = X.shape[2]
    width = frames // 10
    for x in copies:
        if rng.uniform() < 0.5:
            x += (0.01 * rng.standard_normal(x.shape)).astype(x.dtype)
        else:
            start = rng.integers(0, frames - width + 1)
            x[:, start : start + width] = 0
    return copies


def variant(y: np.ndarray, name: str, *, sr: int, rng: np.random.Generator) -> np.ndarray:
    """Return a variant of a clip by its name in the features table.

    Parameters
    ----------
    y : np.ndarray [shape=(n,)]
    name : str, one of `VARIANTS`
    sr : int, Hz
    rng : np.random.Generator

    Raises
    ------
    ValueError
        For a name that is none of these.
    """
    match name:
        case "original":
            return y
        case "noise":
            return noise(y, rng=rng)
        case "stretch_pitch":
            return pitch(stretch(y), sr=sr)
        case "shift":
            return shift(y, rng=rng)
        case name if name in WAYS:
            return on_the_way(y, sr=sr, rng=rng)
        case name if name in SPEEDS:
            return speed(y, sr=sr, rate=int(name[-3:]) / 100)
    raise ValueError(f"Bad variant {name!r}, expected one of {list(VARIANTS)}")
