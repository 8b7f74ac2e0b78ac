"""Clips joined into a long recording, of which it is known who says what when."""

from collections.abc import Sequence

import librosa
import numpy as np
import pandas as pd

from .recording import SR, Source, load

_PAUSE, _SOUND = (0.7, 2.5), (2.0, 4.0)  # s: from clip to clip; of what sounds in a longer pause
_OFTEN = 1 / 3  # of the pauses hold a sound
_BELOW = 40  # dB: the recorder's own noise lies so far below the voice
_TOP_DB = 30  # below the loudest frame: the silent ends of a clip, which count as pauses
_CHORDS = ((262, 330, 392), (220, 262, 330), (175, 220, 262), (196, 247, 294))  # Hz: C, a, F, G


def joined(
    clips: Sequence[Source], *, sr: int = SR, rng: np.random.Generator
) -> tuple[np.ndarray, pd.DataFrame]:
    """Return a recording of clips one after the other, pauses, music and noise between them.

    Parameters
    ----------
    clips : sequence of path, open file or (y, sr)
    sr : int, Hz
    rng : np.random.Generator, of the pauses and of what sounds in them

    Returns
    -------
    y : np.ndarray [shape=(n,)], float32
    truth : DataFrame, a row per clip, in order: start_s, end_s of what is said in it
    """
    parts, truth, at = [], [], 0
    for clip in clips:
        voice = load(clip, sr=sr)
        _, (first, last) = librosa.effects.trim(voice, top_db=_TOP_DB)
        pause = _pause(float(np.std(voice[first:last])), sr, rng)
        at += len(pause)
        truth.append(((at + first) / sr, (at + last) / sr))
        parts += [pause, voice]
        at += len(voice)
    y = np.concatenate([*parts, np.zeros(int(_PAUSE[0] * sr))])
    y = y + 10 ** (-_BELOW / 20) * np.std(y) * rng.standard_normal(len(y))
    return y.astype(np.float32), pd.DataFrame(truth, columns=["start_s", "end_s"])


def _pause(level: float, sr: int, rng: np.random.Generator) -> np.ndarray:
    """Return a pause, now and then with music or noise in it, as loud as half the voice."""
    before, after = (np.zeros(int(s * sr)) for s in rng.uniform(*_PAUSE, 2) / 2)
    sound, often, which = rng.uniform(*_SOUND), rng.uniform(), rng.uniform()
    if often > _OFTEN:
        return np.concatenate([before, after])
    heard = _noise(int(sound * sr), rng) if which < 0.5 else music(int(sound * sr), sr, rng)
    return np.concatenate([before, heard * (level / 2 / (np.std(heard) + 1e-12)), after])


def music(n: int, sr: int, rng: np.random.Generator) -> np.ndarray:
    """Return plucked chords, two a second [shape=(n,)]."""
    t = np.arange(n) / sr
    y = np.zeros(n)
    for k, chord in enumerate(rng.permutation(_CHORDS)[np.arange(int(2 * t[-1]) + 1) % 4]):
        after = np.maximum(t - k / 2, 0)
        y += sum(np.sin(2 * np.pi * f * h * after) / h for f in chord for h in (1, 2, 3)) * (
            np.exp(-5 * after) * (t >= k / 2)
        )
    return y


def _noise(n: int, rng: np.random.Generator) -> np.ndarray:
    """Return noise whose power falls as 1 / f, as of traffic or rain."""
    spectrum = np.fft.rfft(rng.standard_normal(n))
    return np.fft.irfft(spectrum / np.sqrt(np.maximum(np.arange(len(spectrum)), 20)), n)
