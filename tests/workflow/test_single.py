"""Single notebooks: on other corpora, without what they do not need, and asked for wrongly."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pandas as pd
import papermill
import pytest

from serlib.corpora import write_demo
from serlib.corpora.demo import MARK, NOTICE
from serlib.errors import RunError
from serlib.features import read_features
from serlib.paths import Project
from serlib.workflow import notebooks, pipeline, run_notebooks

HERE = Project.here()


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """Demo clips of two actors, without the mark that says so."""
    root = write_demo(tmp_path_factory.mktemp("tiny"), actors=(5, 2), words=())
    (root / MARK).unlink()
    return root


def test_the_benchmark_needs_neither_audio_nor_tensorflow(tmp_path):
    for name in ("tensorflow", "keras"):
        (tmp_path / f"{name}.py").write_text("raise ImportError('the benchmark needs none')")
    command = [Path(sys.executable).parent / "serlib", "run", "--only", "07"]
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    how = dict(check=True, env=environment, stderr=subprocess.DEVNULL)
    subprocess.run([*command, "--out", tmp_path / "out"], **how)
    stated, shipped = (
        pd.DataFrame(json.loads((folder / "metrics" / "benchmark.json").read_text())["results"])
        for folder in (tmp_path / "out", HERE.artifacts)
    )
    pd.testing.assert_frame_equal(stated, shipped)


@pytest.fixture(scope="module")
def emodb(tiny, tmp_path_factory):
    """Clips under EMO-DB's names: synthetic ones, RAVDESS's renamed."""
    root, voices = tmp_path_factory.mktemp("emodb"), sorted((tiny / "RAVDESS").rglob("*.wav"))
    for speaker in ("03", "08", "09"):
        for k, letter in enumerate("WLEAFTN" * 2):
            shutil.copyfile(voices.pop(), root / f"{speaker}a0{1 + k // 7}{letter}a.wav")
    return root


def test_features_are_of_whatever_corpus_there_is(emodb, tmp_path, monkeypatch):
    monkeypatch.setenv("SERLIB_CACHE", str(tmp_path / "cache"))
    run_notebooks(only="03", data=str(emodb), out=str(tmp_path), parameters=[("N_JOBS", "1")])
    assert set(read_features(tmp_path / "features.csv").corpus) == {"emodb"}
    assert (tmp_path / "figures" / "03_map.png").exists()


def test_a_notebook_says_which_corpus_it_lacks(emodb, tmp_path):
    values = [("SYSTEM", "none")]
    with pytest.raises(RunError, match="ravdess_song: needs speech and song of ravdess"):
        run_notebooks(only="06", data=str(emodb), out=str(tmp_path), parameters=values)


def test_plain_papermill_from_another_folder(tiny, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    values = dict(DATA_ROOT=str(tiny), OUT=str(tmp_path / "out"), N_JOBS=1)
    (source,) = notebooks.choose(HERE.notebooks, "01")
    papermill.execute_notebook(
        source, "01.ipynb", values, kernel_name="python3", progress_bar=False
    )
    assert (tmp_path / "out" / "emotion_path.csv").exists()


@pytest.mark.parametrize("only", ["07", "08", "09"])
def test_recordings_that_are_named_are_read_or_the_run_refuses(tiny, tmp_path, only):
    with pytest.raises(RunError, match="reads saved predictions, and none of the recordings in"):
        run_notebooks(only=only, data=str(tiny), out=str(tmp_path))


def test_who_asks_a_bundle_is_let_through_to_the_recordings(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(pipeline, "_execute", lambda *_: None)
    how = dict(data=str(tiny), out=str(tmp_path), parameters=[("ASK", "conv1d")])
    assert run_notebooks(only="09", **how) == tmp_path


def test_what_is_fitted_on_tables_is_not_fitted_on_those_of_others(emodb, tmp_path):
    with pytest.raises(RunError, match=r"no features of its recordings.*--only feature_extraction"):
        run_notebooks(only="04", data=str(emodb), out=str(tmp_path))


def test_a_folder_that_nothing_can_be_written_to_is_told(tiny, small, tmp_path):
    (tmp_path / "file").touch()
    for out in ("file", "file/out", "a" * 300):
        with pytest.raises(RunError, match=rf"{out}: .*Name another folder with --out"):
            run_notebooks(only="05", data=str(tiny), out=str(tmp_path / out), project=small)


@pytest.mark.skipif(not os.access("/proc", os.W_OK), reason="only root is told that it may")
def test_a_folder_in_which_even_root_can_make_nothing_is_told(tiny, small):
    with pytest.raises(RunError, match=r"/proc/out: .*Name another folder with --out"):
        run_notebooks(only="05", data=str(tiny), out="/proc/out", project=small)


@pytest.mark.parametrize("how", [{}, dict(publish=True), dict(only="08")])
def test_a_read_only_checkout_is_told_before_anything_is_written(small, monkeypatch, how):
    real = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK and real(path, mode))
    monkeypatch.delenv("SER_DATA", raising=False)
    before = sorted(small.root.rglob("*"))
    instead = "Leave out --publish" if how.get("publish") else "Name another folder with --out"
    with pytest.raises(RunError, match=rf"cannot be written to\. {instead}"):
        run_notebooks(project=small, **how)
    assert sorted(small.root.rglob("*")) == before


def test_figures_of_real_corpora_bear_no_notice_wherever_they_go(small, tmp_path, capsys):
    """Without audio the demo corpus is found, and nothing of it is read."""
    demo = str(write_demo(tmp_path / "demo", actors=(5,), words=()))
    run_notebooks(only="08", data=demo, out=str(tmp_path / "out"), project=small)
    assert NOTICE not in capsys.readouterr().out
    run_notebooks(only="05", data=demo, out=str(tmp_path / "out"), project=small)
    assert NOTICE in capsys.readouterr().out


@pytest.fixture
def small(tmp_path):
    """A project whose notebooks do nothing: one that fits systems, one that reads tables."""
    values = 'DATA_ROOT: str = ""  # audio\nOUT: str = ""  # results\nSYSTEM: str = "all"  # what'
    for name in ("05_small", "08_small"):
        cells = [nbformat.v4.new_code_cell(values), nbformat.v4.new_code_cell("print(SYSTEM)")]
        cells[0].metadata["tags"] = ["parameters"]
        notebook = nbformat.v4.new_notebook(cells=cells)
        notebook = notebooks.normal_form(notebook)
        notebooks.write(notebook, tmp_path / "notebooks" / f"{name}.ipynb")
    return Project(tmp_path, tmp_path / "cache")


def test_one_system_is_fitted_by_its_name(tiny, small):
    out = run_notebooks(system="mfcc_cnn", data=str(tiny), project=small)
    executed = nbformat.read(out / "notebooks" / "05_small.ipynb", 4)
    assert executed.cells[-1].outputs[0].text == "mfcc_cnn\n"
    first = next(o for c in executed.cells for o in c.get("outputs", []))
    assert first.text.startswith("Real recordings: ") and "RAVDESS" in first.text
    assert nbformat.writes(notebooks.normal_form(executed)).count("Real recordings") == 0
    assert [path.name for path in (out / "notebooks").iterdir()] == ["05_small.ipynb"]


def test_without_audio_what_reads_shipped_tables_is_no_demo(small, tmp_path):
    """Its figures are of the real corpora; what it fits anew would not be."""
    demo = str(write_demo(tmp_path / "demo", actors=(5,), words=()))
    found = [run_notebooks(only=n, data=demo, project=small).name for n in ("05", "08")]
    assert found == ["demo", "default"]


@pytest.mark.parametrize(
    ("how", "says"),
    [
        (dict(parameters=[("AUDIO", "true")]), "refuses AUDIO=True"),
        (dict(out="elsewhere"), "leave out --out"),
        (dict(parameters=[("EPOCH", "3")]), "no parameter 'EPOCH'"),
    ],
)
def test_publishing_refuses(tiny, how, says):
    with pytest.raises(RunError, match=says):
        run_notebooks(data=str(tiny), publish=True, **how)


def test_publishing_refuses_the_demo_corpus(tmp_path):
    write_demo(tmp_path, actors=(1,), words=())
    with pytest.raises(RunError, match="needs the real corpora"):
        run_notebooks(data=str(tmp_path), publish=True)
