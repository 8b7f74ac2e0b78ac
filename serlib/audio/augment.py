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
# A quarter of a turn in two parts, and the polynomials of sine and cosine on either side of 0
_QUARTER, _AND_THE_REST = 1.5707963267341256, 6.077100506506192e-11
_S1, _S2, _S3 = -0.16666654943701084, 0.008332178146138854, -0.00019517298981385725
_C1, _C2, _C3 = -0.49999999725108224, 0.041666623324344516, -0.001388676379437604
_C4 = 2.4390450703564542e-05
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
    phases, frames, overlapped = _compiled()
    hop_length, length = n_fft // 4, round(len(y) / rate)
    D = spectrum.stft(y, n_fft=n_fft, hop_length=hop_length).T
    angles, heights = np.zeros((2, len(D) + 1, D.shape[1]), y.dtype)  # there ends in silence
    np.arctan2(D.imag, D.real, out=angles[:-1])
    np.abs(D, out=heights[:-1])
    steps = np.arange(0, len(D), rate)[: -(-(length + n_fft) // hop_length)]
    D = frames(phases(angles, steps), heights, steps, np.empty(0, D.dtype))
    made = overlapped(np.fft.irfft(D), spectrum.hann(n_fft), hop_length)
    made /= _weights(len(steps), n_fft, hop_length, y.dtype)
    made = made[n_fft // 2 :][:length]
    return np.pad(made, (0, length - len(made)))


def pitch(y: np.ndarray, *, sr: int, n_steps: float = 0.7) -> np.ndarray:
    """Shift the pitch by semitones, keep the tempo: `librosa.effects.pitch_shift` (S2: +0.7)."""
    rate = 2.0 ** (-n_steps / 12)
    shifted = spectrum.resample(stretch(y, rate=rate), orig_sr=sr / rate, target_sr=sr)[: len(y)]
    return np.pad(shifted, (0, len(y) - len(shifted)))


@cache
def _compiled() -> list[Callable]:
    """Return the three loops below as machine code; who only predicts does not load numba."""
    from numba import njit

    return [njit(cache=True)(loop) for loop in (_phases, _frames, _overlapped)]


def _phases(angles: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """Return the phases of new frames, each the last's and its advance: `librosa.phase_vocoder`.

    Ellis (2002, A phase vocoder in Matlab).

    Parameters
    ----------
    angles : np.ndarray [shape=(frames + 1, bins)], of frames a quarter of their length apart
    steps : np.ndarray [shape=(n,)], where the new frames lie among them

    Returns
    -------
    np.ndarray [shape=(n, bins)]
    """
    turn = 2 * np.pi
    phases = np.empty((len(steps), angles.shape[1]), angles.dtype)
    phases[0] = angles[0]
    for t in range(len(steps) - 1):
        k = int(steps[t])
        for b in range(angles.shape[1]):
            usual = b * (turn / 4)  # in a hop, of a sound at the centre of the bin
            off = (angles[k + 1, b] - angles[k, b]) - usual
            phases[t + 1, b] = phases[t, b] + (usual + (off - turn * np.rint(off / turn)))
    return phases


def _frames(
    phases: np.ndarray, heights: np.ndarray, steps: np.ndarray, like: np.ndarray
) -> np.ndarray:
    """Return new frames [shape=(n, bins)], complex as `like`, between the heights of the old.

    Sine and cosine are computed as glibc does, after Arm's optimized routines (sinf.c, cosf.c), to
    the same last bit, but many at a time: librosa's cost more than all the rest.
    """
    made = np.empty(phases.shape, like.dtype)
    for t, step in enumerate(steps):
        k = int(step)
        share = step - k
        for b in range(phases.shape[1]):
            quarters = np.rint(phases[t, b] * (2 / np.pi))
            x = (phases[t, b] - quarters * _QUARTER) - quarters * _AND_THE_REST
            x2, x3 = x * x, x * x * x
            sin = (x + x3 * _S1) + (x3 * x2) * (_S2 + x2 * _S3)
            cos = ((1 + x2 * _C1) + (x2 * x2) * _C2) + (x3 * x3) * (_C3 + x2 * _C4)
            quarter = int(quarters)
            if quarter & 1:
                sin, cos = cos, -sin
            if quarter & 2:
                sin, cos = -sin, -cos
            height = (1 - share) * heights[k, b] + share * heights[k + 1, b]
            made[t, b] = height * phases.dtype.type(cos) + 1j * (height * phases.dtype.type(sin))
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
    weights = _compiled()[2](frames, window**2, hop_length)
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
