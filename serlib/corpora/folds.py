"""Folds: which clips train, which validate, which are scored.

Clips are divided, never rows: every row of a clip goes where its clip goes. Recordings
with equal audio stay on one side. `row_fold` alone breaks this, and exists to show what
that is worth.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

from ..errors import CorpusError
from .known import CORPORA
from .own import UNKNOWN

OTHERS = "others"  # what a fold of `corpora` is called that trains on all corpora but the scored
SPLIT_SEED = 42  # S2's random_state; the split is part of the protocol, not of a run's seed


@dataclass(frozen=True)
class Fold:
    """One division: `name` is its number, the others are indices into the table split.

    Under `corpora` the name is that of the corpus trained on.
    """

    name: int | str
    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray


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


def by_clips(clips: pd.DataFrame, scored: Sequence[str] = ()) -> Iterator[Fold]:
    """80/20 over recordings in the order of their ids, stratified; a tenth of the 80 validates.

    Clips of speakers whom a corpus keeps out are in no part: bundles are of this division.
    """
    rest, test = _divide(clips, _recordings(clips), 0.2)
    parts = *_divide(clips, rest, 0.1), test
    kept_out = [f"{name}:{who}" for name, corpus in CORPORA.items() for who in corpus.kept_out]
    known = np.flatnonzero(~clips.speaker.isin(kept_out))
    yield Fold(0, *(np.intersect1d(_where(clips, part), known) for part in parts))


def _recordings(clips: pd.DataFrame) -> np.ndarray:
    """Return the recordings, by their audio, in the order of their first ids."""
    return clips.sort_values("clip_id").drop_duplicates("audio_md5").audio_md5.to_numpy()


def _divide(clips: pd.DataFrame, audio: np.ndarray, share: float) -> list[np.ndarray]:
    """Divide recordings in two, stratified by emotion; of few the share is one of each emotion."""
    emotion = clips.sort_values("clip_id").drop_duplicates("audio_md5").set_index("audio_md5")
    emotion = emotion.emotion[audio]
    if len(emotion.unique()) == 1:
        raise CorpusError(f"{len(emotion)} clips of {emotion.iloc[0]} alone: nothing to tell apart")
    size = share if share * len(audio) > emotion.nunique() - 1 else emotion.nunique()
    try:
        return train_test_split(audio, test_size=size, random_state=SPLIT_SEED, stratify=emotion)
    except ValueError as error:
        counts = emotion.value_counts().to_dict()
        raise CorpusError(f"too few clips to split by emotion ({error}): {counts}") from error


def _where(clips: pd.DataFrame, audio: np.ndarray) -> np.ndarray:
    return np.flatnonzero(clips.audio_md5.isin(audio))


def by_speakers(clips: pd.DataFrame, scored: Sequence[str] = ()) -> Iterator[Fold]:
    """Test each fold of speakers once; the next fold's speakers validate.

    Clips of whom nobody knows are left out: they may be of anybody who is tested.
    """
    known = ~clips.speaker.str.endswith(f":{UNKNOWN}")
    fold_of = speaker_folds(clips.speaker[known])
    present = sorted(set(fold_of.values()))
    if len(present) < 2:
        raise CorpusError(
            f"`speakers` needs speakers of two folds or more, who are known, found "
            f"{sorted(fold_of) or 'none'}"
        )
    fold = clips.speaker.map(fold_of)
    for i, k in enumerate(present):
        test = np.flatnonzero(fold == k)
        if len(present) == 2:  # TESS alone: a fifth of the words of the speaker left
            rest = np.flatnonzero(known & (fold != k))
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
            train = np.flatnonzero(known & (fold != k) & (fold != following))
            yield Fold(k, train, validation, test)


def inside_speakers(clips: pd.DataFrame, scored: Sequence[str] = ()) -> Iterator[Fold]:
    """Train on the training speakers, score the validation speakers: no test speaker is seen."""
    for fold in by_speakers(clips):
        yield replace(fold, validation=fold.validation[:0], test=fold.validation)


def by_statements(clips: pd.DataFrame, scored: Sequence[str] = ()) -> Iterator[Fold]:
    """The folds of `speakers`, twice: train on half of each corpus's sentences, test the others."""
    second = np.zeros(len(clips), dtype=bool)
    for corpus, said in clips.groupby("corpus").statement:
        sentences = np.sort(said.unique())
        if len(sentences) < 2:
            raise CorpusError(
                f"`speakers+statements` needs two sentences of {corpus}, found {list(sentences)}"
            )
        later = said.isin(sentences[len(sentences) // 2 :])
        second |= clips.index.isin(said.index[later])
    for fold in by_speakers(clips):
        for half, tested in enumerate((~second, second)):
            yield Fold(
                2 * fold.name + half,
                fold.train[~tested[fold.train]],
                fold.validation[~tested[fold.validation]],
                fold.test[tested[fold.test]],
            )


def by_corpora(clips: pd.DataFrame, scored: Sequence[str]) -> Iterator[Fold]:
    """Train on each other corpus, on ever more of them, then on all; score what was trained on.

    The two, three, ... corpora that train together are those of most speakers; a fold of them is
    called as ``cremad+ravdess``. A tenth of what trains validates. A corpus that nothing may be
    trained on trains nothing.
    """
    folds = [fold for corpus in scored for fold in _without(clips, corpus)]
    if not folds:
        here = sorted(set(clips.corpus))
        raise CorpusError(f"`corpora` needs {scored[0]} and another to train on, found {here}")
    yield from folds


def _without(clips: pd.DataFrame, scored: str) -> Iterator[Fold]:
    """Score one corpus."""
    others = [c for c in sorted(set(clips.corpus) - {scored}) if CORPORA[c].trains]
    people = clips.groupby("corpus").speaker.nunique()
    largest = sorted(others, key=lambda corpus: -people[corpus])
    more = [largest[:k] for k in range(2, len(others))]
    sides = {"+".join(names): clips.corpus.isin(names) for names in [[c] for c in others] + more}
    if len(others) > 1:
        sides[OTHERS] = clips.corpus.isin(others)
    for name, inside in sides.items():
        rest = clips[inside]
        test = np.flatnonzero((clips.corpus == scored) & clips.emotion.isin(rest.emotion.unique()))
        try:
            parts = _divide(rest, _recordings(rest), 0.1)
        except CorpusError as error:
            print(f"not trained on {name}: {error}")
            continue
        if len(test):
            yield Fold(name, *(_where(clips, part) for part in parts), test)


def speaker_folds(speakers: Iterable[str]) -> dict[str, int]:
    """Return the fold in which each speaker (``corpus:id``) is tested, as each corpus says."""
    ids: dict[str, list[str]] = {}
    for speaker in sorted(set(speakers)):
        corpus, name = speaker.split(":", 1)
        ids.setdefault(corpus, []).append(name)
    return {
        f"{corpus}:{name}": fold
        for corpus, names in ids.items()
        for name, fold in zip(names, CORPORA[corpus].folds(names, len(ids) == 1), strict=True)
    }


def apart(fold: Fold, audio: pd.Series) -> Fold:
    """Return a fold that trains on no recording which validates or is tested under another name."""
    audio = audio.to_numpy()
    validation = fold.validation[~np.isin(audio[fold.validation], audio[fold.test])]
    held = audio[np.concatenate([fold.validation, fold.test])]
    return replace(fold, train=fold.train[~np.isin(audio[fold.train], held)], validation=validation)
