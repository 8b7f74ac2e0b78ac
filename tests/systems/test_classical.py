import numpy as np

from serlib.systems import classical


def test_margins_are_a_distribution_over_the_classes():
    X = np.random.default_rng(0).standard_normal((90, 3))
    model = classical.svm().fit(X, np.arange(90) % 3)
    proba = model.predict_proba(X)
    np.testing.assert_allclose(proba.sum(axis=1), 1)
    np.testing.assert_array_equal(proba.argmax(axis=1), model.predict(X))


def test_the_shuffled_control_learns_nothing():
    rng = np.random.default_rng(0)
    y = np.arange(400) % 4
    X = np.eye(4)[y] * 5 + rng.standard_normal((400, 4))
    assert classical.regularised().fit(X, y).score(X, y) > 0.9
    assert classical.shuffled().fit(X, y).score(X, y) < 0.5
