"""The demo corpus: read as a real one, safe to kill, and never taken for one."""

import json
import shutil

import numpy as np
import pytest
import soundfile as sf

from serlib.corpora import index_clips, is_demo, open_run, write_demo
from serlib.corpora.demo import MARK
from serlib.paths import Project

SMALL = dict(actors=(5,), words=("food",))


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A demo corpus of one actor and one word."""
    return write_demo(tmp_path_factory.mktemp("once") / "demo", **SMALL)


@pytest.fixture
def small(written, tmp_path):
    """A copy of it, to change."""
    return shutil.copytree(written, tmp_path / "demo")


def contents(root):
    return {p.name: p.read_bytes() for p in sorted(root.rglob("*.wav"))}


def test_the_loaders_read_it_by_its_names(small):
    clips, problems = index_clips(small)
    assert problems.empty and len(clips) == 8 * 4 + 2 * 7
    ravdess = clips[clips.corpus == "ravdess"]
    assert (ravdess.groupby(["speaker", "emotion"]).size() == 4).all()
    assert set(ravdess[ravdess.emotion == "neutral"].intensity) == {"normal"}
    assert clips.audio_md5.is_unique


def test_a_half_written_corpus_is_completed_to_the_same_bytes(small):
    whole = contents(small)
    victims = sorted(small.rglob("*.wav"))[:3]
    victims[0].unlink()
    victims[1].write_bytes(b"RIFF")
    (small / MARK).unlink()  # as after a kill: the mark comes last
    write_demo(small, **SMALL)
    assert contents(small) == whole


def test_a_whole_corpus_is_left_alone_and_another_seed_is_another_corpus(small):
    whole = contents(small)
    times = [p.stat().st_mtime_ns for p in sorted(small.rglob("*.wav"))]
    write_demo(small, **SMALL)
    assert [p.stat().st_mtime_ns for p in sorted(small.rglob("*.wav"))] == times
    write_demo(small, seed=1, **SMALL)
    other = contents(small)
    assert other.keys() == whole.keys() and all(other[k] != whole[k] for k in whole)


def test_more_voices_and_words_are_added_to_what_is_there(small):
    few = contents(small)
    write_demo(small, actors=(5, 2), words=("food", "dog"))
    more = contents(small)
    assert len(more) == 2 * 8 * 4 + 2 * 7 * 2
    assert {name: more[name] for name in few} == few


def test_it_says_that_it_is_synthetic(small, tmp_path):
    assert is_demo(small) and not is_demo(tmp_path)
    assert "synthetic" in json.loads((small / MARK).read_text())["notice"]
    project = Project(tmp_path / "project", tmp_path / "cache")
    run = open_run(str(small), project=project)
    assert run.demo and "synthetic" in run.notice
    assert run.out == project.runs / "demo"


def test_clips_are_16_bit_and_unclipped(small):
    for path in small.rglob("*.wav"):
        y, sr = sf.read(path)
        assert sr == 22050 and sf.info(path).subtype == "PCM_16" and np.abs(y).max() < 0.999
