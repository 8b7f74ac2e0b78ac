"""From predictions to figures: UAR first, each with an interval, RAVDESS and TESS apart."""

import numpy as np
import pandas as pd
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    classification_report,
    confusion_matrix,
    f1_score,
)

DRAWS = 2000  # bootstrap resamples; the interval's ends move by less than half a point


def scores(predictions: pd.DataFrame, *, rng: np.random.Generator) -> dict[str, float | int]:
    """Score out-of-fold predictions.

    Parameters
    ----------
    predictions : DataFrame, columns as DESIGN.md's predictions files
    rng : np.random.Generator, of the bootstrap

    Returns
    -------
    dict
        n, uar (unweighted average recall, `sklearn.metrics.balanced_accuracy_score`),
        uar_low, uar_high (95 % interval from a bootstrap over speakers; for TESS alone,
        over words), accuracy, macro_f1
    """
    true, predicted = predictions.emotion, predictions.predicted
    low, high = uar_interval(predictions, rng=rng)
    return dict(
        n=len(predictions),
        uar=balanced_accuracy_score(true, predicted),
        uar_low=low,
        uar_high=high,
        accuracy=accuracy_score(true, predicted),
        macro_f1=f1_score(true, predicted, average="macro", zero_division=0),
    )


def uar_interval(
    predictions: pd.DataFrame, *, rng: np.random.Generator, level: float = 0.95
) -> tuple[float, float]:
    """Return the percentile interval of the UAR when whole speakers are resampled.

    Clips of one speaker are not independent, so speakers are drawn, with replacement,
    not clips (Efron & Tibshirani 1993, ch. 8). TESS has two speakers: its words are drawn.
    """
    classes = list(np.unique(predictions.emotion))
    every = classes + sorted(set(predictions.predicted) - set(classes))
    tables = np.stack(
        [
            confusion_matrix(group.emotion, group.predicted, labels=every)[: len(classes)]
            for _, group in predictions.groupby(_unit(predictions))
        ]
    )
    draws = rng.multinomial(len(tables), np.full(len(tables), 1 / len(tables)), size=DRAWS)
    totals = np.tensordot(draws, tables, axes=1)  # (draws, true, predicted)
    hits = np.diagonal(totals[:, :, : len(classes)], axis1=1, axis2=2)
    support = totals.sum(axis=2)
    recall = np.divide(hits, support, where=support > 0, out=np.full(hits.shape, np.nan))
    tails = np.array([1 - level, 1 + level]) / 2
    low, high = np.quantile(np.nanmean(recall, axis=1), tails)
    return float(low), float(high)


def by(predictions: pd.DataFrame, column: str, *, rng: np.random.Generator) -> pd.DataFrame:
    """Score each group of a column (corpus, speaker, ...) apart; one row a group."""
    groups = predictions.groupby(column)
    return pd.DataFrame({name: scores(group, rng=rng) for name, group in groups}).T


def by_part(predictions: pd.DataFrame, *, rng: np.random.Generator) -> pd.DataFrame:
    """Score each corpus apart, and all together."""
    together = pd.DataFrame({"together": scores(predictions, rng=rng)}).T
    return pd.concat([by(predictions, "corpus", rng=rng), together]).astype({"n": int})


def per_emotion(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return precision, recall, F1 and support of each emotion, as scikit-learn reports them."""
    report = classification_report(
        predictions.emotion, predictions.predicted, output_dict=True, zero_division=0
    )
    table = pd.DataFrame(report).T.drop(index=["accuracy", "macro avg", "weighted avg"])
    return table.astype({"support": int})


def _unit(predictions: pd.DataFrame) -> pd.Series:
    """Return what the bootstrap draws: speakers, or the words of TESS alone."""
    if set(predictions.corpus) == {"tess"}:
        return predictions.clip_id.str.split("_").str[1]
    return predictions.speaker
