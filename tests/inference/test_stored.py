"""How bundles lie on disk: equal bytes for equal content, and no name of ours but one."""

import io
import json
import zipfile

import joblib
import keras
import numpy as np
import pytest
from joblib import hash as digest

import serlib
from serlib import inference
from serlib.audio import synthesise
from serlib.errors import BundleError
from serlib.features import FRONT_ENDS, DurationLoudness, LogMel, Means, MfccDeltas
from serlib.features.front_ends import STORED
from serlib.features.statistics import Statistics
from serlib.inference.stored import Encoder, Network, write_network
from serlib.systems import AtSpeed, Ensemble, EnsembleScaler, join, networks
from tests.inference.pickles import names_in

EMOTIONS = ["happy", "sad"]
# One of each scaler, and both that stand around other front ends
FRONT_ENDS_OF_ALL_SCALERS = (
    Means(),
    MfccDeltas(n_mfcc=3, padded=2.5, duration=2.5),
    LogMel(n_mels=4, frames=9),
    Statistics(n_mfcc=2, n_bands=2),
    AtSpeed(DurationLoudness(), "speed_110"),
)


@pytest.fixture(scope="module")
def clips():
    speak = dict(speaker="02", sentence="kids")
    return [
        (synthesise(e, **speak, rng=np.random.default_rng(k)), 22050)
        for k, e in enumerate(EMOTIONS * 2)
    ]


@pytest.fixture(scope="module")
def parts(clips):
    """What a bundle of an ensemble is made of, with every kind of scaler."""
    keras.utils.set_random_seed(0)
    ensemble = Ensemble(FRONT_ENDS_OF_ALL_SCALERS)
    X = ensemble.split(np.stack([ensemble.get_predict_feat(clip) for clip in clips]))
    scalers = [f.scaler().fit(x) for f, x in zip(ensemble.front_ends, X, strict=True)]
    layer = keras.layers.Dense(2, activation="softmax")
    model = keras.Sequential([keras.Input(ensemble.shape), layer])
    scaler = EnsembleScaler(ensemble, scalers)
    parts = dict(model=model, scaler=scaler, classes=EMOTIONS, extractor=ensemble)
    return parts | dict(reference=clips[0][0], card={})


def test_a_pickle_names_nothing_of_serlib_but_restore(parts, tmp_path):
    inference.save_bundle(tmp_path / "b.joblib", **parts)
    named, restored = names_in(tmp_path / "b.joblib")
    assert {name for name in named if name.startswith("serlib")} == {"serlib.restore"}
    kinds = {"ensemble", "at_speed", "ensemble_scaler", "network", "means", "log_mel"}
    kinds |= {"scaler", "frame_scaler", "cell_scaler", "clipped_scaler"}
    assert kinds <= set(restored)


def test_the_same_bundle_saved_again_is_the_same_bytes(parts, tmp_path):
    for name in "ab":
        inference.save_bundle(tmp_path / f"{name}.joblib", **parts)
    a, b = (tmp_path / f"{name}.joblib" for name in "ab")
    assert a.read_bytes() == b.read_bytes()
    assert a.with_suffix(".json").read_bytes() == b.with_suffix(".json").read_bytes()
    for path in (tmp_path / "c.joblib", tmp_path / "d.joblib"):  # and of equal parts
        loaded = joblib.load(a)
        again = {name: loaded[name] for name in parts if name != "reference"}
        inference.save_bundle(path, **again, reference=parts["reference"])
    assert (tmp_path / "c.joblib").read_bytes() == path.read_bytes()


def test_a_stored_network_does_not_tell_when_it_was_saved(parts, tmp_path):
    write_network(parts["model"], tmp_path / "model.keras")
    with zipfile.ZipFile(tmp_path / "model.keras") as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert "date_saved" not in json.loads(archive.read("metadata.json"))
    network = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    for one, two in zip(network.get_weights(), parts["model"].get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


def test_what_is_loaded_answers_as_what_was_saved(parts, clips, tmp_path):
    inference.save_bundle(tmp_path / "b.joblib", **parts)
    bundle = serlib.load_bundle(tmp_path / "b.joblib")
    assert bundle["extractor"] == parts["extractor"] and not bundle["model"].compiled
    X = np.stack([parts["extractor"].get_predict_feat(clip) for clip in clips])
    expected = parts["model"].predict(parts["scaler"].transform(X), verbose=0)
    found = [list(answer.values()) for answer in serlib.predict_proba(clips, bundle)]
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("kind", FRONT_ENDS.values(), ids=FRONT_ENDS)
def test_every_front_end_comes_back_from_a_pickle_with_its_scaler(kind):
    front_end, scaler = kind(), kind().scaler()
    store = io.BytesIO()
    joblib.dump((front_end, scaler), store)
    again, scaler_again = joblib.load(store)
    assert again == front_end and digest(again.settings()) == digest(front_end.settings())
    assert type(scaler_again) is type(scaler) and STORED[scaler.name] is type(scaler)


NETWORKS = [
    (networks.conv1d, (162, 1)),
    (networks.cnn_lstm, (20, 5)),
    (networks.mfcc_lstm, (20, 5)),
    (networks.mfcc_cnn, (20, 5)),
    (networks.bilstm_attention, (16, 16, 1)),
    (networks.bigru_attention, (20, 5)),
]


def inputs(shape, n=3):
    """Inputs with noise; the last column of sequences is their mask."""
    x = np.random.default_rng(0).standard_normal((n, *shape)).astype(np.float32)
    if len(shape) == 2 and shape[1] > 1:
        x[..., -1] = np.arange(shape[0]) < 15
    return x


def again(thing):
    """Return what comes out of the pickle of a thing."""
    store = io.BytesIO()
    joblib.dump(thing, store)
    return joblib.load(store)


@pytest.mark.parametrize(("network", "shape"), NETWORKS, ids=lambda of: getattr(of, "__name__", ""))
def test_lite_and_keras_say_the_same_of_any_number_of_clips(network, shape, monkeypatch):
    keras.utils.set_random_seed(1)
    model = network(shape, 4)
    rng = np.random.default_rng(0)  # normalisation has seen something
    model.set_weights(
        [w + 0.05 * np.abs(rng.standard_normal(w.shape)) for w in model.get_weights()]
    )
    x = inputs(shape)
    expected = model.predict(x, verbose=0)
    stored = again(Network.of(model, shape))
    for loaded, built in ((stored.keras, model), (again(stored).keras, model)):
        for one, two in zip(loaded.get_weights(), built.get_weights(), strict=True):
            np.testing.assert_array_equal(one, two)
    fresh = again(stored)
    with monkeypatch.context() as patched:  # Keras is not asked
        patched.delattr(keras.saving, "deserialize_keras_object")
        found = [fresh.predict(x, batch_size=2, verbose=0), fresh.predict_on_batch(x)]
        assert fresh.predict(x[:0]).shape == (0, 4)
    np.testing.assert_allclose(found, [expected] * 2, atol=1e-5)
    assert fresh.has_attention == (network.__name__.endswith("attention"))


def test_what_notebooks_look_for_builds_no_network(monkeypatch):
    stored = again(Network.of(networks.conv1d(), (162, 1)))
    monkeypatch.delattr(keras.saving, "deserialize_keras_object")
    assert not hasattr(stored, "_repr_html_") and not hasattr(stored, "_ipython_display_")


def test_weights_lie_in_a_bundle_once():
    model = networks.conv1d()
    store = io.BytesIO()
    joblib.dump(Network.of(model, (162, 1)), store)
    assert store.tell() < 1.05 * sum(w.nbytes for w in model.get_weights())


def test_a_joined_network_is_one_file():
    ensemble = Ensemble((DurationLoudness(), MfccDeltas(n_mfcc=2, padded=1, duration=1)))
    shape = ensemble.front_ends[1].shape
    members = [((0,), keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, "softmax")]))]
    members.append(((1,), networks.bigru_attention(shape, 2)))
    model, x = join(ensemble, members, 1.5), inputs(ensemble.shape)
    found = again(Network.of(model, ensemble.shape)).predict(x)
    np.testing.assert_allclose(found, model.predict(x, verbose=0), atol=1e-5)


def test_whoever_changes_the_network_of_keras_is_answered_by_it():
    network = again(Network.of(networks.mfcc_cnn((20, 5), 3), (20, 5)))
    x = inputs((20, 5))
    before = network.predict(x)
    longer = np.pad(x, ((0, 0), (0, 4), (0, 0)))
    with pytest.raises(ValueError, match="expected shape"):  # and by what says what is wrong
        network.predict(longer)
    network.layers[-1].kernel.assign(-2 * network.layers[-1].kernel)
    after = network.predict(x, verbose=0)
    assert np.abs(after - before).max() > 1e-3
    np.testing.assert_allclose(again(network).predict(x), after, atol=1e-5)


def test_what_is_set_is_set_on_the_network_of_keras():
    stored = Network.of(networks.mfcc_cnn((20, 5), 3), (20, 5))
    stored.trainable = False
    assert not stored.keras.trainable and not stored.trainable_weights


def test_a_network_that_cannot_be_converted_is_answered_by_keras():
    x = keras.Input((8,))
    model = keras.Model(x, keras.ops.fft((x, 0 * x))[0])
    with pytest.warns(UserWarning, match="Keras will answer"):
        network = again(Network.of(model, (8,)))
    found = network.predict(inputs((8,)), verbose=0)
    np.testing.assert_allclose(found, model.predict(inputs((8,)), verbose=0), atol=1e-6)


def test_an_older_bundle_holds_kerass_archive(tmp_path):
    model, x = networks.mfcc_cnn((20, 5), 3), inputs((20, 5))
    write_network(model, tmp_path / "model.keras")
    state = dict(archive=(tmp_path / "model.keras").read_bytes())
    found = serlib.restore("network", state).predict(x, verbose=0)
    np.testing.assert_allclose(found, model.predict(x, verbose=0), atol=1e-6)


def test_the_encoder_is_scikit_learns():
    encoder = again(Encoder(["happy", "sad"]))
    assert [list(c) for c in encoder.categories_] == [["happy", "sad"]]
    assert encoder.inverse_transform(np.array([[0.2, 0.8]]))[0][0] == "sad"
    np.testing.assert_array_equal(encoder.transform([["sad"]]), [[0, 1]])


def test_a_name_that_is_not_known_here_says_what_to_do():
    with pytest.raises(BundleError, match=r"'telepathy'.*update"):
        serlib.restore("telepathy", {})
