import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from serlib.systems.discriminant import Discriminant


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    y = rng.choice(["angry", "happy", "sad"], size=90, p=[0.5, 0.3, 0.2])
    mixing = rng.standard_normal((40, 40))
    centres = {name: rng.standard_normal(40) for name in ("angry", "happy", "sad")}
    return np.stack([centres[name] for name in y]) + rng.standard_normal((90, 40)) @ mixing, y


@pytest.mark.parametrize("shrinkage", [0.1, 0.5, 1.0])
def test_the_answers_are_those_of_scikit_learn(data, shrinkage):
    X, y = data
    ours = Discriminant(shrinkage, temperature=1.0).fit(X[:60], y[:60])
    theirs = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=shrinkage).fit(X[:60], y[:60])
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-7)
    assert (ours.predict(X) == theirs.predict(X)).all()


def test_more_features_than_clips_and_single_precision(data):
    X, y = data
    X = np.concatenate([X, X[:, ::-1] ** 2], axis=1)[:50].astype(np.float32)
    ours = Discriminant().fit(X, y[:50])
    assert X.shape[1] > len(X) and ours.score(X, y[:50]) > 0.9


def test_temperature_changes_how_sure_and_nothing_else(data):
    X, y = data
    cold, warm = (Discriminant(temperature=t).fit(X, y).predict_proba(X) for t in (1.0, 4.0))
    assert (cold.argmax(axis=1) == warm.argmax(axis=1)).all()
    odds = np.log(cold[:, 0] / cold[:, 1]), np.log(warm[:, 0] / warm[:, 1])
    np.testing.assert_allclose(odds[0], 4 * odds[1], rtol=1e-6)


def test_other_classes_shape_the_covariance_and_are_never_the_answer(data):
    X, y = data
    alone = Discriminant().fit(X, y)
    twice = Discriminant().fit(X, y, others=(X + 5, np.char.add("song ", y)))
    np.testing.assert_allclose(twice.predict_proba(X), alone.predict_proba(X), atol=1e-9)
    wide = X * np.where(np.arange(X.shape[1]) < 20, 9, 1)
    other = Discriminant().fit(X, y, others=(wide, y))
    assert list(other.classes_) == ["angry", "happy", "sad"]
    # Where the others' voices differ, a difference says less
    assert np.abs(other.coef_[:, :20]).mean() < np.abs(alone.coef_[:, :20]).mean() / 2
