"""Augmentations of a clip: pure functions of (signal, rate, parameters or rng).

The four of system S2 keep dtype and, but for the stretch, length.
"""

import numpy as np

from .corruptions import on_the_way, speed
from .vocoder import pitch, stretch

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
