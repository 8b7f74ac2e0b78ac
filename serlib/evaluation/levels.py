"""How loud a clip is, how much of it is silence, how high it is spoken."""

from pathlib import Path

import librosa
import numpy as np
import pandas as pd
from scipy.ndimage import median_filter

from ..audio import SR, load
from ..workers import each

_SILENCE_DB = 35  # below the clip's peak: where RAVDESS's room ends and a soft voice begins


def measure(clips: pd.DataFrame, root: Path, *, n_jobs: int = -1) -> pd.DataFrame:
    """Measure every clip of a table.

    Parameters
    ----------
    clips : DataFrame with `CLIP_COLUMNS`
    root : Path, the data root
    n_jobs : int, worker processes

    Returns
    -------
    DataFrame, in the order of `clips`
        level_db (RMS in dB relative to full scale), peak, lead_s and tail_s (silence at the
        ends), in_window (share of the speech between 0.6 and 3.1 s, the window of S2)
    """
    paths = [(root / path,) for path in clips.path]
    rows = list(each(_measure, paths, n_jobs=n_jobs, desc="measuring levels"))
    return pd.DataFrame(rows, index=clips.index)


def f0(y: np.ndarray, *, sr: int = SR, hop_length: int = 512) -> np.ndarray:
    """Return the pitch contour of a clip, not a number where nobody speaks.

    YIN (de Cheveigné & Kawahara 2002, JASA 111: 1917; `librosa.yin`) in the frames less than
    20 dB below the loudest: on RAVDESS, pYIN calls breathy and strained speech unvoiced. What
    lies further than 0.8 octaves from the clip's median is an unvoiced consonant, and left out.

    Parameters
    ----------
    y : np.ndarray [shape=(n,)]
    sr : int, Hz
    hop_length : int, samples

    Returns
    -------
    np.ndarray [shape=(t,)], Hz, 60 to 600, one value every `hop_length` samples
    """
    frames = dict(frame_length=1024, hop_length=hop_length)
    contour = librosa.yin(y, fmin=60, fmax=600, sr=sr, **frames)
    rms = librosa.feature.rms(y=y, **frames)[0]
    loud = np.where(rms > rms.max() / 10, median_filter(contour, 5), np.nan)
    return np.where(np.abs(np.log2(loud / np.nanmedian(loud))) < 0.8, loud, np.nan)


def _measure(path: Path) -> dict[str, float]:
    y = load(path)
    start, end = librosa.effects.trim(y, top_db=_SILENCE_DB)[1] / SR
    inside = max(0.0, min(end, 3.1) - max(start, 0.6))
    return dict(
        level_db=10 * np.log10(np.mean(y**2)),
        peak=float(np.max(np.abs(y))),
        lead_s=start,
        tail_s=len(y) / SR - end,
        in_window=inside / (end - start),
    )
