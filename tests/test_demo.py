import json

import numpy as np
import pytest
import soundfile as sf

from serlib import demo
from serlib.index import index_clips
from serlib.project import open_run


@pytest.fixture
def small(monkeypatch, tmp_path):
    """A demo corpus of two actors and one word."""
    monkeypatch.setattr(demo, "ACTORS", (5, 2))
    monkeypatch.setattr(demo, "WORDS", {"food": demo.WORDS["food"]})
    return demo.write_demo(tmp_path / "demo")


def contents(root):
    return {p.name: p.read_bytes() for p in sorted(root.rglob("*.wav"))}


def test_the_loaders_read_it_by_its_names(small):
    clips, problems = index_clips(small)
    assert problems.empty and len(clips) == 2 * 8 * 4 + 2 * 7
    ravdess = clips[clips.corpus == "ravdess"]
    assert (ravdess.groupby(["speaker", "emotion"]).size() == 4).all()
    assert set(ravdess[ravdess.emotion == "neutral"].intensity) == {"normal"}
    assert clips.audio_md5.is_unique


def test_a_half_written_corpus_is_completed_to_the_same_bytes(small):
    whole = contents(small)
    victims = sorted(small.rglob("*.wav"))[:3]
    victims[0].unlink()
    victims[1].write_bytes(b"RIFF")
    (small / demo.MARK).unlink()  # as after a kill: the mark comes last
    demo.write_demo(small)
    assert contents(small) == whole


def test_a_whole_corpus_is_left_alone_and_another_seed_is_another_corpus(small):
    whole = contents(small)
    times = [p.stat().st_mtime_ns for p in sorted(small.rglob("*.wav"))]
    demo.write_demo(small)
    assert [p.stat().st_mtime_ns for p in sorted(small.rglob("*.wav"))] == times
    demo.write_demo(small, seed=1)
    other = contents(small)
    assert other.keys() == whole.keys() and all(other[k] != whole[k] for k in whole)


def test_it_says_that_it_is_synthetic(small):
    assert "synthetic" in json.loads((small / demo.MARK).read_text())["notice"]
    run = open_run(str(small))
    assert run.demo and "synthetic" in run.notice
    assert run.out.parts[-3:] == ("artifacts", "runs", "demo")


def test_clips_are_16_bit_and_unclipped(small):
    for path in small.rglob("*.wav"):
        y, sr = sf.read(path)
        assert sr == 22050 and sf.info(path).subtype == "PCM_16" and np.abs(y).max() < 0.999
