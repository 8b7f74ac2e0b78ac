"""The protocols: which clips train, which validate, which are scored.

Clips are split, never rows: every row of a clip goes where its clip goes. Recordings
with equal audio stay on one side. `rows` alone breaks this, and exists to show what
that is worth.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

from .errors import CorpusError

# As `speakers`, but a test speaker's own clips shift the features: how many, of which emotion;
# None is all, or any.
ENROLMENTS: dict[str, tuple[int | None, str | None]] = {
    "speakers+enrolment": (None, None),
    **{f"speakers+enrolment_{n}": (n, None) for n in (1, 3, 5, 10)},
    **{f"speakers+enrolment_neutral{n}": (n, "neutral") for n in (1, 3)},
}
# From leaky to honest. `validation` is where settings are chosen: no fold scores a clip that it
# tests; but over the folds every clip is scored, so the choice has heard of all of them.
PROTOCOLS = ("rows", "clips", "validation", "speakers", "speakers+statements", "corpora")
PROTOCOLS += tuple(ENROLMENTS)
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
    """One division: `name` is its number, the others are indices into the table split.

    Under `corpora` the name is that of the corpus trained on.
    """

    name: int | str
    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray


def clip_folds(clips: pd.DataFrame, protocol: str, *, scored: str = "") -> list[Fold]:
    """Divide clips by a protocol.

    Parameters
    ----------
    clips : DataFrame with `CLIP_COLUMNS`, emotions in the system's label set
    protocol : str, one of `PROTOCOLS`, but not "rows"; those of `ENROLMENTS` are "speakers"
    scored : str, the corpus that "corpora" scores

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
    divide = {
        "clips": lambda: [_by_clips(clips)],
        "validation": lambda: [_inside(fold) for fold in _by_speakers(clips)],
        "speakers": lambda: _by_speakers(clips),
        "speakers+statements": lambda: _by_statements(clips),
        "corpora": lambda: _by_corpora(clips, scored),
    }
    if protocol not in {*divide, *ENROLMENTS}:
        raise ValueError(f"Bad protocol {protocol!r}, expected one of {[*divide, *ENROLMENTS]}")
    return list(divide["speakers" if protocol in ENROLMENTS else protocol]())


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
    rest, test = _divide(clips, _recordings(clips), 0.2)
    parts = *_divide(clips, rest, 0.1), test
    return Fold(0, *(_where(clips, part) for part in parts))


def _recordings(clips: pd.DataFrame) -> np.ndarray:
    """Return the recordings, by their audio, in the order of their first ids."""
    return clips.sort_values("clip_id").drop_duplicates("audio_md5").audio_md5.to_numpy()


def _divide(clips: pd.DataFrame, audio: np.ndarray, share: float) -> list[np.ndarray]:
    """Divide recordings in two, stratified by emotion."""
    emotion = clips.sort_values("clip_id").drop_duplicates("audio_md5").set_index("audio_md5")
    emotion = emotion.emotion[audio]
    try:
        return train_test_split(audio, test_size=share, random_state=SPLIT_SEED, stratify=emotion)
    except ValueError as error:
        counts = emotion.value_counts().to_dict()
        raise CorpusError(f"too few clips to split by emotion ({error}): {counts}") from error


def _where(clips: pd.DataFrame, audio: np.ndarray) -> np.ndarray:
    return np.flatnonzero(clips.audio_md5.isin(audio))


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
            if len(words) < 2:
                raise CorpusError(
                    f"`speakers` of two folds needs two sentences, one to validate; found {words}"
                )
            _, held = train_test_split(words, test_size=0.2, random_state=SPLIT_SEED)
            validates = clips.statement.iloc[rest].isin(held).to_numpy()
            yield Fold(k, rest[~validates], rest[validates], test)
        else:
            following = present[(i + 1) % len(present)]
            validation = np.flatnonzero(fold == following)
            yield Fold(k, np.flatnonzero((fold != k) & (fold != following)), validation, test)


def _inside(fold: Fold) -> Fold:
    """Train on the training speakers, score the validation speakers: no test speaker is seen."""
    return replace(fold, validation=fold.validation[:0], test=fold.validation)


def _by_statements(clips: pd.DataFrame) -> Iterable[Fold]:
    """The folds of `speakers`, twice: train on one half of the sentences, test on the other."""
    sentences = np.sort(clips.statement.unique())
    if len(sentences) < 2:
        raise CorpusError(f"`speakers+statements` needs two sentences, found {list(sentences)}")
    second = clips.statement.isin(sentences[len(sentences) // 2 :]).to_numpy()
    for fold in _by_speakers(clips):
        for half, tested in enumerate((~second, second)):
            yield Fold(
                2 * fold.name + half,
                fold.train[~tested[fold.train]],
                fold.validation[~tested[fold.validation]],
                fold.test[tested[fold.test]],
            )


def _by_corpora(clips: pd.DataFrame, scored: str) -> Iterable[Fold]:
    """Train on each other corpus, a tenth of it validates; score the emotions that it has too."""
    others = sorted(set(clips.corpus) - {scored})
    if not others or scored not in set(clips.corpus):
        raise CorpusError(
            f"`corpora` needs {scored or 'a corpus'} and another, found {sorted(set(clips.corpus))}"
        )
    found = False
    for corpus in others:
        rest = clips[clips.corpus == corpus]
        test = np.flatnonzero((clips.corpus == scored) & clips.emotion.isin(rest.emotion.unique()))
        try:
            parts = _divide(rest, _recordings(rest), 0.1)
        except CorpusError as error:
            print(f"not trained on {corpus}: {error}")
            continue
        yield Fold(corpus, *(_where(clips, part) for part in parts), test)
        found = True
    if not found:
        raise CorpusError(
            f"`corpora` needs clips to train on beside {scored}; {others} are too few"
        )


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
