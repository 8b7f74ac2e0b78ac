"""Runs: which audio is found, where a run writes, and when its clip table is made anew."""

import os
import re
import shutil

import pytest

from serlib.corpora import clips_of, holds, open_run, passed_over, whose_clips, write_demo
from serlib.errors import CorpusError
from serlib.paths import Project, Run
from tests.conftest import write_clip


@pytest.fixture
def project(tmp_path, monkeypatch):
    """An empty project, and no folder of corpora in the environment."""
    monkeypatch.delenv("SER_DATA", raising=False)
    return Project(tmp_path / "project", tmp_path / "cache")


@pytest.fixture
def run(project, corpus, tmp_path):
    return Run(project, corpus, tmp_path / "out")


def test_a_real_corpus_is_no_demo(project, corpus):
    run = open_run(str(corpus), project=project)
    assert not run.demo and run.data == corpus.resolve()
    assert run.out == project.runs / "default"


def test_the_folder_to_write_to_may_be_named(project, corpus, tmp_path):
    assert open_run(str(corpus), str(tmp_path / "mine"), project=project).out == tmp_path / "mine"


def test_the_variable_names_the_corpora_else_those_of_the_project_are_taken(
    project, corpus, monkeypatch
):
    shutil.copytree(corpus, project.root / "data")
    assert open_run(project=project).data == project.root / "data"
    monkeypatch.setenv("SER_DATA", str(corpus))
    assert open_run(project=project).data == corpus.resolve()


def test_a_named_folder_without_clips_is_refused(project, corpus, tmp_path, monkeypatch):
    (tmp_path / "music").mkdir()
    (tmp_path / "music" / "song.wav").write_bytes(b"RIFF")
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    for name, says in {
        "music": "holds no clip .*serlib download",
        "none": "no such folder",
        "music/song.wav": "is a file, expected a folder",
        "circle": "cannot be read",
        "n" * 300: "cannot be read .File name too long",
    }.items():
        with pytest.raises(CorpusError, match=f"{name}.*{says}"):
            open_run(str(tmp_path / name), project=project)
    monkeypatch.setenv("SER_DATA", str(tmp_path / "music"))
    with pytest.raises(CorpusError, match="music: holds no clip"):
        open_run(project=project)


def test_a_demo_corpus_is_called_so(project, tmp_path):
    write_demo(tmp_path / "demo", actors=(1,), words=())
    run = open_run(str(tmp_path / "demo"), project=project)
    assert run.demo and "synthetic" in run.notice and run.out == project.runs / "demo"


def test_a_cache_where_none_can_be_is_told(project, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(CorpusError, match=r"cannot be written there .*SERLIB_CACHE"):
        open_run(project=Project(project.root, tmp_path / "file" / "cache"))


def test_a_clip_table_of_another_data_root_is_made_anew(run, corpus, project, tmp_path):
    first, other = clips_of(run), tmp_path / "other"
    assert holds(run, first)
    (other / "nested").mkdir(parents=True)
    for path in first.path[:5]:
        (other / "nested" / path.split("/")[-1]).write_bytes((corpus / path).read_bytes())
    moved = Run(project, other, run.out)
    assert not holds(moved, first)
    for _ in range(2):
        assert len(clips_of(moved)) == 5


def test_a_clip_that_came_or_changed_since_is_in_the_clip_table(run, corpus):
    table = run.out / "emotion_path.csv"
    first, written = clips_of(run), table.stat().st_mtime_ns
    assert clips_of(run).equals(first)
    assert table.stat().st_mtime_ns == written  # nothing was read again
    path = corpus / first.path[0]
    before = path.stat()
    path.write_bytes((corpus / first.path[1]).read_bytes())
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))  # as a copy that keeps its times
    assert clips_of(run).audio_md5[0] == first.audio_md5[1] != first.audio_md5[0]
    shutil.copy(path, path.with_name("03-01-08-02-02-02-24.wav"))
    assert len(clips_of(run)) == len(first) + 1


def test_a_notebook_can_say_whose_clips_it_sees(project, corpus, tmp_path):
    run = open_run(str(corpus), str(tmp_path / "out"), project=project)
    told = whose_clips(run)
    assert "60 files" in told and "32 of" in told and "28 of" in told and "4 speakers" in told
    named = open_run(str(write_demo(tmp_path / "d", actors=(1,), words=())), project=project)
    assert whose_clips(named) == named.notice
    assert "as saved" in whose_clips(Run(project, named.data, named.out))


def later(run):
    """Let what comes be newer than the clip table: the clock of a file system is coarse."""
    written, tick = (run.out / "emotion_path.csv").stat().st_mtime, run.out / "tick"
    tick.touch()
    while tick.stat().st_ctime <= written:
        tick.touch()


def test_a_folder_that_was_moved_here_and_labels_that_went_are_seen(project, tmp_path):
    mine, away = tmp_path / "mine", tmp_path / "away" / "ben"
    write_clip(mine / "happy" / "1.wav")
    write_clip(mine / "sad" / "2.wav", seed=3)
    write_clip(away / "happy" / "3.wav", seed=5)
    (mine / "labels.csv").write_text("path,emotion\nhappy/1.wav,angry\nsad/2.wav,angry\n")
    run = Run(project, mine, tmp_path / "out")
    assert set(clips_of(run).emotion) == {"angry"}
    later(run)
    (mine / "labels.csv").unlink()
    assert set(clips_of(run).emotion) == {"happy", "sad"}
    later(run)
    away.rename(mine / "ben")  # with the times that its files had
    assert len(clips_of(run)) == 3


def test_how_many_files_were_passed_over_is_told(run):
    assert passed_over(run) == ""
    path = run.path("metrics", "problems.csv")
    for n, says in ((1, r"a.wav \(empty\); all are in"), (3, r"a.wav and 2 others \(empty\)")):
        path.write_text("path,problem\n" + "a.wav,empty\n" * n)
        assert re.search(says, passed_over(run)) and str(path) in passed_over(run)


def test_what_stands_in_says_what_was_looked_for_and_where(project):
    write_demo(project.cache / "demo", actors=(1,), words=())
    run = Run(project, (project.cache / "demo").resolve(), project.runs, "synthetic")
    told = whose_clips(run)
    assert "synthetic" in told and "SER_DATA" in told and "labels.csv" in told and "data" in told
