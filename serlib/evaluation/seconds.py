"""Long recordings of known clips: joined, and scored second by second."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import librosa
import numpy as np
import pandas as pd

from ..audio import NO_SPEECH, SR, Source, coloured_noise, load
from .scores import score

_PAUSE, _SOUND = (0.7, 2.5), (2.0, 4.0)  # s: from clip to clip; of what sounds in a longer pause
_OFTEN = 1 / 3  # of the pauses hold a sound
_BELOW = 40  # dB: the recorder's own noise lies so far below the voice
_TOP_DB = 30  # below the loudest frame: the silent ends of a clip, which count as pauses
_CHORDS = ((262, 330, 392), (220, 262, 330), (175, 220, 262), (196, 247, 294))  # Hz: C, a, F, G


def joined_by_speaker(
    clips: pd.DataFrame, root: Path, *, count: int, size: int, rng: np.random.Generator
) -> Iterator[tuple[str, np.ndarray, pd.DataFrame]]:
    """Yield recordings of clips of one speaker each, no clip in two of them.

    Parameters
    ----------
    clips : DataFrame, with path, speaker and emotion
    root : Path, the folder that the paths are relative to
    count, size : int, recordings a speaker, clips in each; one recording of what there is, where
        a speaker has fewer clips
    rng : np.random.Generator

    Yields
    ------
    name : str
    y : np.ndarray [shape=(n,)], at `serlib.audio.SR`
    truth : DataFrame, start_s, end_s, emotion, path
    """
    for speaker, own in clips.groupby("speaker"):
        own = own.iloc[rng.permutation(len(own))]
        for k in range(max(min(count, len(own) // size), 1)):
            part = own.iloc[k * size : (k + 1) * size].reset_index(drop=True)
            y, truth = joined([root / path for path in part.path], rng=rng)
            yield f"{speaker} {k}", y, truth.join(part[["emotion", "path"]])


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
    n = int(sound * sr)
    # As of traffic or rain, or music
    heard = coloured_noise(n, sr=sr, colour=1, rng=rng) if which < 0.5 else music(n, sr, rng)
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
    seconds = seconds.reset_index(drop=True)
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
