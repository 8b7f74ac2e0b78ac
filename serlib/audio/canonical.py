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
_KEPT_S, _SILENT_DB = 1, 50  # of silence at an end; what is so far below the loudest 10 ms
_CUT_S = 1.98  # whole frames of 10 ms; at 0.9 and 1.1 of the speed, which some systems hear, too
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

    Of a silence of three seconds or more multiples of 1.98 s are cut, so that what is left is
    resampled and framed as it would be without a cut: a minute of waiting costs nothing and
    changes nothing. Shorter ones, which every corpus has, are not touched.

    Parameters
    ----------
    recording : Recording, with or without channels
    """
    y, sr = recording.y, recording.sr
    step = sr // 100
    count = len(y) // step
    if count < 100 * (_KEPT_S + _CUT_S):
        return recording
    frames = y[: count * step].reshape(count, step, -1).std(axis=1).max(axis=1)
    loud = np.flatnonzero(frames > frames.max() * 10 ** (-_SILENT_DB / 20))
    if not len(loud):
        return recording
    silent = loud[0] * step, len(y) - (loud[-1] + 1) * step
    first, last = (int(max(0, n - _KEPT_S * sr) // (_CUT_S * sr) * _CUT_S * sr) for n in silent)
    return recording._replace(y=y[first : len(y) - last])
