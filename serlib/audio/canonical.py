"""One signal of any recording: what depends on its room and recorder, and can be undone, is."""

import librosa
import numpy as np
from scipy import signal

from .source import Recording

CANONICAL_SR = 16_000  # Hz
LOWEST, HIGHEST = 75, 5_000  # Hz: above mains hum; below what the narrowest corpus has, 5.5 kHz
TRIM_DB = 40  # below the loudest frame: silence
_LOUD = 0.1  # of full scale: the level of a clip's louder frames
_FRAME, _HOP = 400, 160  # samples, of the level
_WAIT_S, _SILENT_DB = 2, 50  # a silence that is no part of a clip; below the loudest 10 ms
# A fourth-order high-pass; a low-pass 60 dB down from HIGHEST + 10 %, where CREMA-D ends
_BAND = np.concatenate(
    [
        signal.butter(4, LOWEST, "highpass", fs=CANONICAL_SR, output="sos"),
        signal.cheby2(12, 60, HIGHEST * 1.1, fs=CANONICAL_SR, output="sos"),
    ]
)


def canonical(y: np.ndarray) -> np.ndarray:
    """Return a signal of one bandwidth and one level, without offset, hum and silent ends.

    Parameters
    ----------
    y : np.ndarray [shape=(n,)], at `CANONICAL_SR`

    Returns
    -------
    np.ndarray [shape=(m,)], float32, m <= n
        The same for a signal and for any multiple of it.
    """
    y = signal.sosfilt(_BAND, y - np.mean(y, dtype=np.float64))
    y = y / (np.abs(y).max() + 1e-12)
    y, _ = librosa.effects.trim(y, top_db=TRIM_DB, frame_length=_FRAME * 2, hop_length=_HOP)
    rms = librosa.feature.rms(y=y, frame_length=_FRAME, hop_length=_HOP)[0]
    return (y * (_LOUD / (np.percentile(rms, 90) + 1e-12))).astype(np.float32)


def without_waiting(recording: Recording) -> Recording:
    """Return a recording without the long silences before and after what is in it.

    Of a silence of two seconds or more whole seconds are cut, and one to two are left, so that
    what is left is resampled and framed as it would be without a cut: a minute of waiting costs
    nothing and changes nothing. Shorter ones, which every corpus has, are not touched.

    Parameters
    ----------
    recording : Recording, with or without channels
    """
    y, sr = recording.y, recording.sr
    step = sr // 100
    count = len(y) // step
    if count < 100 * _WAIT_S:
        return recording
    frames = y[: count * step].reshape(count, step, -1).std(axis=1).max(axis=1)
    loud = np.flatnonzero(frames > frames.max() * 10 ** (-_SILENT_DB / 20))
    if not len(loud):
        return recording
    before, after = loud[0] * step, len(y) - (loud[-1] + 1) * step
    first, last = ((n // sr - 1) * sr if n >= _WAIT_S * sr else 0 for n in (before, after))
    return recording._replace(y=y[first : len(y) - last])
