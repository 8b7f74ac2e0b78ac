"""What is shipped, asked about corpora that it never heard."""

import numpy as np
import pytest

from serlib import inference
from serlib.errors import CorpusError
from serlib.evaluation import predictions, unheard
from serlib.inference import open_bundle, predict_proba
from serlib.paths import Project, Run
from tests.conftest import write_clip


@pytest.fixture
def run(tmp_path):
    def of(root):
        project = Project(Project.here().root, tmp_path / "cache")
        return Run(project, root, tmp_path / "out")

    return of


def test_a_corpus_never_heard_is_answered_as_predict_does(run, tmp_path):
    """Of the emotions that both know: EMO-DB's boredom is no question, surprise no answer."""
    names = ["03a01Fa", "03a01Wa", "08a02La", "08a02Tb"]
    paths = [write_clip(tmp_path / "db" / f"{n}.wav", seed=i) for i, n in enumerate(names)]
    here = run(tmp_path / "db")
    (key, table), *others = inference.ask(["conv1d"], here, n_jobs=1).items()
    assert not others and key == ("conv1d", "unheard", "corpora", 0)
    assert list(table.clip_id) == ["emodb:03a01Fa", "emodb:03a01Wa", "emodb:08a02Tb"]
    assert set(table.fold) == {"ravdess+tess"}
    assert set(table.emotion) == {"happy", "angry", "sad"} >= set(table.predicted)
    asked = predict_proba([str(p) for p in (paths[0], paths[1], paths[3])], open_bundle("conv1d"))
    asked = np.array([[p[e] for e in ("angry", "happy", "sad")] for p in asked])
    asked = np.maximum(asked, 1e-12)
    found = predictions.probabilities(table)[["angry", "happy", "sad"]]
    np.testing.assert_allclose(found, asked / asked.sum(axis=1, keepdims=True), atol=1e-3)
    saved = predictions.read(here.out / "predictions", ["conv1d"])
    assert len(unheard.never_heard(saved, "conv1d")) == 3


def test_corpora_that_were_trained_on_are_not_asked(run, corpus):
    with pytest.raises(CorpusError, match=r"conv1d: was trained on all corpora here: .*ravdess"):
        inference.ask(["conv1d"], run(corpus), n_jobs=1)
