"""The baselines against scikit-learn itself, on the same folds."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from serlib import baselines, benchmark, datasets, evaluation, fitting, splits, systems, tables
from serlib.features import FEATURE_COLUMNS
from serlib.inputs import Inputs
from serlib.project import ROOT


@pytest.fixture(scope="module")
def clips():
    every = tables.read_clips(ROOT / "emotion_path.csv")
    speech = every[(every.channel == "speech") & (every.corpus == "ravdess")]
    return speech.iloc[::3].reset_index(drop=True)


@pytest.fixture(scope="module")
def features(clips):
    table = tables.read_features(ROOT / "features.csv")
    table = table[(table.variant == "original") & table.clip_id.isin(clips.clip_id)]
    return table.set_index("clip_id").loc[clips.clip_id].reset_index()


def score(name, features, clips, cache):
    inputs = Inputs.from_table(features)
    tasks = benchmark.plan(
        name, "ravdess", "speakers", 0, inputs=inputs, clips=clips, cache=cache / name
    )
    fitting.fit_all(tasks, n_jobs=1)
    return [task.result() for task in tasks]


@pytest.mark.parametrize(
    ("name", "model"),
    [("means_logreg", LogisticRegression(max_iter=5000)), ("means_svm", SVC(break_ties=True))],
)
def test_a_baseline_is_scikit_learns(name, model, features, clips, tmp_path):
    chosen = datasets.select(clips, "ravdess")
    X, y = features[FEATURE_COLUMNS].to_numpy(np.float32), chosen.emotion.to_numpy(dtype=object)
    folds = splits.clip_folds(chosen, "speakers")
    for fold, fit in zip(folds, score(name, features, clips, tmp_path), strict=True):
        side = np.union1d(fold.train, fold.validation)
        pipeline = make_pipeline(StandardScaler(), model).fit(X[side], y[side])
        assert list(fit.predictions.clip_id) == list(chosen.clip_id.iloc[fold.test])
        same = fit.predictions.predicted.to_numpy() == pipeline.predict(X[fold.test])
        assert same.mean() > 0.99  # rounding may turn a tie


def test_majority_is_chance(features, clips, tmp_path):
    predictions = pd.concat(
        [fit.predictions for fit in score("majority", features, clips, tmp_path)]
    )
    found = evaluation.scores(predictions, rng=np.random.default_rng(0))
    assert found["uar"] == pytest.approx(1 / 8)


def test_shuffled_labels_are_near_chance(features, clips, tmp_path):
    folds = score("functionals_shuffled", features, clips, tmp_path)
    predictions = pd.concat([fit.predictions for fit in folds])
    found = evaluation.scores(predictions, rng=np.random.default_rng(0))
    assert found["uar"] == pytest.approx(1 / 8, abs=0.05)


def test_margins_are_a_distribution_over_the_classes():
    X = np.random.default_rng(0).standard_normal((90, 3))
    model = baselines.svm().fit(X, np.arange(90) % 3)
    proba = model.predict_proba(X)
    np.testing.assert_allclose(proba.sum(axis=1), 1)
    np.testing.assert_array_equal(proba.argmax(axis=1), model.predict(X))


def test_baselines_are_measured_and_not_offered():
    assert not [s.name for s in systems.SYSTEMS.values() if s.baseline and s.offered]


def test_an_emotion_that_training_lacks_has_no_probability(tmp_path):
    """RAVDESS without surprise trains; of TESS the other six emotions are scored."""
    every = tables.read_clips(ROOT / "emotion_path.csv")
    speech = every[(every.channel == "speech")].iloc[::6]
    lacking = (speech.corpus == "ravdess") & (speech.emotion == "surprise")
    speech = speech[~lacking].reset_index(drop=True)
    features = tables.read_features(ROOT / "features.csv").query("variant == 'original'")
    inputs = Inputs.from_table(features[features.clip_id.isin(speech.clip_id)])
    how = dict(inputs=inputs, clips=speech, cache=tmp_path)
    (task,) = benchmark.plan("means_logreg", "tess", "corpora", 0, **how)
    fitting.fit_all([task], n_jobs=1)
    table = task.result().predictions
    assert "surprise" not in set(table.emotion) and (table.p_surprise == 0).all()
    np.testing.assert_allclose(table.filter(regex="^p_").sum(axis=1), 1, atol=1e-6)
