"""Your own recordings, from a folder to a bundle that answers."""

import numpy as np
import pytest

from serlib.corpora import is_own, open_run, protocol, select
from serlib.corpora.index import index_clips
from serlib.errors import CorpusError
from serlib.evaluation import predictions
from serlib.inference import load_bundle, predict_proba
from serlib.paths import CHECKOUT, Project
from serlib.systems import Key
from serlib.workflow import run_notebooks
from tests.conftest import write_clip


@pytest.fixture
def mine(tmp_path):
    """Three speakers, two emotions, of which one is longer."""
    for who, offset in (("anna", 0), ("ben", 40), ("carl", 80)):
        for emotion, seconds in (("ANG", 0.8), ("sadness", 1.9)):
            for k in range(4):
                path = tmp_path / "mine" / who / emotion / f"{k}.wav"
                write_clip(path, seconds=seconds, seed=offset + 10 * k + len(emotion))
    return tmp_path / "mine"


def test_a_folder_of_recordings_becomes_a_bundle_that_is_scored_on_new_speakers(
    mine, tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("SERLIB_CACHE", str(tmp_path / "cache"))
    write_clip(mine / "happy_clips" / "1.wav", seed=777)
    project = Project(CHECKOUT, tmp_path / "cache")
    out = run_notebooks(
        data=str(mine), out=str(tmp_path / "out"), parameters=[("N_JOBS", "1")], project=project
    )
    assert sorted(p.name[:2] for p in (out / "notebooks").glob("*.ipynb")) == ["01", "09"]
    told = capsys.readouterr().out
    assert "passed over: happy_clips/1.wav (its name is of no known corpus, and no folder" in told
    scored = predictions.read(out / "predictions", ["any_voice"])
    on_new = scored[Key("any_voice", "own", "speakers")]
    assert len(on_new) == 24 and on_new.groupby("fold").speaker.nunique().tolist() == [1, 1, 1]
    bundle = load_bundle(out / "bundles" / "any_voice.joblib")
    assert bundle["classes"] == ["sad", "angry"]
    shares = predict_proba([str(mine / who / "ANG" / "0.wav") for who in ("anna", "ben")], bundle)
    assert [max(share, key=share.get) for share in shares] == ["angry", "angry"]


def test_beside_a_known_corpus_your_own_are_one_of_several(mine, tmp_path):
    project = Project(CHECKOUT, tmp_path / "cache")
    assert is_own(open_run(str(mine), project=project))
    write_clip(mine / "03-01-03-01-01-01-02.wav", seed=999)
    assert not is_own(open_run(str(mine), project=project))


def test_clips_of_whom_nobody_knows_are_left_out_where_speakers_count(mine):
    """They may be of the speaker who is tested."""
    write_clip(mine / "sad" / "whose.wav", seed=500)
    clips = select(index_clips(mine, n_jobs=1)[0], "own")
    whose = np.flatnonzero(clips.speaker == "own:unknown")
    folds = protocol("speakers").folds(clips)
    assert len(whose) == 1 and len(folds) == 3
    for fold in folds:
        assert not {*whose} & {*fold.train, *fold.validation, *fold.test}
    (fold,) = protocol("clips").folds(clips)
    assert {*whose} <= {*fold.train, *fold.validation, *fold.test}


def test_one_emotion_is_too_few(mine):
    clips, _ = index_clips(mine, n_jobs=1)
    with pytest.raises(CorpusError, match="one emotion, angry; two or more"):
        select(clips[clips.emotion == "angry"], "own")
