"""Probes: what else the numbers of a clip tell, asked with simple models."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import (
    GroupKFold,
    PredefinedSplit,
    StratifiedKFold,
    cross_val_predict,
)
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from ..features import FEATURE_COLUMNS
from ..systems import get

_FOLDS = 5


def corpus_probe(clips: pd.DataFrame, X: np.ndarray) -> float:
    """Return how often a discriminant analysis names the corpus of a clip, in the mean of corpora.

    No speaker is on two sides of a fold, but where a corpus has fewer than there are folds.

    Parameters
    ----------
    clips : DataFrame with corpus, speaker and clip_id
    X : np.ndarray [shape=(clips, n)], features, or answers
    """
    few = clips.groupby("corpus").speaker.transform("nunique") < _FOLDS
    groups = clips.speaker.where(~few, clips.clip_id)
    told = cross_val_predict(_model(), X, clips.corpus, groups=groups, cv=GroupKFold(_FOLDS))
    return float(balanced_accuracy_score(clips.corpus, told))


def gender_probe(features: pd.DataFrame, gender: pd.Series, *, seed: int) -> pd.DataFrame:
    """Return the UAR of a discriminant analysis on women and men, by whom it was trained on.

    Parameters
    ----------
    features : DataFrame, from `serlib.features.read_features`, clips of one corpus as recorded
    gender : Series, of each clip id
    seed : int, of the quarters of a speaker's own clips

    Returns
    -------
    DataFrame
        A row per gender; a column per training part: other speakers of "both" genders, of "the
        same", of "the other", or three quarters of the clips of "the speaker alone"
    """
    clips = features.reset_index(drop=True)
    sex = clips.clip_id.map(gender)
    model = _model()
    quarters = StratifiedKFold(4, shuffle=True, random_state=seed)
    same = [
        (group.index[train], group.index[test])
        for _, group in clips.groupby(sex)
        for train, test in _pairs_apart(group)
    ]
    alone = [
        (group.index[train], group.index[test])
        for _, group in clips.groupby("speaker")
        for train, test in quarters.split(group, group.emotion)
    ]
    ways = {
        "both": _pairs_apart(clips),
        "the same": same,
        "the other": PredefinedSplit(sex == "male").split(),
        "the speaker alone": alone,
    }
    X, y, found = clips[FEATURE_COLUMNS], clips.emotion, {}
    for name, way in ways.items():
        told = pd.Series(cross_val_predict(model, X, y, cv=list(way)))
        parts = y.groupby(sex)
        found[name] = {who: balanced_accuracy_score(part, told[part.index]) for who, part in parts}
    return pd.DataFrame(found).rename_axis(columns="trained on")


def _pairs_apart(clips: pd.DataFrame) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield train and test rows: two speakers are tested, all others train."""
    return GroupKFold(clips.speaker.nunique() // 2).split(clips, groups=clips.speaker)


def _model() -> Pipeline:
    return make_pipeline(StandardScaler(), get("statistics_lda").network())
