"""Long recordings, second by second: what was said, what a timeline says of it."""

import numpy as np
import pandas as pd

from ..audio import NO_SPEECH
from .scores import score


def by_second(truth: pd.DataFrame, timeline: pd.DataFrame, recording: str) -> pd.DataFrame:
    """Return what is there and what was found at the middle of each second of a recording.

    Parameters
    ----------
    truth : DataFrame, start_s, end_s, emotion: where somebody speaks
    timeline : DataFrame, from `serlib.predict_timeline`, or of the same three columns
    recording : str, its name

    Returns
    -------
    DataFrame, a row a second: recording, second, emotion, predicted; "no speech" is an emotion
    """
    seconds = np.arange(int(max(timeline.end_s.max(), truth.end_s.max())))
    found = (at(table, seconds + 0.5) for table in (truth, timeline))
    return pd.DataFrame(
        dict(recording=recording, second=seconds)
        | dict(zip(("emotion", "predicted"), found, strict=True))
    )


def at(table: pd.DataFrame, times: np.ndarray) -> np.ndarray:
    """Return the emotion of a table of stretches at each time [s]; "no speech" between them."""
    table = table.sort_values("start_s")
    row = np.searchsorted(table.start_s.to_numpy(), times, side="right") - 1
    inside = (row >= 0) & (times < table.end_s.to_numpy()[row])
    return np.where(inside, table.emotion.to_numpy(dtype=object)[row], NO_SPEECH)


def score_seconds(seconds: pd.DataFrame, *, rng: np.random.Generator) -> dict[str, float]:
    """Score seconds of many recordings, as `score` does clips; recordings are drawn, not speakers.

    Parameters
    ----------
    seconds : DataFrame, from `by_second`, of any number of recordings
    rng : np.random.Generator, of the bootstrap

    Returns
    -------
    dict
        recordings, hours; uar, uar_low and uar_high over the seconds in which somebody speaks
        (one that is not heard is wrong); speech_found, the share of these in which speech was
        heard; speech_made_up, the share of the others
    """
    said, heard = seconds.emotion != NO_SPEECH, seconds.predicted != NO_SPEECH
    spoken = seconds[said].assign(corpus="own", speaker=seconds.recording)
    figures = {k: v for k, v in score(spoken, rng=rng).items() if k.startswith("uar")}
    return dict(
        recordings=seconds.recording.nunique(),
        hours=len(seconds) / 3600,
        **figures,
        speech_found=float(heard[said].mean()),
        speech_made_up=float(heard[~said].mean()),
    )
