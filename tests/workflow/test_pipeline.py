"""The notebooks end to end on a tiny corpus, and what a failing or publishing run leaves."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pandas as pd
import pytest

from serlib.corpora import write_demo
from serlib.corpora.demo import MARK, NOTICE
from serlib.errors import RunError
from serlib.evaluation import table_in
from serlib.paths import Project, Run
from serlib.workflow import notebooks, readme, run_notebooks
from serlib.workflow.pipeline import publish_run

HERE = Project.here()
COMMAND = Path(sys.executable).parent / "serlib"


def serlib(*arguments, **environment):
    """Run the command itself; the kernels of its notebooks see the environment too."""
    words = [str(argument) for argument in arguments]
    how = dict(env=os.environ | environment, stderr=subprocess.DEVNULL)
    subprocess.run([COMMAND, *words], check=True, **how)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """Demo clips of three actors and both women, without the mark that says so."""
    root = write_demo(tmp_path_factory.mktemp("tiny"), actors=(5, 2, 3), words=("food", "back"))
    (root / MARK).unlink()
    return root


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def finished(tiny, cache, tmp_path_factory):
    """The folder of a whole run on the tiny corpus, by the command itself."""
    out = tmp_path_factory.mktemp("run")
    values = dict(EPOCHS=1, N_TRAIN=70, N_TEST=6, N_PROJECTED=60, N_JOBS=1, RETRAIN=True)
    values |= dict(SYSTEMS="duration_loudness", PROTOCOLS="clips", SEEDS=1)
    pairs = [word for name, value in values.items() for word in ("-p", name, value)]
    serlib("run", "--data", tiny, "--out", out, *pairs, SERLIB_CACHE=cache)
    return out


def state():
    """What is shipped: path and time of change of every file."""
    places = [HERE.root.glob("*.*"), HERE.notebooks.glob("*.ipynb")]
    places += [HERE.artifacts.glob("*.*"), HERE.artifacts.glob("[bfhmp]*/*")]
    shipped = (path for place in places for path in place if path.name[0] != ".")
    return {path: path.stat().st_mtime_ns for path in shipped}  # not what coverage notes there


def test_a_run_writes_everything_the_notebooks_promise(finished):
    clips = pd.read_csv(finished / "emotion_path.csv")
    assert len(clips) == 3 * 32 + 2 * 7 * 2
    assert len(pd.read_csv(finished / "features.csv")) == 3 * len(clips)
    written = ["best_emotion_model.keras", "emotion_preprocessing.joblib", "metrics/conv1d.json"]
    written += ["bundles/mfcc_cnn.joblib", "bundles/mfcc_cnn.serlib", "metrics/benchmark.json"]
    for name in [*written, "metrics/sequences.json", "metrics/pictures.json"]:
        assert (finished / name).stat().st_size > 1000
    fitted = pd.read_csv(finished / "predictions" / "duration_loudness__ravdess__clips.csv.gz")
    assert set(fitted.clip_id) < set(clips.clip_id)  # a fifth
    for path in notebooks.choose(HERE.notebooks):
        executed = nbformat.read(finished / "notebooks" / path.name, 4)
        outputs = [o for c in executed.cells for o in c.get("outputs", [])]
        assert outputs and not any(o.output_type == "error" for o in outputs)
        assert list((finished / "figures").glob(f"{path.name[:2]}_*.png"))


def test_a_run_leaves_what_is_shipped_alone(finished):
    started = (finished / "emotion_path.csv").stat().st_mtime_ns
    assert not [path for path, changed in state().items() if changed > started]


def test_a_synthetic_run_says_so_and_tells_the_story_of_the_real_corpora(
    tiny, finished, cache, tmp_path, monkeypatch
):
    monkeypatch.setenv("SERLIB_CACHE", cache)
    data, out = tmp_path / "demo", tmp_path / "out"
    shutil.copytree(tiny, data)
    shutil.copytree(finished, out)
    (data / MARK).write_text("{}")
    run_notebooks(only="conv1d", data=str(data), out=str(out), parameters=[("EPOCHS", "1")])
    text = (out / "notebooks" / "04_conv1d_cnn.ipynb").read_text()
    assert NOTICE in text
    shipped = json.loads((HERE.artifacts / "metrics" / "conv1d.json").read_text())["results"]
    own = json.loads((out / "metrics" / "conv1d.json").read_text())["results"]
    assert [row for row in own if not row["notice"]] != []
    assert all(row in shipped for row in own if not row["notice"])
    assert {row["protocol"] for row in own if row["notice"]} == {"clips"}


@pytest.fixture
def copied(tmp_path):
    """A project of its own: the notebooks, and a README with a place for the results."""
    shutil.copytree(HERE.notebooks, tmp_path / "notebooks")
    shown = "![a figure](artifacts/figures/04_protocols.png)"
    text = f"before\n{readme.START}\nold\n{readme.END}\nafter\n{shown}\n"
    (tmp_path / "README.md").write_text(text)
    return Project(tmp_path, tmp_path / "cache")


def test_failure_is_told_in_three_lines_and_publishes_nothing(tiny, copied):
    before, path = state(), copied.notebooks / "01_data_exploration.ipynb"
    notebook = nbformat.read(path, 4)
    notebook.cells[6].source = "1 / 0"
    nbformat.write(notebook, path)
    with pytest.raises(RunError) as error:
        run_notebooks(data=str(tiny), publish=True, project=copied)
    lines = str(error.value).splitlines()
    assert len(lines) == 3 and lines[0].startswith("01_data_exploration.ipynb failed")
    assert lines[1].startswith("in cell ") and lines[2].startswith("ZeroDivisionError:")
    assert state() == before and "old" in (copied.root / "README.md").read_text()


def test_publishing_replaces_exactly_what_a_run_made(tiny, finished, copied):
    chosen = notebooks.choose(copied.notebooks)
    publish_run(Run(copied, tiny, finished), chosen)
    root = copied.root
    published = {p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file()}
    assert {"emotion_path.csv", "features.csv", "features.json"} <= published
    assert {"artifacts/best_emotion_model.keras", "artifacts/metrics/conv1d.json"} <= published
    assert not [name for name in published if "cache" in name]
    figures = [name for name in published if name.startswith("artifacts/figures")]
    assert figures == ["artifacts/figures/04_protocols.png"]  # what the README shows
    for path in chosen:
        notebook = nbformat.read(path, 4)
        assert str(finished) not in path.read_text()
        assert nbformat.writes(notebook) == nbformat.writes(notebooks.normal_form(notebook))
    text, table = (root / "README.md").read_text(), table_in(finished / "predictions")
    assert text.startswith("before\n") and "after\n" in text and "old" not in text
    assert readme.results_text(table) in text
    assert (root / "artifacts" / "metrics" / "README.md").stat().st_size > 1000
    (root / "emotion_path.csv").unlink()
    publish_run(Run(copied, tiny, finished), chosen[4:5])
    assert not (root / "emotion_path.csv").exists()  # that is notebook 01's to make
    card = json.loads((root / "artifacts" / "bundles" / "mfcc_cnn.json").read_text())
    assert {row["uar"] for row in card["figures"]} == set(table[table.system == "mfcc_cnn"].uar)


def test_tables_that_are_shipped_are_replaced_and_lists_of_files_are_not_shipped(
    tiny, finished, copied, tmp_path
):
    shipped, made = copied.artifacts / "metrics", tmp_path / "made"
    shutil.copytree(finished, made)
    shipped.mkdir(parents=True)
    (shipped / "any_voice.csv").write_text("old")
    (made / "metrics" / "any_voice.csv").write_text("new")
    (made / "metrics" / "problems.csv").write_text("a file that was passed over")
    publish_run(Run(copied, tiny, made), notebooks.choose(copied.notebooks))
    assert (shipped / "any_voice.csv").read_text() == "new"
    assert not (shipped / "problems.csv").exists()


def test_publishing_again_changes_no_byte(tiny, finished, copied):
    """The same models and figures are the same files."""
    chosen = notebooks.choose(copied.notebooks)
    contents = []
    for _ in range(2):
        publish_run(Run(copied, tiny, finished), chosen)
        files = sorted(p for p in copied.root.rglob("*") if p.is_file())
        contents.append({p: p.read_bytes() for p in files})
    assert contents[0] == contents[1]
