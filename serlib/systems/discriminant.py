"""Linear discriminant analysis for more features than clips."""

from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin


class Discriminant(ClassifierMixin, BaseEstimator):
    """Normal classes of one covariance, which is drawn towards a sphere (Friedman 1989, JASA 84).

    That of scikit-learn with `shrinkage`, solved by Cholesky: seconds where 6000 features take
    minutes. Copies of a clip at other speeds widen the covariance along what a voice and its
    pace change, and these directions lose their say.

    Parameters
    ----------
    shrinkage : float, 0 to 1, the sphere's share
    temperature : float, what the logits are divided by: features that say the same are counted
        as if each had seen the clip anew, and answers become too sure
    """

    version = 1  # raise it when a fit changes: caches are then made anew

    def __init__(self, shrinkage: float = 0.5, temperature: float = 3.0):
        self.shrinkage = shrinkage
        self.temperature = temperature

    def fit(
        self, X: np.ndarray, y: np.ndarray, others: tuple[np.ndarray, np.ndarray] | None = None
    ) -> "Discriminant":
        """Fit to X [shape=(n, features)] and classes y [shape=(n,)].

        `others` are rows and classes that are never the answer: they tell how voices differ, for
        the covariance.
        """
        self.classes_, index = np.unique(y, return_inverse=True)
        means = _means(X, index)
        inside = X - means[index]
        if others is not None:
            theirs = np.unique(others[1], return_inverse=True)[1]
            inside = np.concatenate([inside, others[0] - _means(others[0], theirs)[theirs]])
        covariance = (1 - self.shrinkage) / len(inside) * (inside.T @ inside)
        sphere = np.einsum("ij,ij", inside, inside) / inside.size
        covariance[np.diag_indices(X.shape[1])] += self.shrinkage * sphere
        weights = cho_solve(cho_factor(covariance, overwrite_a=True), means.T).T
        self.coef_ = weights / self.temperature
        self.intercept_ = np.log(np.bincount(index) / len(X)) - (means * weights).sum(axis=1) / 2
        self.intercept_ /= self.temperature
        return self

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return the probability of each class [shape=(n, classes)]."""
        return softmax(X @ self.coef_.T + self.intercept_, axis=1)

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return the likeliest class of each row [shape=(n,)]."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


def _means(X: np.ndarray, index: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Return the mean of each group [shape=(groups, features)]."""
    groups = [index == i for i in range(index.max() + 1)]
    if weights is None:
        return np.stack([X[group].mean(axis=0) for group in groups])
    return np.stack([weights[g] @ X[g] / weights[g].sum() for g in groups]).astype(X.dtype)


class VoiceDiscriminant(Discriminant):
    """A discriminant for voices from anywhere: what tells a voice or a corpus has no say.

    Each corpus and emotion weighs as much as it has speakers. Each clip is learnt from twice, as it
    is and with its speaker's mean taken off. How corpora differ counts several times in the
    covariance, since they are few. Half of the say have the discriminants of each corpus by itself:
    the largest does not drown the others. Layers of an encoder answer apart, each in several views,
    of some of its moments; their logits are averaged.

    Parameters
    ----------
    shrinkage, temperature : as `Discriminant`; both were chosen on corpora left out
    layers, moments : int, equal parts of the features, and equal parts of these
    views : tuple of (say, moments), which of the latter are seen together, with how much of a say
    offsets : float, how often the differences of corpora count
    apart : float, 0 to 1, the say of discriminants of one corpus each, which shrink twice as much
    centred : float, 0 to 1, the share of the clips less their speaker's mean
    by_speakers : bool, weigh by speakers; else every clip weighs the same
    uses : tuple of int, the layers that have a say; () for all
    """

    version = 2

    def __init__(
        self,
        shrinkage: float = 0.2,
        temperature: float = 0.5,
        layers: int = 5,
        moments: int = 3,
        views: tuple[tuple[float, tuple[int, ...]], ...] = ((0.7, (0, 1)), (0.3, (0, 2))),
        offsets: float = 5.0,
        apart: float = 0.5,
        centred: float = 0.5,
        by_speakers: bool = True,
        uses: tuple[int, ...] = (),
    ):
        super().__init__(shrinkage, temperature)
        self.layers, self.moments, self.views, self.uses = layers, moments, views, uses
        self.offsets, self.apart = offsets, apart
        self.centred, self.by_speakers = centred, by_speakers

    def fit(self, X: np.ndarray, y: np.ndarray, speakers: np.ndarray) -> "VoiceDiscriminant":
        """Fit to X [shape=(n, features)], classes y and speakers, ``corpus:id`` [shape=(n,)]."""
        self.classes_, index = np.unique(y, return_inverse=True)
        people, person = np.unique(speakers, return_inverse=True)
        home = np.unique([name.split(":")[0] for name in people], return_inverse=True)[1][person]
        weights = _by_speakers(home, index, person) if self.by_speakers else np.ones(len(X))
        self.coef_ = np.zeros((len(self.classes_), X.shape[1]))
        self.intercept_ = np.zeros(len(self.classes_))
        for say, columns in self._seen(X.shape[1]):
            coef, intercept = self._fit(X[:, columns], index, person, home, weights)
            self.coef_[:, columns] += say * coef
            self.intercept_ += say * intercept
        return self

    def _seen(self, n: int) -> Iterator[tuple[float, np.ndarray]]:
        """Yield each view's share of the logits, and which of n features it sees."""
        parts = np.arange(n).reshape(self.layers, self.moments, -1)
        uses = self.uses or range(self.layers)
        total = sum(say for say, _ in self.views) * len(uses) * self.temperature
        for layer, (say, moments) in product(uses, self.views):
            yield say / total, parts[layer, list(moments)].ravel()

    def _fit(self, X, index, person, home, weights) -> "_Logits":
        """Return coefficients and intercepts of what a view sees of a layer."""
        n, corpora = len(self.classes_), [home == h for h in range(home.max() + 1)]
        sides = [_Side.of(X[c], index[c], person[c], weights[c]) for c in corpora]
        how = self.centred, self.shrinkage
        together = _unit(X, _together(sides, self.offsets, *how))
        several = [k for k, side in enumerate(sides) if len(side.classes) > 1]
        if not several:  # each corpus has one emotion: alone none tells any apart
            return together
        alone = [(sides[k].classes, _unit(X[corpora[k]], _alone(sides[k], *how))) for k in several]
        both = zip(together, _average(alone, n), strict=True)
        return tuple((1 - self.apart) * a + self.apart * b for a, b in both)


_Logits = tuple[np.ndarray, np.ndarray]  # coefficients [shape=(classes, features)], intercepts


class _Side(NamedTuple):
    """What discriminants learn of the clips of a corpus.

    Parameters
    ----------
    classes : np.ndarray [shape=(k,)], those that it has
    weights : np.ndarray [shape=(k,)], of each class's clips, in all
    means : np.ndarray [shape=(2, k, features)], of each class: of the clips as they are, and less
        their speaker's mean
    scatters : np.ndarray [shape=(2, features, features)], of both round these, weighted
    """

    classes: np.ndarray
    weights: np.ndarray
    means: np.ndarray
    scatters: np.ndarray

    @classmethod
    def of(cls, X, index, person, weights) -> "_Side":
        """Gather clips; what is off the mean of a speaker's emotion is the same either way."""
        classes, index = np.unique(index, return_inverse=True)
        person = np.unique(person, return_inverse=True)[1]
        how = dict(return_index=True, return_inverse=True)
        _, first, cell = np.unique(person * len(classes) + index, **how)
        heard, weigh, of = _means(X, cell, weights), np.bincount(cell, weights), index[first]
        off = (X - heard[cell]) * np.sqrt(weights)[:, None].astype(X.dtype)
        inside, means, scatters = (off.T @ off).astype(np.float64), [], []
        for kind in (heard, heard - _means(X, person)[person[first]]):
            cells = kind.astype(np.float64)
            means.append(_means(cells, of, weigh))
            apart = (cells - means[-1][of]) * np.sqrt(weigh)[:, None]
            scatters.append(inside + apart.T @ apart)
        return cls(classes, np.bincount(of, weigh), np.stack(means), np.stack(scatters))


def _together(sides: list[_Side], offsets: float, centred: float, shrinkage: float) -> _Logits:
    """Return the discriminant of all corpora, whose differences count `offsets` times."""
    shares = 1 - centred, centred
    classes = np.concatenate([np.tile(side.classes, 2) for side in sides])
    weights = np.concatenate([share * side.weights for side in sides for share in shares])
    means = np.concatenate([means for side in sides for means in side.means])
    scatter = sum(np.tensordot(shares, side.scatters, 1) for side in sides)
    common = _means(means, classes, weights)
    for side in sides:
        apart = side.weights @ (side.means[0] - common[side.classes]) / side.weights.sum()
        scatter += (offsets - 1) * shares[0] * side.weights.sum() * np.outer(apart, apart)
    return _logits(common, classes, weights, means, scatter, shrinkage)


def _alone(side: _Side, centred: float, shrinkage: float) -> _Logits:
    """Return the discriminant of a corpus by itself, seen from where it lies."""
    shares, k = (1 - centred, centred), len(side.classes)
    home = side.weights @ side.means[0] / side.weights.sum()
    means = np.concatenate([side.means[0] - home, side.means[1]])
    weights = np.concatenate([share * side.weights for share in shares])
    classes, scatter = np.tile(np.arange(k), 2), np.tensordot(shares, side.scatters, 1)
    common = _means(means, classes, weights)
    twice = min(2 * shrinkage, 1)  # it has fewer clips than all together
    coef, intercept = _logits(common, classes, weights, means, scatter, twice)
    return coef, intercept - coef @ home


def _logits(common, classes, weights, means, scatter, shrinkage) -> _Logits:
    """Return the discriminant of classes of means `common`, from groups round their own means."""
    off = (means - common[classes]) * np.sqrt(weights)[:, None]
    covariance = (scatter + off.T @ off) / weights.sum()
    sphere = np.trace(covariance) / len(covariance)
    covariance *= 1 - shrinkage
    covariance[np.diag_indices(len(covariance))] += shrinkage * sphere
    coef = cho_solve(cho_factor(covariance, overwrite_a=True), common.T).T
    return coef, -(common * coef).sum(axis=1) / 2


def _unit(X: np.ndarray, logits: _Logits) -> _Logits:
    """Return logits of mean zero over the classes and deviation one over clips X."""
    coef, intercept = (part - part.mean(axis=0) for part in logits)
    deviation = np.std(X @ coef.T.astype(X.dtype) + intercept) + 1e-12
    return coef / deviation, intercept / deviation


def _average(several: list[tuple[np.ndarray, _Logits]], n: int) -> _Logits:
    """Return the mean of discriminants, of each class over those that know it."""
    named = np.concatenate([classes for classes, _ in several])
    known = np.maximum(np.bincount(named, minlength=n), 1)
    coef, intercept = np.zeros((n, several[0][1][0].shape[1])), np.zeros(n)
    for classes, logits in several:
        coef[classes] += logits[0]
        intercept[classes] += logits[1]
    return coef / known[:, None], intercept / known


def _by_speakers(home: np.ndarray, index: np.ndarray, person: np.ndarray) -> np.ndarray:
    """Return weights: of each corpus's clips of an emotion as much in all as it has speakers."""
    weights = np.empty(len(index))
    for group in np.unique(np.stack([home, index]), axis=1).T:
        inside = (home == group[0]) & (index == group[1])
        weights[inside] = len(np.unique(person[inside])) / inside.sum()
    return weights / weights.sum()
