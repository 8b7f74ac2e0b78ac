from dataclasses import replace

import keras
import numpy as np
import pytest

from serlib.systems import Training
from serlib.training import train
from serlib.training.train import read_state, train_network


def problem(n=200, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, 10)).astype(np.float32)
    return X, np.eye(2)[(X[:, 0] > 0).astype(int)]


def network(start="glorot_uniform"):
    keras.utils.set_random_seed(0)
    dense = keras.layers.Dense(2, activation="softmax", kernel_initializer=start)
    return keras.Sequential([keras.Input((10,)), dense])


def opposite():
    """Validation that gets worse with every step: the labels exchanged."""
    X, Y = problem()
    return (X, Y), (X, 1 - Y)


def test_the_weights_kept_are_those_of_the_best_validation_accuracy(tmp_path):
    held = problem(seed=1)
    model, history = train_network(network(), problem(), held, Training(epochs=12), folder=tmp_path)
    accuracy = np.mean(model.predict(held[0], verbose=0).argmax(1) == held[1].argmax(1))
    assert accuracy == pytest.approx(max(history["val_accuracy"]))


def test_training_stops_when_validation_gets_worse(tmp_path):
    # From weights of 0, the first step already makes the opposite labels less likely.
    settings = Training(epochs=60, stop_patience=3)
    _, history = train_network(network("zeros"), *opposite(), settings, folder=tmp_path)
    assert len(history["loss"]) == 4  # the first epoch was the best
    assert history.keys() >= {"loss", "accuracy", "val_loss", "val_accuracy", "learning_rate"}


def test_the_rate_falls_on_a_plateau(tmp_path):
    settings = Training(epochs=9, stop_patience=8, slow_patience=2, slow_factor=0.5)
    _, history = train_network(network("zeros"), *opposite(), settings, folder=tmp_path)
    halved = [1e-3, 1e-3, 1e-3, 5e-4, 5e-4, 2.5e-4, 2.5e-4, 1.25e-4, 1.25e-4]
    assert history["learning_rate"] == pytest.approx(halved)


def test_the_same_seed_gives_the_same_weights(tmp_path):
    weights = []
    for name in "ab":
        settings = Training(epochs=3)
        folder = tmp_path / name
        model, _ = train_network(network(), problem(), problem(seed=1), settings, folder=folder)
        weights.append(model.get_weights())
    for a, b in zip(*weights, strict=True):
        np.testing.assert_array_equal(a, b)


class Killed(Exception):
    pass


def kill_after(patch, epochs):
    """Let the process end when the state of that epoch is written."""

    def die(path, state):
        write(path, state)
        if state["epochs"] == epochs:
            raise Killed

    write = train.write_json
    patch.setattr(train, "write_json", die)


@pytest.mark.parametrize("settings", [Training(epochs=8), Training(epochs=8, cosine=True)])
def test_a_killed_fit_goes_on_after_its_last_whole_epoch(tmp_path, monkeypatch, settings):
    with monkeypatch.context() as patch:
        kill_after(patch, 5)
        with pytest.raises(Killed):
            train_network(network(), problem(), problem(seed=1), settings, folder=tmp_path)
    assert read_state(tmp_path)["epochs"] == 5
    before = read_state(tmp_path)["history"]["loss"]
    _, history = train_network(network(), problem(), problem(seed=1), settings, folder=tmp_path)
    assert len(history["loss"]) == 8 and history["loss"][:5] == before
    assert history["loss"][5] < history["loss"][0]  # from the trained weights, not from new ones


def test_what_callbacks_remember_survives_a_kill(tmp_path, monkeypatch):
    """Patience and the learning rate count on: the fit stops when it would have stopped."""
    settings = Training(epochs=60, stop_patience=6, slow_patience=2)
    with monkeypatch.context() as patch:
        kill_after(patch, 4)
        with pytest.raises(Killed):
            train_network(network("zeros"), *opposite(), settings, folder=tmp_path / "killed")
    _, killed = train_network(network("zeros"), *opposite(), settings, folder=tmp_path / "killed")
    _, whole = train_network(network("zeros"), *opposite(), settings, folder=tmp_path / "whole")
    assert len(killed["loss"]) == len(whole["loss"]) == 7
    assert killed["learning_rate"] == pytest.approx(whole["learning_rate"])


def half_written(self, path):
    path.write_bytes(b"half")
    raise Killed


def not_counted(path, state):
    raise Killed


@pytest.mark.parametrize(
    ("place", "name", "die"),
    [(keras.Model, "save_weights", half_written), (train, "write_json", not_counted)],
)
def test_killed_at_the_best_weights_those_of_the_last_best_epoch_that_counts_stay(
    tmp_path, monkeypatch, place, name, die
):
    """While they are written; and after that, before the state says so."""
    settings = Training(epochs=6, keep="val_loss")  # better in every epoch
    with monkeypatch.context() as patch:
        kill_after(patch, 2)
        with pytest.raises(Killed):
            train_network(network(), problem(), problem(seed=1), settings, folder=tmp_path)
        patch.setattr(place, name, die)
        with pytest.raises(Killed):
            train_network(network(), problem(), problem(seed=1), settings, folder=tmp_path)
    two = replace(settings, epochs=2)  # nothing is left to train
    model, history = train_network(network(), problem(), problem(seed=1), two, folder=tmp_path)
    held = problem(seed=1)
    loss = keras.losses.CategoricalCrossentropy()(held[1], model.predict(held[0], verbose=0))
    assert float(loss) == pytest.approx(min(history["val_loss"]), rel=1e-4)


def test_killed_after_the_last_epoch_it_trains_no_more(tmp_path, monkeypatch):
    settings = Training(epochs=60, stop_patience=3)
    with monkeypatch.context() as patch:
        kill_after(patch, 4)  # when early stopping has had its say
        with pytest.raises(Killed):
            train_network(network("zeros"), *opposite(), settings, folder=tmp_path)
    _, history = train_network(network("zeros"), *opposite(), settings, folder=tmp_path)
    assert len(history["loss"]) == 4


@pytest.mark.parametrize("gone", ["epoch-*.keras", "best-*.h5"])
def test_an_unfinished_fit_of_which_a_part_was_deleted_begins_anew(tmp_path, monkeypatch, gone):
    with monkeypatch.context() as patch:
        kill_after(patch, 2)
        with pytest.raises(Killed):
            train_network(
                network(), problem(), problem(seed=1), Training(epochs=3), folder=tmp_path
            )
    for part in tmp_path.glob(gone):
        part.unlink()
    _, history = train_network(
        network(), problem(), problem(seed=1), Training(epochs=3), folder=tmp_path
    )
    assert len(history["loss"]) == 3
    assert history["loss"][0] > history["loss"][2]  # it did not count the two epochs as its own
