"""What every network must beat: models of scikit-learn on the same splits.

Each takes the shape of its input and the number of classes, as the networks do.
"""

from typing import Any

import numpy as np
from scipy.special import softmax
from sklearn.base import ClassifierMixin
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC

from .discriminant import Discriminant, VoiceDiscriminant


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
