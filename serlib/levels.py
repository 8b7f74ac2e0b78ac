"""How loud a clip is, and how much of it is silence."""

from pathlib import Path

import librosa
import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from tqdm import tqdm

from .audio import SR, load

SILENCE_DB = 35  # below the clip's peak: where RAVDESS's room ends and a soft voice begins


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
    jobs = (delayed(_measure)(root / path) for path in clips.path)
    results = Parallel(n_jobs=n_jobs, return_as="generator")(jobs)
    rows = list(tqdm(results, total=len(clips), desc="measuring levels", unit="clip"))
    return pd.DataFrame(rows, index=clips.index)


def _measure(path: Path) -> dict[str, float]:
    y = load(path)
    start, end = librosa.effects.trim(y, top_db=SILENCE_DB)[1] / SR
    inside = max(0.0, min(end, 3.1) - max(start, 0.6))
    return dict(
        level_db=10 * np.log10(np.mean(y**2)),
        peak=float(np.max(np.abs(y))),
        lead_s=start,
        tail_s=len(y) / SR - end,
        in_window=inside / (end - start),
    )
