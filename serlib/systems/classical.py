"""What every network must beat: models of scikit-learn on the same splits.

Each takes the shape of its input and the number of classes, as the networks do.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from scipy.special import softmax
from sklearn.base import ClassifierMixin
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC

from ..features import Scaler
from ..files import sha256
from ..paths import Project
from .discriminant import Discriminant, VoiceDiscriminant

FIRST = 2  # speakers; chosen from 0 to 16 on six corpora, each unheard by what it begins with


def majority(*_: Any) -> ClassifierMixin:
    """The most frequent emotion of the training part, whatever the clip."""
    return DummyClassifier(strategy="most_frequent")


def logistic(*_: Any) -> ClassifierMixin:
    """Logistic regression with scikit-learn's settings."""
    return LogisticRegression(max_iter=5000)


def regularised(*_: Any) -> ClassifierMixin:
    """Logistic regression for more features than clips: a weak C."""
    return LogisticRegression(C=2e-3, max_iter=5000)


def shuffled(*_: Any) -> ClassifierMixin:
    """As `regularised`, fitted to shuffled emotions: a control, which must be at chance."""
    return Shuffled(C=2e-3, max_iter=5000)


def discriminant(*_: Any) -> ClassifierMixin:
    """Linear discriminant analysis, its settings chosen on validation speakers."""
    return Discriminant()


def voices(*_: Any) -> ClassifierMixin:
    """A discriminant that no voice and no corpus throws off."""
    return VoiceDiscriminant()


def tuned(*_: Any) -> ClassifierMixin:
    """The shipped `any_voice`, drawn towards one's own recordings."""
    return Tuned(sha256(_shipped()))


def svm(*_: Any) -> ClassifierMixin:
    """A support vector machine with an RBF kernel and scikit-learn's settings."""
    return Margins(break_ties=True)


class Shuffled(LogisticRegression):
    """A logistic regression that learns from emotions exchanged at random."""

    def fit(self, X: np.ndarray, y: np.ndarray) -> "Shuffled":
        """Fit to a permutation of y, the same every time."""
        return super().fit(X, np.random.default_rng(0).permutation(y))


class Margins(SVC):
    """An SVC that gives its margins as probabilities; the largest is the class it predicts."""

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return the softmax of the margins [shape=(n, classes)]: not calibrated."""
        return softmax(self.decision_function(X), axis=1)


class Tuned(VoiceDiscriminant):
    """A discriminant of one's own clips that begins with what the shipped system says of them.

    Its logits count as if `FIRST` speakers of one's own had been heard: of few speakers the shipped
    system has most of the say, of many their own clips.

    Parameters
    ----------
    start : str, checksum of the shipped bundle: fits of another are not read
    """

    def __init__(self, start: str = ""):
        super().__init__()
        self.start = start

    def fit(
        self,
        X: np.ndarray,
        y: np.ndarray,
        speakers: np.ndarray,
        scaler: Scaler,
        names: Sequence[str],
    ) -> "Tuned":
        """Fit to X [shape=(n, features)], as `scaler` scaled it, classes y, of `names`."""
        super().fit(X, y, speakers)
        shipped = joblib.load(_shipped())
        coef, intercept = (part.T for part in shipped["model"].get_weights())
        theirs = shipped["scaler"]
        intercept = intercept + coef @ ((scaler.mean_ - theirs.mean_) / theirs.scale_)
        coef = coef * (scaler.scale_ / theirs.scale_)
        known = [*shipped["classes"]]
        share = FIRST / (FIRST + len(np.unique(speakers)))
        self.coef_ *= 1 - share
        self.intercept_ *= 1 - share
        for row, name in enumerate(np.array(names)[self.classes_]):
            name = "neutral" if name == "calm" else name  # as the shipped system learnt it
            if name in known:  # of an emotion that it does not know it says neither yes nor no
                k = known.index(name)
                self.coef_[row] += share * (coef[k] - coef.mean(axis=0))
                self.intercept_[row] += share * (intercept[k] - intercept.mean())
        return self


def _shipped() -> Path:
    return Project.here().artifacts / "bundles" / "any_voice.joblib"
