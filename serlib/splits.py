"""The protocols: which clips train, which validate, which are scored.

Clips are split, never rows: every row of a clip goes where its clip goes. Recordings
with equal audio stay on one side. `rows` alone breaks this, and exists to show what
that is worth.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

from .errors import CorpusError

PROTOCOLS = ("rows", "clips", "speakers")  # from leaky to honest
SPLIT_SEED = 42  # S2's random_state; the split is part of the protocol, not of a run's seed

# The five folds used by several papers (Luna-Jiménez et al. 2021, Sensors 21(22): 7665).
RAVDESS_FOLDS = (
    (2, 5, 14, 15, 16),
    (3, 6, 7, 13, 18),
    (10, 11, 12, 19, 20),
    (8, 17, 21, 23, 24),
    (1, 4, 9, 22),
)
_RAVDESS_FOLD = {
    f"ravdess:{actor:02d}": k for k, actors in enumerate(RAVDESS_FOLDS) for actor in actors
}


@dataclass(frozen=True)
class Fold:
    """One division: `name` is its number, the others are indices into the table split."""

    name: int
    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray


def clip_folds(clips: pd.DataFrame, protocol: str) -> list[Fold]:
    """Divide clips by a protocol.

    Parameters
    ----------
    clips : DataFrame with `CLIP_COLUMNS`, emotions in the system's label set
    protocol : str, "clips" or "speakers"

    Returns
    -------
    list of Fold, of row positions in `clips`

    Raises
    ------
    ValueError
        For an unknown protocol.
    CorpusError
        If the clips do not allow the split: too few of an emotion, or one speaker fold.
    """
    if protocol == "clips":
        return [_by_clips(clips)]
    if protocol == "speakers":
        return list(_by_speakers(clips))
    raise ValueError(f"Bad protocol {protocol!r}, expected one of ['clips', 'speakers']")


def row_fold(n_rows: int, *, published: bool = False) -> Fold:
    """Divide feature rows as S2's source did: 80/20, shuffled, blind to clips and emotions.

    Parameters
    ----------
    n_rows : int
    published : bool
        True validates on the test rows, as the source did; False takes a tenth of the
        training rows.
    """
    train, test = train_test_split(np.arange(n_rows), test_size=0.2, random_state=SPLIT_SEED)
    if published:
        return Fold(0, train, test, test)
    train, validation = train_test_split(train, test_size=0.1, random_state=SPLIT_SEED)
    return Fold(0, train, validation, test)


def _by_clips(clips: pd.DataFrame) -> Fold:
    """80/20 over recordings in the order of their ids, stratified; a tenth of the 80 validates."""
    first = clips.sort_values("clip_id").drop_duplicates("audio_md5")
    emotion = first.set_index("audio_md5").emotion

    def divide(audio: np.ndarray, share: float) -> list[np.ndarray]:
        try:
            return train_test_split(
                audio, test_size=share, random_state=SPLIT_SEED, stratify=emotion[audio]
            )
        except ValueError as error:
            counts = emotion.value_counts().to_dict()
            raise CorpusError(f"too few clips to split by emotion ({error}): {counts}") from error

    rest, test = divide(first.audio_md5.to_numpy(), 0.2)
    train, validation = divide(rest, 0.1)
    return Fold(0, *(_where(clips.audio_md5, part) for part in (train, validation, test)))


def _by_speakers(clips: pd.DataFrame) -> Iterable[Fold]:
    """Test each fold of speakers once; the next fold's speakers validate."""
    fold_of = speaker_folds(clips.speaker)
    present = sorted(set(fold_of.values()))
    if len(present) < 2:
        raise CorpusError(
            f"`speakers` needs speakers of two folds or more, found {sorted(fold_of)}"
        )
    fold = clips.speaker.map(fold_of)
    for i, k in enumerate(present):
        test = np.flatnonzero(fold == k)
        if len(present) == 2:  # TESS alone: a fifth of the words of the speaker left
            rest = np.flatnonzero(fold != k)
            words = np.sort(clips.statement.iloc[rest].unique())
            _, held = train_test_split(words, test_size=0.2, random_state=SPLIT_SEED)
            validates = clips.statement.iloc[rest].isin(held).to_numpy()
            yield Fold(k, rest[~validates], rest[validates], test)
        else:
            following = present[(i + 1) % len(present)]
            validation = np.flatnonzero(fold == following)
            yield Fold(k, np.flatnonzero((fold != k) & (fold != following)), validation, test)


def speaker_folds(speakers: Iterable[str]) -> dict[str, int]:
    """Return the fold in which each speaker is tested.

    RAVDESS: the five published folds. TESS alone: one each; beside RAVDESS, OAF with the
    first fold, YAF with the third. EMO-DB and SAVEE: one each. Others: five, in turn.
    """
    speakers = sorted(set(speakers))
    corpora = {speaker.split(":")[0] for speaker in speakers}
    folds = {}
    for corpus in sorted(corpora):
        own = [s for s in speakers if s.startswith(f"{corpus}:")]
        for i, speaker in enumerate(own):
            if corpus == "ravdess":
                folds[speaker] = _RAVDESS_FOLD[speaker]
            elif corpus == "tess" and len(corpora) > 1:
                folds[speaker] = {"tess:OAF": 0, "tess:YAF": 2}[speaker]
            elif corpus in ("tess", "emodb", "savee"):
                folds[speaker] = i
            else:
                folds[speaker] = i % 5
    return folds


def _where(values: pd.Series, members: np.ndarray) -> np.ndarray:
    return np.flatnonzero(values.isin(members))
