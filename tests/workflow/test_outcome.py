"""What the notebooks of systems share: what is fitted, what stands for a system, what is told."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from serlib import training
from serlib.corpora import CLIP_COLUMNS, classes_of, open_run, write_demo
from serlib.errors import SerlibError
from serlib.evaluation import predictions
from serlib.paths import Project, Run
from serlib.systems import Key
from serlib.workflow import outcome

DATA = "ravdess_tess"
CLIPS = Key("conv1d", DATA, "clips")
S2 = ["conv1d", "conv1d_published", "conv1d_patient"]


def answers(key, *, seed=0):
    """Return predictions of forty clips of two corpora, three of four right."""
    classes = classes_of(key.data)
    n = 40
    emotion = [classes[i % len(classes)] for i in range(n)]
    corpus = ["ravdess" if i % 2 else "tess" for i in range(n)]
    rows = pd.DataFrame(dict(emotion=emotion, corpus=corpus, variant="original"))
    rows["clip_id"] = [f"{c}:OAF_word{i}_sad" for i, c in enumerate(corpus)]
    rows["path"], rows["speaker"] = rows.clip_id + ".wav", rows.corpus + ":1"
    proba = np.full((n, len(classes)), 0.01)
    said = [(i + (i % 4 == seed)) % len(classes) for i in range(n)]
    proba[np.arange(n), said] = 0.9
    return predictions.answered(rows, 0, proba, classes)


def title(ax):
    """Return an axis' title, whichever side the style of the day puts it on."""
    return ax.get_title() or ax.get_title(loc="left")


@pytest.fixture
def project(tmp_path):
    """A project with saved predictions of two seeds, and a history of the second."""
    project = Project(tmp_path / "project", tmp_path / "cache")
    for key in (CLIPS, CLIPS._replace(seed=1), CLIPS._replace(protocol="rows")):
        folder = project.artifacts / "predictions"
        predictions.write(key, [answers(key, seed=key.seed)], folder)
    curve = dict(accuracy=[0.5, 0.9], val_accuracy=[0.4, 0.6], loss=[1, 0.5], val_loss=[1, 0.9])
    training.histories.write_history(
        CLIPS._replace(seed=1), [curve], project.artifacts / "histories"
    )
    return project


@pytest.fixture
def nothing(project, tmp_path):
    """Inputs without a row, so that nothing is looked for on the disk; and a run."""
    inputs = training.Inputs(pd.DataFrame(columns=["clip_id"]), np.zeros((0, 162)))
    clips = pd.DataFrame(columns=CLIP_COLUMNS)
    return (inputs, clips), Run(project, tmp_path, tmp_path / "out")


@pytest.fixture
def saved(nothing):
    """The outcome of a run that fits nothing."""
    ready, run = nothing
    return outcome.gather(S2, [], run, ready=ready)


def test_without_fits_all_is_read_as_saved(saved):
    assert str(saved) == "0 fitted or taken from the cache, 3 read as saved"
    assert saved.firsts == {"conv1d": CLIPS}  # not `rows`: the bundle is of `clips`
    assert len(saved.of("conv1d")) == 80
    assert set(saved.real.seeds) == {1, 2}


def test_the_curve_is_of_the_first_seed_that_has_one(saved):
    assert saved.trained == {"conv1d": CLIPS._replace(seed=1)}
    figure = saved.curves()
    says = title(figure.axes[0])
    assert "conv1d, seed 1" in says and "20 points above" in says
    plt.close(figure)


@pytest.mark.parametrize("word", ["rows", "", "ALL"])
def test_another_word_than_the_two_is_refused(nothing, word):
    ready, run = nothing
    with pytest.raises(SerlibError, match=r"Bad TRAIN .* expected 'clips' or 'all'"):
        outcome.gather(S2, [], run, ready=ready, train=word)


@pytest.mark.parametrize(
    ("train", "demo", "keys", "epochs"),
    [
        ("clips", "", [CLIPS], None),
        ("clips", "synthetic", [CLIPS], outcome._DEMO_EPOCHS),
        ("all", "", None, None),
    ],
)
def test_what_is_fitted(project, tmp_path, monkeypatch, train, demo, keys, epochs):
    asked = {}

    def fit(keys, run, **how):
        asked.update(keys=list(keys), **how)
        return {}, {}

    monkeypatch.setattr(outcome, "run_keys", fit)
    clips = pd.DataFrame(dict(corpus=["ravdess", "tess"]))
    run = Run(project, tmp_path, tmp_path / "out", demo)
    outcome.gather(S2, ["conv1d"], run, ready=("inputs", clips), train=train)
    assert asked["epochs"] == epochs and asked["ready"] == ("inputs", clips)
    assert asked["keys"] == keys if keys else len(asked["keys"]) == 10  # 1 of rows, 3 of three


def test_own_predictions_stand_before_saved_ones(project, tmp_path, monkeypatch):
    own = {CLIPS._replace(seed=5): answers(CLIPS, seed=2)}
    monkeypatch.setattr(outcome, "run_keys", lambda *_, **__: ({}, own))
    clips = pd.DataFrame(dict(corpus=["ravdess", "tess"]))
    run = Run(project, tmp_path, tmp_path / "out")
    result = outcome.gather(S2, ["conv1d"], run, ready=("inputs", clips), seed=5)
    assert result.firsts["conv1d"].seed == 5
    assert len(result.of("conv1d")) == 40  # older seeds may be of other clips


def test_a_synthetic_run_tells_apart_what_is_real(project, tmp_path, monkeypatch):
    own = {CLIPS: answers(CLIPS)}
    monkeypatch.setattr(outcome, "run_keys", lambda *_, **__: ({}, own))
    clips = pd.DataFrame(dict(corpus=["ravdess", "tess"]))
    run = Run(project, tmp_path, tmp_path / "out", "synthetic")
    result = outcome.gather(S2, ["conv1d"], run, ready=("inputs", clips))
    assert set(result.table.notice) == {"", "synthetic"} and set(result.real.notice) == {""}
    assert "**synthetic**" in outcome.introduce(S2, [], run)


def test_figures_say_what_they_show(saved):
    figure = outcome.confusions({"one": answers(CLIPS), "two": answers(CLIPS)}, 3)
    titles = [title(ax) for ax in figure.axes]
    assert titles == ["one:\n75% of 40 right", "two:\n75% of 40 right"]
    plt.close(figure)
    figure = outcome.intervals(saved.real.assign(label="x"))
    assert title(figure.axes[0]).startswith("7 emotions: at best ")
    plt.close(figure)


def test_saving_writes_the_metrics_and_no_bundle_of_what_was_not_fitted(saved):
    assert saved.save("conv1d").empty
    assert (saved.run.out / "metrics" / "conv1d.json").stat().st_size > 1000


def test_the_recorded_search_has_noise_of_the_size_of_its_test(saved, project):
    (project.artifacts / "metrics").mkdir()
    (project.artifacts / "metrics" / "validation.csv").write_text(
        "data,validation_accuracy\nravdess_tess,0.5\nravdess,0.5\n"
    )
    tried = saved.recorded_search(DATA)
    assert tried.noise.tolist() == [round(1.96 * np.sqrt(0.25 / 40), 3)]


def test_clips_are_looked_for_where_no_inputs_are_ready(project, tmp_path):
    root = write_demo(tmp_path / "demo", actors=(5,), words=("food",))
    run = open_run(str(root), str(tmp_path / "out"), project=project)
    assert outcome.gather(S2, [], run).own == {}
    assert (tmp_path / "out" / "emotion_path.csv").exists()
