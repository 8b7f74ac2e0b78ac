"""Calibration: whether answers that are 70 % sure are right in 70 % of cases."""

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar
from scipy.special import softmax

from .joint import LEAST

BINS = 10
TEMPERATURES = 0.05, 20.0  # what is searched


def reliability(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return how sure and how often right the answers are, by how sure they are.

    Parameters
    ----------
    predictions : DataFrame with emotion, predicted and a column p_<emotion> per class

    Returns
    -------
    DataFrame
        A row per occupied bin of ten from 0 to 1: confidence (mean), accuracy, n
    """
    sure = predictions.filter(regex="^p_").max(axis=1)
    right = (predictions.emotion == predictions.predicted).astype(float)
    place = np.minimum((sure * BINS).astype(int), BINS - 1)
    table = pd.DataFrame(dict(confidence=sure, accuracy=right, n=1)).groupby(place)
    return table.agg(dict(confidence="mean", accuracy="mean", n="sum")).reset_index(drop=True)


def error(predictions: pd.DataFrame) -> float:
    """Return the expected calibration error (Guo et al. 2017, ICML): 0 is perfect."""
    bins = reliability(predictions)
    return float(np.average((bins.accuracy - bins.confidence).abs(), weights=bins.n))


def temperature(predictions: pd.DataFrame) -> float:
    """Return the temperature under which the true emotions are likeliest (Guo et al. 2017)."""
    logs, true = _logs(predictions), _true(predictions)

    def surprise(t: float) -> float:
        return -np.log(softmax(logs / t, axis=1)[np.arange(len(true)), true]).mean()

    return float(minimize_scalar(surprise, bounds=TEMPERATURES, method="bounded").x)


def cooled(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return out-of-fold predictions, each fold at the temperature of the next fold's speakers.

    The temperature of a fold is fitted on what was predicted of the speakers of the next one,
    by a model that had heard others. What is predicted stays, how surely changes.

    Raises
    ------
    ValueError
        If there are not two folds of different speakers.
    """
    folds = sorted(predictions.fold.unique())
    if predictions.groupby("speaker").fold.nunique().max() > 1 or len(folds) < 2:
        raise ValueError("expected two folds or more, no speaker in two of them")
    following = dict(zip(folds, folds[1:] + folds[:1], strict=True))
    columns, parts = list(predictions.filter(regex="^p_")), []
    for fold, group in predictions.groupby("fold"):
        t = temperature(predictions[predictions.fold == following[fold]])
        proba = softmax(_logs(group) / t, axis=1)
        parts.append(group.assign(**dict(zip(columns, proba.T, strict=True))))
    return pd.concat(parts).loc[predictions.index]


def _logs(predictions: pd.DataFrame) -> np.ndarray:
    return np.log(np.maximum(predictions.filter(regex="^p_").to_numpy(), LEAST))


def _true(predictions: pd.DataFrame) -> np.ndarray:
    names = [name.removeprefix("p_") for name in predictions.filter(regex="^p_")]
    return predictions.emotion.map(names.index).to_numpy()
