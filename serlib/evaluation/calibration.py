"""Calibration: whether answers that are 70 % sure are right in 70 % of cases."""

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar
from scipy.special import softmax

from ..systems import LEAST, geometric_mean
from .predictions import probabilities

_BINS = 10
_TEMPERATURES = 0.05, 20.0  # what is searched


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
    sure = probabilities(predictions).max(axis=1)
    right = (predictions.emotion == predictions.predicted).astype(float)
    place = np.minimum((sure * _BINS).astype(int), _BINS - 1)
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

    return float(minimize_scalar(surprise, bounds=_TEMPERATURES, method="bounded").x)


def with_temperature(predictions: pd.DataFrame, temperature: float) -> pd.DataFrame:
    """Return predictions at a temperature: above 1 they are less sure, of the same emotions."""
    proba = geometric_mean([probabilities(predictions).to_numpy()], temperature)
    columns = [f"p_{emotion}" for emotion in probabilities(predictions)]
    return predictions.assign(**dict(zip(columns, proba.T, strict=True)))


def calibrate_by_fold(predictions: pd.DataFrame, validation: pd.DataFrame) -> pd.DataFrame:
    """Return out-of-fold predictions, each fold at the temperature of its validation speakers.

    Parameters
    ----------
    predictions, validation : DataFrame, of the same folds under `speakers` and `validation`: the
        models that predicted the latter had heard neither these speakers nor the fold's own

    Raises
    ------
    ValueError
        If a fold has no validation speakers, or scores one of them.
    """
    parts = []
    for fold, group in predictions.groupby("fold"):
        others = validation[validation.fold == fold]
        if others.empty or set(others.speaker) & set(group.speaker):
            raise ValueError(f"fold {fold}: expected validation speakers, none that it scores")
        parts.append(with_temperature(group, temperature(others)))
    return pd.concat(parts).loc[predictions.index]


def _logs(predictions: pd.DataFrame) -> np.ndarray:
    return np.log(np.maximum(probabilities(predictions).to_numpy(), LEAST))


def _true(predictions: pd.DataFrame) -> np.ndarray:
    return predictions.emotion.map(list(probabilities(predictions)).index).to_numpy()
