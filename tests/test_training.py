import keras
import numpy as np
import pytest

from serlib import models
from serlib.systems import Training
from serlib.training import fit


def problem(n=200, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, 10)).astype(np.float32)
    return X, np.eye(2)[(X[:, 0] > 0).astype(int)]


def network(start="glorot_uniform"):
    keras.utils.set_random_seed(0)
    dense = keras.layers.Dense(2, activation="softmax", kernel_initializer=start)
    return keras.Sequential([keras.Input((10,)), dense])


def test_the_published_network_has_its_published_size():
    model = models.conv1d()
    trainable = sum(int(np.prod(w.shape)) for w in model.trainable_weights)
    assert (model.count_params(), trainable) == (2_671_239, 2_666_887)


def test_the_weights_kept_are_those_of_the_best_validation_accuracy():
    model, held = network(), problem(seed=1)
    history = fit(model, problem(), held, Training(epochs=12))
    accuracy = np.mean(model.predict(held[0], verbose=0).argmax(1) == held[1].argmax(1))
    assert accuracy == pytest.approx(max(history["val_accuracy"]))


def test_training_stops_when_validation_gets_worse():
    X, Y = problem()
    # From weights of 0, the first step already makes the opposite labels less likely.
    history = fit(network("zeros"), (X, Y), (X, 1 - Y), Training(epochs=60, stop_patience=3))
    assert len(history["loss"]) == 4  # the first epoch was the best
    assert history.keys() >= {"loss", "accuracy", "val_loss", "val_accuracy", "learning_rate"}


def test_the_rate_falls_on_a_plateau():
    X, Y = problem()
    settings = Training(epochs=9, stop_patience=8, slow_patience=2, slow_factor=0.5)
    rates = fit(network("zeros"), (X, Y), (X, 1 - Y), settings)["learning_rate"]
    halved = [1e-3, 1e-3, 1e-3, 5e-4, 5e-4, 2.5e-4, 2.5e-4, 1.25e-4, 1.25e-4]
    assert rates == pytest.approx(halved)


def test_the_same_seed_gives_the_same_weights():
    weights = []
    for _ in range(2):
        model = network()
        fit(model, problem(), problem(seed=1), Training(epochs=3))
        weights.append(model.get_weights())
    for a, b in zip(*weights, strict=True):
        np.testing.assert_array_equal(a, b)
