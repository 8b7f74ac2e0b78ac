"""The rules of measuring, on random features and a network of one layer."""

from collections import Counter

import keras
import numpy as np
import pandas as pd
import pytest
from sklearn.utils.class_weight import compute_class_weight

from serlib import (
    benchmark,
    calibration,
    datasets,
    evaluation,
    fits,
    fitting,
    joint,
    models,
    results,
    systems,
    tables,
)
from serlib.augment import VARIANTS
from serlib.errors import CorpusError
from serlib.features import FEATURE_COLUMNS
from serlib.inputs import Inputs
from serlib.project import ROOT

PREDICTIONS = ROOT / "artifacts" / "predictions"


@pytest.fixture(scope="module")
def clips():
    """A third of the shipped clip table: all speakers, all emotions."""
    every = tables.read_clips(ROOT / "emotion_path.csv")
    return every[every.channel == "speech"].iloc[::3].reset_index(drop=True)


@pytest.fixture(scope="module")
def features(clips):
    """Random features; the first is the row's number, so that a row is known wherever it goes."""
    rng = np.random.default_rng(0)
    keys = pd.concat([clips[tables.KEY_COLUMNS[:-1]].assign(variant=v) for v in VARIANTS])
    keys = keys.sort_values(["clip_id", "variant"], ignore_index=True)
    values = rng.standard_normal((len(keys), 162))
    values[:, 0] = np.arange(len(keys))
    return pd.concat([keys, pd.DataFrame(values, columns=FEATURE_COLUMNS)], axis=1)


@pytest.fixture(autouse=True)
def tiny(monkeypatch):
    def network(input_shape, n_classes):
        parts = [keras.Input(input_shape), keras.layers.Flatten()]
        return keras.Sequential([*parts, keras.layers.Dense(n_classes, activation="softmax")])

    monkeypatch.setattr(models, "conv1d", network)


@pytest.fixture
def seen(monkeypatch):
    """What every fit was given: (training rows, validation rows), scaled."""
    calls = []

    def spy(model, train, validation, settings, **how):
        calls.append((train[0][..., 0], validation[0][..., 0]))
        return fit(model, train, validation, settings, **how)

    fit = fitting.fit
    monkeypatch.setattr(fitting, "fit", spy)
    return calls


def score(features, clips, cache, name="conv1d", data="ravdess7", protocol="speakers", **how):
    inputs = Inputs.from_table(features)
    how = dict(inputs=inputs, clips=clips, cache=cache, epochs=1) | how
    n_jobs = how.pop("n_jobs", 1)
    tasks = benchmark.plan(name, data, protocol, how.pop("seed", 0), **how)
    fitting.fit_all(tasks, n_jobs=n_jobs)
    return [task.result() for task in tasks]


def rows_of(scaled, fit, features):
    """Return the rows of the features table that a network saw."""
    numbers = scaled[:, 0] * fit.scaler.scale_[0] + fit.scaler.mean_[0]
    return features.iloc[np.rint(numbers).astype(int)]


@pytest.mark.parametrize(
    ("data", "protocol", "n"),
    [("ravdess_tess", "clips", 1), ("ravdess7", "speakers", 5), ("tess", "speakers", 2)],
)
def test_test_clips_reach_no_fit_and_are_scored_once_as_recorded(
    features, clips, tmp_path, seen, data, protocol, n
):
    folds = score(features, clips, tmp_path, data=data, protocol=protocol)
    assert len(folds) == len(seen) == n
    for fit, (train, validation) in zip(folds, seen, strict=True):
        tested = set(fit.predictions.clip_id)
        train, validation = (rows_of(part, fit, features) for part in (train, validation))
        assert not tested & (set(train.clip_id) | set(validation.clip_id))
        assert not set(train.clip_id) & set(validation.clip_id)
        assert set(fit.predictions.variant) == set(validation.variant) == {"original"}
        assert set(train.variant) == set(VARIANTS)
        if protocol == "speakers":
            assert not set(fit.predictions.speaker) & set(train.speaker)
    scored = pd.concat([fit.predictions for fit in folds]).clip_id
    assert scored.is_unique
    if protocol == "speakers":
        corpus = "tess" if data == "tess" else "ravdess"
        assert set(scored) == set(clips[clips.corpus == corpus].clip_id)


def test_the_scaler_is_fitted_on_the_training_rows(features, clips, tmp_path, seen):
    for fit, (train, _) in zip(score(features, clips, tmp_path), seen, strict=True):
        rows = rows_of(train, fit, features)[FEATURE_COLUMNS].to_numpy(dtype=np.float32)
        np.testing.assert_allclose(fit.scaler.mean_, rows.mean(axis=0, dtype=float), atol=1e-3)
        np.testing.assert_allclose(train.mean(axis=0), 0, atol=1e-3)


def test_published_alone_validates_on_the_rows_it_is_scored_on(features, clips, tmp_path, seen):
    for name, same in (("conv1d_published", True), ("conv1d", False)):
        seen.clear()
        fit = score(features, clips, tmp_path, name, "ravdess_tess", "rows")[0]
        validation = rows_of(seen[0][1], fit, features)
        tested = set(zip(fit.predictions.clip_id, fit.predictions.variant, strict=True))
        validated = set(zip(validation.clip_id, validation.variant, strict=True))
        assert (validated == tested) is same and (same or not validated & tested)


def test_a_finished_fold_is_not_fitted_again_a_broken_one_is(features, clips, tmp_path, seen):
    first = score(features, clips, tmp_path)
    (first[2].folder / "history.json").unlink()  # as after a kill: the history comes last
    again = score(features, clips, tmp_path)
    assert len(seen) == 5 + 1
    for a, b in zip(first, again, strict=True):
        pd.testing.assert_frame_equal(a.predictions, b.predictions)


@pytest.mark.parametrize("change", ["features", "seed", "epochs", "labels", "libraries"])
def test_another_question_is_another_fit(features, clips, tmp_path, seen, change, monkeypatch):
    how = dict(data="tess")
    score(features, clips, tmp_path, **how)
    if change == "features":
        features = features.assign(rms=features.rms + 1)
    elif change == "libraries":
        monkeypatch.setattr(benchmark, "version", lambda name: "0.0")
    elif change == "labels":
        clips = clips.assign(emotion=clips.emotion.replace(dict(sad="happy", happy="sad")))
    else:
        how |= {change: 2}
    score(features, clips, tmp_path, **how)
    assert len(seen) == 4


def test_predictions_files_keep_the_contract(features, clips, tmp_path):
    path = tmp_path / results.name(("conv1d", "ravdess7", "speakers", 0))
    folds = score(features, clips, tmp_path)
    written = benchmark.write_predictions([f.predictions for f in folds], path)
    first = path.read_bytes()
    benchmark.write_predictions([f.predictions for f in folds[::-1]], path)
    assert path.read_bytes() == first and path.name == "conv1d__ravdess7__speakers__seed0.csv.gz"
    read = pd.read_csv(path)
    emotions = ["angry", "disgust", "fear", "happy", "neutral", "sad", "surprise"]
    proba = read[[f"p_{e}" for e in emotions]]
    assert list(read.columns) == fits.ID_COLUMNS + list(proba.columns)
    np.testing.assert_allclose(proba.sum(axis=1), 1, atol=1e-3)
    assert set(read.emotion) == set(emotions) and len(read) == len(written)
    assert sorted(set(read.fold)) == [0, 1, 2, 3, 4]


def test_an_unknown_system_lists_those_that_exist(features, clips, tmp_path):
    with pytest.raises(ValueError, match=r"Bad system 'resnet', expected one of .*conv1d"):
        score(features, clips, tmp_path, "resnet")


def test_copies_and_class_weights_are_of_the_training_part(features, clips, tmp_path, monkeypatch):
    """Copies are of training clips alone, weights of their emotions alone, as scikit-learn's."""
    entry = systems.System(
        "copied",
        "conv1d",
        (("ravdess7", "speakers"),),
        "04",
        copies="doubled",
        training=systems.Training(balanced=True, emphasis=(("sad", 2.0),)),
    )
    monkeypatch.setitem(systems.SYSTEMS, "copied", entry)
    monkeypatch.setattr(fitting.augment, "doubled", lambda X, rng: X.copy(), raising=False)
    calls, fit = [], fitting.fit

    def spy(model, train, validation, settings, *, class_weight, **how):
        calls.append((train, validation, class_weight))
        return fit(model, train, validation, settings, class_weight=class_weight, **how)

    monkeypatch.setattr(fitting, "fit", spy)
    folds = score(features, clips, tmp_path, "copied")
    emotions = datasets.select(clips, "ravdess7").set_index("clip_id").emotion
    for result, (train, validation, weights) in zip(folds, calls, strict=True):
        rows = rows_of(train[0][..., 0], result, features)
        half = len(rows) // 2
        assert rows.index[:half].equals(rows.index[half:]) and rows.index[:half].is_unique
        validated = rows_of(validation[0][..., 0], result, features)
        assert not set(rows.clip_id) & (set(validated.clip_id) | set(result.predictions.clip_id))
        true = rows.clip_id.map(emotions)[:half]
        names = datasets.classes_of("ravdess7")
        balanced = compute_class_weight("balanced", classes=np.array(names), y=true)
        expected = dict(enumerate(balanced * np.where(np.array(names) == "sad", 2, 1)))
        assert weights == pytest.approx(expected)


@pytest.mark.parametrize("protocol", ["clips", "speakers", "speakers+statements", "validation"])
def test_song_beside_is_of_speakers_and_sentences_that_train(tmp_path, monkeypatch, protocol):
    """Rule 4; and the song is neither scored, nor does the scaler know it."""
    entry = systems.System(
        "beside",
        "discriminant",
        (("ravdess", protocol),),
        "07",
        variants=("original",),
        training=systems.Training(epochs=1),
        baseline=True,
        whole=True,
        beside="song",
    )
    monkeypatch.setitem(systems.SYSTEMS, "beside", entry)
    clips = tables.read_clips(ROOT / "emotion_path.csv").query("corpus == 'ravdess'")
    clips = clips.iloc[::2].reset_index(drop=True)
    X = np.random.default_rng(0).standard_normal((len(clips), 5)).astype(np.float32)
    X[clips.channel == "song"] += 9
    rows = clips[tables.KEY_COLUMNS[:-1]].assign(variant="original")
    how = dict(inputs=Inputs(rows, X), clips=clips, cache=tmp_path)
    tasks = benchmark.plan("beside", "ravdess", protocol, 0, **how)
    fitting.fit_all(tasks, n_jobs=1)
    about = clips.set_index("clip_id")
    for task in tasks:
        trained = about.loc[task.inputs.rows.clip_id.iloc[task.fold.train]]
        tested = about.loc[task.result().predictions.clip_id]
        sung, spoken = (trained[trained.channel == name] for name in ("song", "speech"))
        assert len(sung) > 100 and set(tested.channel) == {"speech"}
        assert set(sung.speaker) <= set(spoken.speaker)
        if protocol != "clips":
            assert not set(trained.speaker) & set(tested.speaker)
        if protocol == "speakers+statements":
            assert not set(trained.statement) & set(tested.statement)
        assert np.abs(task.result().scaler.mean_).max() < 1
        assert set(task.result().predictions.predicted) <= set(datasets.classes_of("ravdess"))


def test_a_discriminant_alone_knows_what_to_do_with_others():
    """A network would learn that they are none of its classes."""
    able = {s.network for s in systems.SYSTEMS.values() if s.beside}
    assert able == {"discriminant"}


SHIPPED = results.saved(results.keys_in(PREDICTIONS), PREDICTIONS)


def test_every_system_has_the_figures_that_its_entry_promises():
    """A row that was scored stays, and none is left out: one seed at least, of what is shipped."""
    promised = results.keys_of(systems.SYSTEMS, {"ravdess", "tess"}, seeds=1)
    assert not {key[:3] for key in promised} - {key[:3] for key in SHIPPED}


def test_networks_have_three_seeds_of_what_is_compared():
    """Rule 5: under `clips` and `speakers`; a model that draws nothing has one."""
    seeds = Counter(key[:3] for key in SHIPPED if key[2] in ("clips", "speakers"))
    drawn = {
        k: n
        for k, n in seeds.items()
        if not (systems.get(k[0]).baseline or systems.get(k[0]).published)
    }
    assert not {key: n for key, n in drawn.items() if n < 3}


def test_the_best_system_is_as_sure_as_validation_speakers_say():
    """Its temperature is theirs, and its predictions are those of its parts at it."""
    best = systems.get("best")
    heard = SHIPPED["try_average_voice", "ravdess", "validation", 0]
    assert calibration.temperature(heard) == pytest.approx(best.temperature, abs=0.05)
    keys = [key for key in SHIPPED if key[0] == "best"]
    assert keys
    for key in keys:
        parts = [SHIPPED[part] for part in results.parts_of(key)]
        mean = joint.average(parts, best.temperature).filter(regex="^p_")
        shown = joint.average([SHIPPED[key]]).filter(regex="^p_")
        np.testing.assert_allclose(shown, mean, atol=0.01)  # parts are saved with four digits


def test_a_figure_too_good_to_be_true_is_taken_for_a_leak():
    """From scratch, on eight emotions of new speakers of RAVDESS: above .78 look for the leak."""
    for (name, data, protocol, _), table in SHIPPED.items():
        if data == "ravdess" and protocol in ("speakers", "speakers+statements", "validation"):
            assert evaluation.uar(table) < 0.78, name


def test_the_shipped_predictions_cover_their_clips():
    clips = tables.read_clips(ROOT / "emotion_path.csv")
    speech = clips[clips.channel == "speech"]
    folder = PREDICTIONS
    for corpus, data in (("ravdess", "ravdess7"), ("tess", "tess")):
        read = pd.read_csv(folder / f"conv1d__{data}__speakers__seed0.csv.gz")
        assert sorted(read.clip_id) == sorted(speech[speech.corpus == corpus].clip_id)
    assert len(pd.read_csv(folder / "conv1d_published__ravdess_tess__rows__seed0.csv.gz")) == 2544
    # 848 recordings; one of them is there as two clips of equal audio.
    assert len(pd.read_csv(folder / "conv1d__ravdess_tess__clips__seed0.csv.gz")) == 849


def test_a_fold_without_an_emotion_is_refused(features, clips, tmp_path):
    few = clips[~((clips.emotion == "disgust") & (clips.speaker != "ravdess:02"))]
    with pytest.raises(CorpusError, match=r"fold 0: no clip of \['disgust'\] is left to train on"):
        score(features, few, tmp_path)


def test_data_that_is_not_there_says_what_is(features, clips, tmp_path):
    with pytest.raises(CorpusError, match=r"emodb: needs speech of emodb, but the clips are of"):
        score(features, clips, tmp_path, "cnn_lstm", "emodb")


def test_a_fixed_recipe_trains_on_the_validation_part_too(
    features, clips, tmp_path, seen, monkeypatch
):
    fixed = systems.Training(cosine=True)
    entry = systems.System("fixed", "conv1d", (), "04", training=fixed, whole=True)
    monkeypatch.setitem(systems.SYSTEMS, "fixed", entry)
    for protocol in ("clips", "speakers"):
        seen.clear()
        ours = score(features, clips, tmp_path, "fixed", protocol=protocol)
        theirs = score(features, clips, tmp_path, "conv1d", protocol=protocol)
        for k, fit in enumerate(ours):
            train, validation = seen[k]
            other = [rows_of(part, theirs[k], features) for part in seen[len(ours) + k]]
            rows = rows_of(train, fit, features)
            assert len(validation) == 0
            assert set(rows.clip_id) == set(pd.concat(other).clip_id)
            assert not set(rows.clip_id) & set(fit.predictions.clip_id)
            pd.testing.assert_series_equal(fit.predictions.clip_id, theirs[k].predictions.clip_id)


def test_corpora_are_scored_apart_from_what_was_trained_on(features, clips, tmp_path, seen):
    (fit,) = score(features, clips, tmp_path, data="tess", protocol="corpora")
    train, validation = (rows_of(part, fit, features) for part in seen[0])
    assert set(train.corpus) == set(validation.corpus) == {"ravdess"}
    assert set(fit.predictions.corpus) == {"tess"} and set(fit.predictions.fold) == {"ravdess"}
