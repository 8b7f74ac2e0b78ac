"""The baselines against scikit-learn itself, on the same folds."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from serlib.corpora import PROTOCOLS, read_clips, select
from serlib.evaluation import uar
from serlib.features import FEATURE_COLUMNS, read_features
from serlib.paths import CHECKOUT
from serlib.systems import Key, get
from serlib.training import Inputs, kind_of
from serlib.training.plan import plan
from serlib.training.worker import fit_folds


@pytest.fixture(scope="module")
def table():
    features = read_features(CHECKOUT / "features.csv")
    return features[features.variant == "original"]


@pytest.fixture(scope="module")
def clips():
    every = read_clips(CHECKOUT / "emotion_path.csv")
    speech = every[(every.channel == "speech") & (every.corpus == "ravdess")]
    return speech.iloc[::3].reset_index(drop=True)


@pytest.fixture(scope="module")
def features(clips, table):
    return table.set_index("clip_id").loc[clips.clip_id].reset_index()


def score(key, features, clips, cache):
    tasks = plan(key, inputs=Inputs.from_table(features), clips=clips, cache=cache)
    fit_folds(tasks, n_jobs=1)
    return [task.result() for task in tasks]


@pytest.mark.parametrize(
    ("name", "model"),
    [("means_logreg", LogisticRegression(max_iter=5000)), ("means_svm", SVC(break_ties=True))],
)
def test_a_baseline_is_scikit_learns(name, model, features, clips, tmp_path):
    chosen = select(clips, "ravdess")
    X, y = features[FEATURE_COLUMNS].to_numpy(np.float32), chosen.emotion.to_numpy(dtype=object)
    folds = PROTOCOLS["speakers"].folds(chosen)
    fits = score(Key(name, "ravdess", "speakers"), features, clips, tmp_path)
    for fold, fit in zip(folds, fits, strict=True):
        side = np.union1d(fold.train, fold.validation)
        pipeline = make_pipeline(StandardScaler(), model).fit(X[side], y[side])
        assert list(fit.predictions.clip_id) == list(chosen.clip_id.iloc[fold.test])
        same = fit.predictions.predicted.to_numpy() == pipeline.predict(X[fold.test])
        assert same.mean() > 0.99  # rounding may turn a tie


@pytest.mark.parametrize(("name", "near"), [("majority", 1e-9), ("functionals_shuffled", 0.05)])
def test_controls_are_at_chance(name, near, features, clips, tmp_path):
    folds = score(Key(name, "ravdess", "speakers"), features, clips, tmp_path)
    predictions = pd.concat([fit.predictions for fit in folds])
    assert uar(predictions) == pytest.approx(1 / 8, abs=near)


def test_an_emotion_that_training_lacks_has_no_probability(table, tmp_path):
    """RAVDESS without surprise trains; of TESS the other six emotions are scored."""
    every = read_clips(CHECKOUT / "emotion_path.csv")
    speech = every[(every.channel == "speech")].iloc[::6]
    lacking = (speech.corpus == "ravdess") & (speech.emotion == "surprise")
    speech = speech[~lacking].reset_index(drop=True)
    features = table[table.clip_id.isin(speech.clip_id)]
    (fit,) = score(Key("means_logreg", "tess", "corpora"), features, speech, tmp_path)
    answers = fit.predictions
    assert "surprise" not in set(answers.emotion) and (answers.p_surprise == 0).all()
    np.testing.assert_allclose(answers.filter(regex="^p_").sum(axis=1), 1, atol=1e-6)


def test_a_linear_estimator_is_a_network_of_one_layer():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((90, 7)).astype(np.float32), np.arange(90) % 3
    model = get("voice_lda").network().fit(X, y)
    network = kind_of(get("voice_lda")).as_network(model)
    np.testing.assert_allclose(network.predict(X, verbose=0), model.predict_proba(X), atol=1e-5)
