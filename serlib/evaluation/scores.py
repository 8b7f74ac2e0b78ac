"""From predictions to figures: UAR first, each with an interval, RAVDESS and TESS apart."""

from collections.abc import Sequence
from copy import deepcopy

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.metrics import classification_report

from ..corpora import CORPORA

_RESAMPLES = 2000  # of the bootstrap; the interval's ends move by less than half a point


def score(predictions: pd.DataFrame, *, rng: np.random.Generator) -> dict[str, float | int]:
    """Score out-of-fold predictions.

    Parameters
    ----------
    predictions : DataFrame, with columns clip_id, corpus, speaker, emotion, predicted
    rng : np.random.Generator, of the bootstrap

    Returns
    -------
    dict
        n, and of uar (unweighted average recall, `sklearn.metrics.balanced_accuracy_score`),
        accuracy and macro_f1 the figure and, as uar_low and uar_high, ..., its 95 % interval; NaN
        of a single speaker, which says nothing of others
    """
    counts = _confusions(predictions)
    # Clips of one speaker are not independent, so speakers are drawn, with replacement, not clips
    # (Efron & Tibshirani 1993, ch. 8). TESS alone has two speakers: its words are drawn.
    draws = rng.multinomial(len(counts), np.full(len(counts), 1 / len(counts)), size=_RESAMPLES)
    drawn = _figures(np.tensordot(draws.astype(float), counts, 1))
    result = dict(n=len(predictions))
    for name, (figure,) in _figures(counts.sum(axis=0, keepdims=True)).items():
        low, high = np.quantile(drawn[name], (0.025, 0.975)).tolist()
        low, high = (low, high) if len(counts) > 1 else (np.nan, np.nan)
        result |= {name: float(figure), f"{name}_low": low, f"{name}_high": high}
    return result


def uar(predictions: pd.DataFrame) -> float:
    """Return the unweighted average recall, without its interval."""
    counts = _confusions(predictions)
    return float(_figures(counts.sum(axis=0, keepdims=True))["uar"][0])


def _figures(counts: np.ndarray) -> dict[str, np.ndarray]:
    """Return the figures of confusion matrices [shape=(n, recorded, predicted)]."""
    hits, clips, answers = np.einsum("nii->ni", counts), counts.sum(axis=2), counts.sum(axis=1)
    return dict(
        uar=_mean_recall(hits, clips),
        accuracy=hits.sum(axis=1) / clips.sum(axis=1),
        macro_f1=_mean_recall(2 * hits, clips + answers),
    )


def _tallies(predictions: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Count right answers and clips, per speaker (of TESS alone: word) and emotion.

    Returns
    -------
    hits, clips : np.ndarray [shape=(speakers, emotions)], in sorted order
    """
    right = predictions.emotion == predictions.predicted
    table = pd.DataFrame(dict(unit=_unit(predictions), emotion=predictions.emotion, right=right))
    where = dict(index="unit", columns="emotion", values="right", fill_value=0)
    hits, clips = (table.pivot_table(aggfunc=how, **where) for how in ("sum", "size"))
    return hits.to_numpy(dtype=float), clips.to_numpy(dtype=float)


def compare(a: pd.DataFrame, b: pd.DataFrame, *, rng: np.random.Generator) -> dict[str, float]:
    """Compare two systems on the same clips, paired by speaker (of TESS alone: by word).

    Parameters
    ----------
    a, b : DataFrame, out-of-fold predictions of the same clips; each of any number of seeds
    rng : np.random.Generator

    Returns
    -------
    dict
        difference (UAR of `a` minus that of `b`), low and high (its 95 % interval from a
        bootstrap over speakers), p (two-sided, from a sign-flip test: under the null hypothesis
        a speaker's answers could as well have come from the other system)

    Raises
    ------
    ValueError
        If the clips differ.
    """
    if set(a.clip_id) != set(b.clip_id):
        both = len(set(a.clip_id) & set(b.clip_id))
        raise ValueError(f"expected the same clips, found {both} in common")
    (hits, clips), (others, theirs) = _tallies(a), _tallies(b)
    seeds = clips.sum() / theirs.sum()  # where one has more of them
    gained = hits - others * seeds
    share = (gained / clips.sum(axis=0)).mean(axis=1)  # UAR is linear in the speakers
    draws = rng.multinomial(len(hits), np.full(len(hits), 1 / len(hits)), size=_RESAMPLES)
    low, high = np.quantile(_mean_recall(draws @ gained, draws @ clips), (0.025, 0.975))
    test = stats.permutation_test(
        (share,), np.sum, permutation_type="samples", n_resamples=9999, vectorized=True, rng=rng
    )
    return dict(difference=float(share.sum()), low=low, high=high, p=float(test.pvalue))


def holm(p: Sequence[float]) -> np.ndarray:
    """Correct p-values of several tests (Holm 1979, Scand. J. Stat. 6: 65), in their order."""
    p = np.asarray(p, dtype=float)
    order = np.argsort(p)
    corrected = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    result = np.empty(len(p))
    result[order] = np.minimum(corrected, 1)
    return result


def by(predictions: pd.DataFrame, column: str, *, rng: np.random.Generator) -> pd.DataFrame:
    """Score each group of a column (corpus, speaker, ...) apart; one row a group.

    Each draws alike from the generator, so that its interval does not hang on the other groups.
    """
    groups = predictions.groupby(column)
    return pd.DataFrame({name: score(group, rng=deepcopy(rng)) for name, group in groups}).T


def by_part(predictions: pd.DataFrame, *, rng: np.random.Generator) -> pd.DataFrame:
    """Score each corpus apart, and all together."""
    together = pd.DataFrame({"together": score(predictions, rng=rng)}).T
    return pd.concat([by(predictions, "corpus", rng=rng), together]).astype({"n": int})


def per_emotion(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return precision, recall, F1 and support of each emotion, as scikit-learn reports them."""
    report = classification_report(
        predictions.emotion, predictions.predicted, output_dict=True, zero_division=0
    )
    table = pd.DataFrame(report).T.drop(index=["accuracy", "macro avg", "weighted avg"])
    return table.astype({"support": int})


def _confusions(predictions: pd.DataFrame) -> np.ndarray:
    """Return the confusion matrix of each unit of the bootstrap [shape=(units, k, k)]."""
    who, unit = _unit(predictions).factorize(sort=True)
    both = pd.concat([predictions.emotion, predictions.predicted])
    codes, names = both.factorize(sort=True)
    true, predicted = np.split(codes, 2)
    k = len(names)
    cells = (who * k + true) * k + predicted
    return np.bincount(cells, minlength=len(unit) * k * k).reshape(-1, k, k).astype(float)


def _unit(predictions: pd.DataFrame) -> pd.Series:
    """Return what the bootstrap draws: speakers, or what a corpus alone says, as TESS's words."""
    first, *others = predictions.corpus.unique()
    units = CORPORA[first].units if not others else None
    return units(predictions.clip_id) if units else predictions.speaker


def _mean_recall(hits: np.ndarray, clips: np.ndarray) -> np.ndarray:
    """Return the mean over emotions of hits per clip; an emotion that was not drawn is left out."""
    recall = np.divide(hits, clips, where=clips > 0, out=np.full(hits.shape, np.nan))
    return np.nanmean(recall, axis=1)
