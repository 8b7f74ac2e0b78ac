"""Linear discriminant analysis for more features than clips."""

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
        priors = np.bincount(index) / len(X)
        self.coef_ = weights / self.temperature
        self.intercept_ = np.log(priors) - (means * weights).sum(axis=1) / 2
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
    covariance, since they are few. Blocks of features, of which each is a layer of an encoder,
    answer apart; their logits are averaged.

    Parameters
    ----------
    shrinkage, temperature : as `Discriminant`; both were chosen on corpora left out
    blocks : int, equal parts of the features
    offsets : float, how often the differences of corpora count
    """

    def __init__(
        self,
        shrinkage: float = 0.2,
        temperature: float = 2.5,
        blocks: int = 5,
        offsets: float = 5.0,
    ):
        super().__init__(shrinkage, temperature)
        self.blocks, self.offsets = blocks, offsets

    def fit(self, X: np.ndarray, y: np.ndarray, speakers: np.ndarray) -> "VoiceDiscriminant":
        """Fit to X [shape=(n, features)], classes y and speakers, ``corpus:id`` [shape=(n,)]."""
        self.classes_, index = np.unique(y, return_inverse=True)
        people, person = np.unique(speakers, return_inverse=True)
        home = np.unique([name.split(":")[0] for name in people], return_inverse=True)[1][person]
        weights = _by_speakers(home, index, person)
        parts = [self._fit(x, index, person, home, weights) for x in np.split(X, self.blocks, 1)]
        scale = self.temperature * self.blocks
        self.coef_ = np.concatenate([coef for coef, _ in parts], axis=1) / scale
        self.intercept_ = np.sum([intercept for _, intercept in parts], axis=0) / scale
        return self

    def _fit(
        self,
        X: np.ndarray,
        index: np.ndarray,
        person: np.ndarray,
        home: np.ndarray,
        weights: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return coefficients and intercepts of a block."""
        both = np.concatenate([X, X - _means(X, person)[person]])
        index, weights = np.tile(index, 2), np.tile(weights, 2) / 2
        means = _means(both, index, weights)
        inside = both - means[index]
        root = np.sqrt(weights)[:, None].astype(X.dtype)
        covariance = ((inside * root).T @ (inside * root)).astype(np.float64)
        here, theirs = inside[: len(X)], weights[: len(X)]
        apart = _means(here, home, theirs)
        covariance += (self.offsets - 1) * (apart.T * np.bincount(home, theirs)) @ apart
        covariance *= 1 - self.shrinkage
        sphere = np.trace(covariance) / len(covariance) / (1 - self.shrinkage)
        covariance[np.diag_indices(len(covariance))] += self.shrinkage * sphere
        coef = cho_solve(cho_factor(covariance, overwrite_a=True), means.T.astype(float)).T
        return coef, -(means * coef).sum(axis=1) / 2


def _by_speakers(home: np.ndarray, index: np.ndarray, person: np.ndarray) -> np.ndarray:
    """Return weights: of each corpus's clips of an emotion as much in all as it has speakers."""
    weights = np.empty(len(index))
    for group in np.unique(np.stack([home, index]), axis=1).T:
        inside = (home == group[0]) & (index == group[1])
        weights[inside] = len(np.unique(person[inside])) / inside.sum()
    return weights / weights.sum()
