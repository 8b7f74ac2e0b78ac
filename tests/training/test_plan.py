"""The rules of measuring, on random features and a network of one layer; and what is a new fit."""

from dataclasses import replace
from functools import cache

import keras
import numpy as np
import pandas as pd
import pytest
from sklearn.utils.class_weight import compute_class_weight

from serlib.audio import VARIANTS
from serlib.corpora import classes_of, read_clips, select
from serlib.errors import CorpusError, SerlibError
from serlib.features import FEATURE_COLUMNS, KEY_COLUMNS, DurationLoudness, Means, MfccDeltas
from serlib.paths import CHECKOUT
from serlib.systems import SYSTEMS, Key, System, Training, get, networks
from serlib.systems.classical import discriminant
from serlib.systems.discriminant import Discriminant, VoiceDiscriminant
from serlib.training import Inputs, kind_of, plan, worker
from serlib.training.worker import fit_folds


def dense(input_shape, n_classes):
    """A network of one layer, that all systems of this file are fitted with."""
    parts = [keras.Input(input_shape), keras.layers.Flatten()]
    return keras.Sequential([*parts, keras.layers.Dense(n_classes, activation="softmax")])


@pytest.fixture(scope="module")
def clips():
    """A third of the shipped clip table: all speakers, all emotions."""
    every = read_clips(CHECKOUT / "emotion_path.csv")
    return every[every.channel == "speech"].iloc[::3].reset_index(drop=True)


@pytest.fixture(scope="module")
def features(clips):
    """Random features; the first is the row's number, so that a row is known wherever it goes."""
    rng = np.random.default_rng(0)
    keys = pd.concat([clips[KEY_COLUMNS[:-1]].assign(variant=v) for v in VARIANTS])
    keys = keys.sort_values(["clip_id", "variant"], ignore_index=True)
    values = rng.standard_normal((len(keys), 162))
    values[:, 0] = np.arange(len(keys))
    return pd.concat([keys, pd.DataFrame(values, columns=FEATURE_COLUMNS)], axis=1)


@pytest.fixture(scope="module")
def inputs(features):
    return Inputs.from_table(features)


@pytest.fixture(scope="module", autouse=True)
def systems():
    """The systems of this file: S2's with the small network, and two that differ from it."""
    fixed = dict(training=Training(cosine=True), train_on_validation=True)
    weighed = Training(balanced=True, emphasis=(("sad", 2.0),))
    with pytest.MonkeyPatch.context() as patch:
        for name in ("conv1d", "conv1d_published"):
            patch.setitem(SYSTEMS, name, replace(get(name), network=dense))
        patch.setitem(SYSTEMS, "fixed", replace(get("conv1d"), name="fixed", **fixed))
        copied = dict(copies=lambda X, rng: X.copy(), training=weighed)
        patch.setitem(SYSTEMS, "copied", replace(get("conv1d"), name="copied", **copied))
        yield


@pytest.fixture(scope="module")
def seen():
    """What every fit was given: training part, validation part, weights of classes."""
    calls = []

    def spy(model, train, validation, settings, **how):
        calls.append((train[0][..., 0], validation[0][..., 0], how["class_weight"]))
        return fit(model, train, validation, settings, **how)

    fit = worker.train_network
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worker, "train_network", spy)
        yield calls


def planned(key, inputs, clips, cache, **how):
    return plan.plan(key, **dict(inputs=inputs, clips=clips, cache=cache, epochs=1) | how)


def score(*arguments, **how):
    tasks = planned(*arguments, **how)
    fit_folds(tasks, n_jobs=1)
    return [task.result() for task in tasks]


@pytest.fixture(scope="module")
def fitted(inputs, clips, seen, tmp_path_factory):
    """Return the fitted folds of a key and what each was given; nothing is fitted twice."""
    folder = tmp_path_factory.mktemp("fits")

    @cache
    def fitted(*key):
        before = len(seen)
        return score(Key(*key), inputs, clips, folder), seen[before:]

    return fitted


def rows_of(scaled, fit, features):
    """Return the rows of the features table that a network saw."""
    numbers = scaled[:, 0] * fit.scaler.scale_[0] + fit.scaler.mean_[0]
    return features.iloc[np.rint(numbers).astype(int)]


@pytest.mark.parametrize(
    ("data", "protocol", "n"),
    [("ravdess_tess", "clips", 1), ("ravdess7", "speakers", 5), ("tess", "speakers", 2)],
)
def test_test_clips_reach_no_fit_and_are_scored_once_as_recorded(
    features, clips, fitted, data, protocol, n
):
    folds, seen = fitted("conv1d", data, protocol)
    assert len(folds) == len(seen) == n
    for fit, (train, validation, _) in zip(folds, seen, strict=True):
        tested = set(fit.predictions.clip_id)
        train, validation = (rows_of(part, fit, features) for part in (train, validation))
        assert not tested & (set(train.clip_id) | set(validation.clip_id))
        assert not set(train.clip_id) & set(validation.clip_id)
        assert set(fit.predictions.variant) == set(validation.variant) == {"original"}
        assert set(train.variant) == set(get("conv1d").variants)
        if protocol == "speakers":
            assert not set(fit.predictions.speaker) & set(train.speaker)
    scored = pd.concat([fit.predictions for fit in folds]).clip_id
    assert scored.is_unique
    if protocol == "speakers":
        corpus = "tess" if data == "tess" else "ravdess"
        assert set(scored) == set(clips[clips.corpus == corpus].clip_id)


def test_the_scaler_is_fitted_on_the_training_rows(features, fitted):
    for fit, (train, *_) in zip(*fitted("conv1d", "ravdess7", "speakers"), strict=True):
        rows = rows_of(train, fit, features)[FEATURE_COLUMNS].to_numpy(dtype=np.float32)
        np.testing.assert_allclose(fit.scaler.mean_, rows.mean(axis=0, dtype=float), atol=1e-3)
        np.testing.assert_allclose(train.mean(axis=0), 0, atol=1e-3)


@pytest.mark.parametrize(("name", "same"), [("conv1d_published", True), ("conv1d", False)])
def test_published_alone_validates_on_the_rows_it_is_scored_on(features, fitted, name, same):
    (fit,), seen = fitted(name, "ravdess_tess", "rows")
    validation = rows_of(seen[0][1], fit, features)
    tested = set(zip(fit.predictions.clip_id, fit.predictions.variant, strict=True))
    validated = set(zip(validation.clip_id, validation.variant, strict=True))
    assert (validated == tested) is same and (same or not validated & tested)


def test_copies_and_class_weights_are_of_the_training_part(features, clips, fitted):
    """Copies are of training clips alone, weights of their emotions alone, as scikit-learn's."""
    emotions = select(clips, "ravdess7").set_index("clip_id").emotion
    for fit, (train, validation, weights) in zip(
        *fitted("copied", "ravdess7", "speakers"), strict=True
    ):
        rows = rows_of(train, fit, features)
        half = len(rows) // 2
        assert rows.index[:half].equals(rows.index[half:]) and rows.index[:half].is_unique
        validated = rows_of(validation, fit, features)
        assert not set(rows.clip_id) & (set(validated.clip_id) | set(fit.predictions.clip_id))
        true = rows.clip_id.map(emotions)[:half]
        names = np.array(classes_of("ravdess7"))
        balanced = compute_class_weight("balanced", classes=names, y=true)
        expected = dict(enumerate(balanced * np.where(names == "sad", 2, 1)))
        assert weights == pytest.approx(expected)


@pytest.mark.parametrize(("data", "protocol"), [("ravdess_tess", "clips"), ("tess", "speakers")])
def test_a_fixed_recipe_trains_on_the_validation_part_too(features, fitted, data, protocol):
    ours, theirs = (fitted(name, data, protocol) for name in ("fixed", "conv1d"))
    for fit, given, other, parts in zip(*ours, *theirs, strict=True):
        train, validation, _ = given
        both = pd.concat([rows_of(part, other, features) for part in parts[:2]])
        rows = rows_of(train, fit, features)
        assert len(validation) == 0
        assert set(rows.clip_id) == set(both.clip_id)
        assert not set(rows.clip_id) & set(fit.predictions.clip_id)
        pd.testing.assert_series_equal(fit.predictions.clip_id, other.predictions.clip_id)


def test_corpora_are_scored_apart_from_what_was_trained_on(features, fitted):
    (fit,), seen = fitted("conv1d", "tess", "corpora")
    train, validation = (rows_of(part, fit, features) for part in seen[0][:2])
    assert set(train.corpus) == set(validation.corpus) == {"ravdess"}
    assert set(fit.predictions.corpus) == {"tess"} and set(fit.predictions.fold) == {"ravdess"}


TESS = Key("conv1d", "tess", "speakers")


def test_a_finished_fold_is_not_fitted_again_a_broken_one_is(inputs, clips, tmp_path, seen):
    first, before = score(TESS, inputs, clips, tmp_path), len(seen)
    (first[1].folder / "history.json").unlink()  # as after a kill: the history comes last
    again = score(TESS, inputs, clips, tmp_path)
    assert len(seen) == before + 1
    for a, b in zip(first, again, strict=True):
        pd.testing.assert_frame_equal(a.predictions, b.predictions)


@pytest.fixture
def folders(inputs, clips, tmp_path):
    """Return the folders of the fits of TESS's two folds, as things are now."""

    def folders(key=TESS, inputs=inputs, clips=clips, **how):
        return [task.folder for task in planned(key, inputs, clips, tmp_path, **how)]

    return folders


@pytest.mark.parametrize("change", ["features", "seed", "epochs", "labels", "libraries"])
def test_another_question_is_another_fit(features, clips, folders, change, monkeypatch):
    before, how = folders(), {}
    assert before == folders()
    if change == "features":
        how = dict(inputs=Inputs.from_table(features.assign(rms=features.rms + 1)))
    elif change == "libraries":
        monkeypatch.setattr(plan, "version", lambda name: "0.0")
    elif change == "labels":
        emotion = clips.emotion.replace(dict(sad="happy", happy="sad"))
        how = dict(clips=clips.assign(emotion=emotion))
    else:
        how = dict(key=TESS._replace(seed=2)) if change == "seed" else dict(epochs=2)
    assert not set(before) & set(folders(**how))


def test_who_weighs_by_speakers_is_fitted_anew_for_others(inputs, folders, monkeypatch):
    """And a network, which is told of none, is not."""
    whole = dict(layers=1, moments=1, views=((1.0, (0,)),))
    voices = dict(network=lambda *_: VoiceDiscriminant(**whole), estimator=True)
    monkeypatch.setitem(SYSTEMS, "voices", replace(get("conv1d"), name="voices", **voices))
    others = Inputs(inputs.rows.assign(speaker=inputs.rows.speaker + "x"), inputs.X)
    for name, anew in (("conv1d", False), ("voices", True)):
        key = TESS._replace(system=name)
        assert (folders(key) != folders(key, inputs=others)) == anew


def another_dense(activation, units=16):
    """Return a network function that is called like the one of this file."""

    def dense(input_shape, n_classes):
        parts = [keras.Input(input_shape), keras.layers.Flatten()]
        parts.append(keras.layers.Dense(units, activation=activation))
        return keras.Sequential([*parts, keras.layers.Dense(n_classes, activation="softmax")])

    return dense


def test_a_changed_network_is_another_fit(folders, monkeypatch):
    found = [*folders()]
    for network in (another_dense("relu"), another_dense("tanh"), another_dense("relu", 17)):
        monkeypatch.setitem(SYSTEMS, "conv1d", replace(get("conv1d"), network=network))
        found += folders()
    assert len(set(found)) == len(found) == 4 * 2


@pytest.mark.parametrize("name", ["cnn_lstm", "bigru_attention"])
def test_the_same_network_built_again_is_the_same_fit(clips, tmp_path, monkeypatch, name):
    """Whatever was built in between: Keras numbers the names of layers."""
    front_end, network = MfccDeltas(n_mfcc=2, padded=0.5), getattr(networks, name)
    how = dict(front_end=front_end, network=network, variants=("original",))
    monkeypatch.setitem(SYSTEMS, "conv1d", replace(get("conv1d"), **how))
    X = np.zeros((len(clips), *front_end.shape), np.float32)
    inputs = Inputs(clips[KEY_COLUMNS[:-1]].assign(variant="original"), X)
    first = [task.folder for task in planned(TESS, inputs, clips, tmp_path)]
    network(front_end.shape, 3)
    dense((4,), 2)
    assert first == [task.folder for task in planned(TESS, inputs, clips, tmp_path)]


def test_what_is_changed_of_a_recipe_or_a_front_end_is_another_fit(folders, monkeypatch):
    found = [*folders()]
    for change in (
        dict(front_end=Means(trim_db=30)),
        dict(train_on_validation=True),
        dict(training=Training(label_smoothing=0.1)),
    ):
        with monkeypatch.context() as patch:
            patch.setitem(SYSTEMS, "conv1d", replace(get("conv1d"), **change))
            found += folders()
    monkeypatch.setattr(Means, "version", Means.version + 1)
    found += folders()
    assert len(set(found)) == len(found) == 5 * 2


def test_a_fit_of_an_older_discriminant_is_not_read(clips, tmp_path, monkeypatch):
    entry = System("lda", "", "baseline", discriminant, (("tess", "speakers"),), DurationLoudness())
    entry = replace(entry, variants=("original",), estimator=True, train_on_validation=True)
    monkeypatch.setitem(SYSTEMS, "lda", entry)
    X = np.random.default_rng(0).standard_normal((len(clips), 3)).astype(np.float32)
    inputs = Inputs(clips[KEY_COLUMNS[:-1]].assign(variant="original"), X)
    key = TESS._replace(system="lda")
    score(key, inputs, clips, tmp_path)
    before = planned(key, inputs, clips, tmp_path)
    assert all(task.done for task in before)
    monkeypatch.setattr(Discriminant, "version", Discriminant.version + 1)
    after = planned(key, inputs, clips, tmp_path)
    assert not any(task.done for task in after)
    assert not {task.folder for task in before} & {task.folder for task in after}


@pytest.fixture
def sung(monkeypatch):
    """Speech and song of RAVDESS, of which the song is apart; a system that trains on both."""
    entry = System(
        "sung",
        "",
        "baseline",
        discriminant,
        (("ravdess", "speakers"),),
        variants=("original",),
        training=Training(epochs=1),
        estimator=True,
        train_on_validation=True,
        auxiliary_channel="song",
    )
    monkeypatch.setitem(SYSTEMS, "sung", entry)
    clips = read_clips(CHECKOUT / "emotion_path.csv").query("corpus == 'ravdess'")
    clips = clips.iloc[::2].reset_index(drop=True)
    X = np.random.default_rng(0).standard_normal((len(clips), 5)).astype(np.float32)
    X[clips.channel == "song"] += 9
    return Inputs(clips[KEY_COLUMNS[:-1]].assign(variant="original"), X), clips


@pytest.mark.parametrize("protocol", ["clips", "speakers", "speakers+statements", "validation"])
def test_song_beside_is_of_speakers_and_sentences_that_train(sung, tmp_path, protocol):
    """Rule 4; and the song is neither scored, nor does the scaler know it."""
    inputs, clips = sung
    tasks = planned(Key("sung", "ravdess", protocol), inputs, clips, tmp_path)
    fit_folds(tasks, n_jobs=1)
    about = clips.set_index("clip_id")
    for task in tasks:
        trained = about.loc[task.inputs.rows.clip_id.iloc[task.fold.train]]
        tested = about.loc[task.result().predictions.clip_id]
        song, spoken = (trained[trained.channel == name] for name in ("song", "speech"))
        assert len(song) > 100 and set(tested.channel) == {"speech"}
        assert set(song.speaker) <= set(spoken.speaker)
        if protocol != "clips":
            assert not set(trained.speaker) & set(tested.speaker)
        if protocol == "speakers+statements":
            assert not set(trained.statement) & set(tested.statement)
        assert np.abs(task.result().scaler.mean_).max() < 1
        assert set(task.result().predictions.predicted) <= set(classes_of("ravdess"))


def test_a_network_beside_an_auxiliary_channel_is_refused(sung, tmp_path, monkeypatch):
    """It would learn that the others are none of its classes."""
    network = replace(get("sung"), network=dense, estimator=False)
    monkeypatch.setitem(SYSTEMS, "sung", network)
    with pytest.raises(SerlibError, match=r"sung.*auxiliary_channel.*Leave the channel out"):
        planned(Key("sung", "ravdess", "speakers"), *sung, tmp_path)
    without = replace(network, auxiliary_channel="")
    monkeypatch.setitem(SYSTEMS, "sung", without)
    assert planned(Key("sung", "ravdess", "speakers"), *sung, tmp_path)


def test_every_model_of_the_table_takes_its_auxiliary_channel():
    able = [system for system in SYSTEMS.values() if system.auxiliary_channel]
    assert able and all(kind_of(s).takes(s.network((5,), 3), "others") for s in able)


def test_a_fold_without_an_emotion_is_refused(inputs, clips, tmp_path):
    few = clips[~((clips.emotion == "disgust") & (clips.speaker != "ravdess:02"))]
    with pytest.raises(CorpusError, match=r"fold 0: no clip of \['disgust'\] is left to train on"):
        planned(Key("conv1d", "ravdess7", "speakers"), inputs, few, tmp_path)


def test_data_that_is_not_there_says_what_is(inputs, clips, tmp_path):
    with pytest.raises(CorpusError, match=r"emodb: needs speech of emodb, but the clips are of"):
        planned(Key("cnn_lstm", "emodb", "speakers"), inputs, clips, tmp_path)
