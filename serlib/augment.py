"""Augmentations of a clip: pure functions of (signal, rate, parameters or rng).

The four of system S2 keep dtype and, but for the stretch, length.
"""

import librosa
import numpy as np

VARIANTS = ("original", "noise", "stretch_pitch")


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


def stretch(y: np.ndarray, *, rate: float = 0.8) -> np.ndarray:
    """Change the tempo and keep the pitch: `librosa.effects.time_stretch` (S2: 0.8, slower).

    Returns
    -------
    np.ndarray [shape=(round(n / rate),)]
    """
    return librosa.effects.time_stretch(y, rate=rate)


def pitch(y: np.ndarray, *, sr: int, n_steps: float = 0.7) -> np.ndarray:
    """Shift the pitch by semitones, keep the tempo: `librosa.effects.pitch_shift` (S2: +0.7)."""
    return librosa.effects.pitch_shift(y, sr=sr, n_steps=n_steps)


def shift(y: np.ndarray, *, rng: np.random.Generator, most: int = 5000) -> np.ndarray:
    """Roll the signal round its ends by a whole number of samples in [-most, most] (S2: 5000)."""
    return np.roll(y, rng.integers(-most, most, endpoint=True))


def variant(y: np.ndarray, name: str, *, sr: int, rng: np.random.Generator) -> np.ndarray:
    """Return a variant of a clip by its name in the features table.

    Parameters
    ----------
    y : np.ndarray [shape=(n,)]
    name : str, "original", "noise", "stretch_pitch" or "shift"
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
    raise ValueError(f"Bad variant {name!r}, expected one of {[*VARIANTS, 'shift']}")
