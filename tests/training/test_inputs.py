import numpy as np
import pytest

from serlib.corpora import index_clips, write_demo
from serlib.evaluation.probes import corpus_probe
from serlib.features import Means
from serlib.paths import Project, Run
from serlib.training import told_apart


def test_a_probe_sees_what_a_system_sees_of_clips_as_recorded(tmp_path):
    """Not of their copies, which would count each clip several times."""
    data = write_demo(tmp_path / "data", actors=(5, 2), words=("back", "bean"))
    run = Run(Project(tmp_path, tmp_path / "cache"), data, tmp_path / "out", "")
    found = told_apart(["conv1d"], run, n_jobs=1)
    clips, _ = index_clips(data, n_jobs=1)
    clips = clips[clips.channel == "speech"].sort_values("clip_id", ignore_index=True)
    X = np.stack([Means().get_predict_feat(data / path) for path in clips.path])
    assert {*clips.corpus} == {"ravdess", "tess"}
    assert found["conv1d"] == pytest.approx(corpus_probe(clips, X), abs=1e-4)
    assert list(found.index) == ["conv1d"] and found["conv1d"] > 0.5
