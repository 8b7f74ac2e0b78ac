"""The notebooks end to end on a tiny corpus, and what a failing or publishing run leaves."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import papermill
import pytest

from serlib import demo, notebooks, pipeline, report, results, tables
from serlib.errors import RunError
from serlib.project import ROOT


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """Demo clips of three actors and both women, without the mark that says so."""
    root = tmp_path_factory.mktemp("tiny")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(demo, "ACTORS", (5, 2, 3))
        patch.setattr(demo, "WORDS", {w: demo.WORDS[w] for w in ("food", "back")})
        demo.write_demo(root)
    (root / demo.MARK).unlink()
    return root


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def finished(tiny, cache, tmp_path_factory):
    """The folder of a whole run on the tiny corpus, by the command itself."""
    out = tmp_path_factory.mktemp("run")
    values = dict(EPOCHS=1, N_TRAIN=70, N_TEST=6, N_PROJECTED=60)
    values |= dict(
        RETRAIN=True, SYSTEMS="duration_loudness best", PROTOCOLS="clips", SEEDS=1, N_JOBS=1
    )
    pairs = [word for name, value in values.items() for word in ("-p", name, str(value))]
    command = [Path(sys.executable).parent / "serlib", "run", "--data", tiny, "--out", out, *pairs]
    environment = os.environ | {"SERLIB_CACHE": cache}
    subprocess.run(command, check=True, env=environment, stderr=subprocess.DEVNULL)
    return out


def state():
    """What is shipped: path and time of change of every file."""
    places = [ROOT.glob("*.*"), (ROOT / "notebooks").glob("*.ipynb")]
    places += [(ROOT / "artifacts").glob("*.*"), (ROOT / "artifacts").glob("[fmp]*/*")]
    return {path: path.stat().st_mtime_ns for place in places for path in place}


def test_a_run_writes_everything_the_notebooks_promise(finished):
    clips = pd.read_csv(finished / "emotion_path.csv")
    assert len(clips) == 3 * 32 + 2 * 7 * 2
    assert len(pd.read_csv(finished / "features.csv")) == 3 * len(clips)
    written = ["best_emotion_model.keras", "emotion_preprocessing.joblib", "metrics/conv1d.json"]
    bundles = ["bundles/mfcc_cnn.joblib", "bundles/best.joblib"]
    for name in [*written, *bundles, "metrics/sequences.json"]:
        assert (finished / name).stat().st_size > 1000
    fitted = pd.read_csv(
        finished / "predictions" / "duration_loudness__ravdess__clips__seed0.csv.gz"
    )
    assert set(fitted.clip_id) < set(clips.clip_id)  # a fifth
    for path in notebooks.choose():
        executed = nbformat.read(finished / "notebooks" / path.name, 4)
        outputs = [o for c in executed.cells for o in c.get("outputs", [])]
        assert outputs and not any(o.output_type == "error" for o in outputs)
        assert list((finished / "figures").glob(f"{path.name[:2]}_*.png"))


def texts(notebook):
    """Yield what each cell printed, but for pictures."""
    for cell in notebooks.normal_form(notebook).cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "image/png" not in data:
                yield output.get("text") or data.get("text/markdown") or data["text/plain"]


def test_the_benchmark_says_what_the_predictions_say_without_tensorflow(tiny, tmp_path):
    """Notebook 07 run anew, from the saved predictions, prints what the committed one prints."""
    for name in ("tensorflow", "keras"):
        (tmp_path / f"{name}.py").write_text("raise ImportError('the benchmark needs none')")
    command = [Path(sys.executable).parent / "serlib", "run", "--only", "07"]
    command += ["--data", tiny, "--out", tmp_path / "out"]
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    subprocess.run(command, check=True, env=environment, stderr=subprocess.DEVNULL)
    (path,) = notebooks.choose("07")
    number = re.compile(r"-?\d+(?:\.\d+)?")
    printed, committed = (
        "\n".join(texts(nbformat.read(p, 4)))
        for p in (tmp_path / "out/notebooks" / path.name, path)
    )
    words, expected = (number.sub("#", text).split() for text in (printed, committed))
    assert words == expected
    found, stated = (np.array(number.findall(text), dtype=float) for text in (printed, committed))
    np.testing.assert_allclose(found, stated, atol=0.0021, rtol=1e-3)  # another machine's digits


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
    (data / demo.MARK).write_text("{}")
    pipeline.run(only="04", data=str(data), out=str(out), parameters=[("EPOCHS", "1")])
    text = (out / "notebooks" / "04_conv1d_cnn.ipynb").read_text()
    assert demo.NOTICE in text
    shipped = json.loads((ROOT / "artifacts" / "metrics" / "conv1d.json").read_text())["results"]
    own = json.loads((out / "metrics" / "conv1d.json").read_text())["results"]
    assert [row for row in own if not row["notice"]] != []
    assert all(row in shipped for row in own if not row["notice"])
    assert {row["protocol"] for row in own if row["notice"]} == {"clips"}


@pytest.fixture(scope="module")
def emodb(tiny, tmp_path_factory):
    """Clips under EMO-DB's names: synthetic ones, RAVDESS's renamed."""
    root, voices = tmp_path_factory.mktemp("emodb"), sorted((tiny / "RAVDESS").rglob("*.wav"))
    for speaker in ("03", "08", "09"):
        for k, letter in enumerate("WLEAFTN" * 2):
            shutil.copyfile(voices.pop(), root / f"{speaker}a0{1 + k // 7}{letter}a.wav")
    return root


def test_s0_runs_on_emodb_alone(emodb, cache, tmp_path):
    """Leave one speaker out."""
    command = [Path(sys.executable).parent / "serlib", "run", "--only", "05", "-p", "EPOCHS", "1"]
    command += ["--data", emodb, "--out", tmp_path / "out", "-p", "SYSTEM", "cnn_lstm"]
    environment = os.environ | {"SERLIB_CACHE": cache}
    subprocess.run(command, check=True, env=environment, stderr=subprocess.DEVNULL)
    scored = pd.read_csv(tmp_path / "out/predictions/cnn_lstm__emodb__speakers__seed0.csv.gz")
    assert scored.groupby("speaker").fold.nunique().to_list() == [1, 1, 1] and len(scored) == 42
    assert "boredom" in set(scored.emotion)


def test_features_are_of_whatever_corpus_there_is(emodb, cache, tmp_path, monkeypatch):
    monkeypatch.setenv("SERLIB_CACHE", cache)
    pipeline.run(only="03", data=str(emodb), out=str(tmp_path), parameters=[("N_JOBS", "1")])
    assert set(tables.read_features(tmp_path / "features.csv").corpus) == {"emodb"}
    assert (tmp_path / "figures" / "03_map.png").exists()


def test_a_notebook_says_which_corpus_it_lacks(emodb, tmp_path):
    values = [("SYSTEM", "none")]
    with pytest.raises(RunError, match="ravdess_song: needs speech and song of ravdess"):
        pipeline.run(only="06", data=str(emodb), out=str(tmp_path), parameters=values)


def test_plain_papermill_from_another_folder(tiny, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    values = dict(DATA_ROOT=str(tiny), OUT=str(tmp_path / "out"), N_JOBS=1)
    source = notebooks.choose(only="01")[0]
    papermill.execute_notebook(
        source, "01.ipynb", values, kernel_name="python3", progress_bar=False
    )
    assert (tmp_path / "out" / "emotion_path.csv").exists()


def test_failure_is_told_in_three_lines_and_publishes_nothing(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(pipeline, "RUNS", tmp_path)
    before = state()
    with pytest.raises(RunError) as error:
        values = [("SEED", "-1")]
        pipeline.run(data=str(tiny), parameters=values, publish=True)
    lines = str(error.value).splitlines()
    assert len(lines) == 3 and lines[0].startswith("01_data_exploration.ipynb failed")
    assert lines[1].startswith("in cell ") and lines[2].startswith("ValueError:")
    assert state() == before


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
        pipeline.run(data=str(tiny), publish=True, **how)


def test_publishing_later_notebooks_keeps_the_shipped_clip_table(tmp_path, real_root, monkeypatch):
    monkeypatch.setattr(pipeline, "RUNS", tmp_path)
    run = pipeline._settings(notebooks.choose(only="05"), str(real_root), "", publish=True)
    assert run.clips().equals(tables.read_clips(ROOT / "emotion_path.csv"))  # EMO-DB is left out


def test_folders_may_be_named_as_the_notebooks_name_them(tiny, tmp_path, monkeypatch):
    ran = []
    monkeypatch.setattr(pipeline, "_execute", lambda source, target, values: ran.append(values))
    out = tmp_path / "mine"
    named = [("DATA_ROOT", str(tiny)), ("OUT", str(out))]
    assert pipeline.run(only="01", parameters=named) == out
    assert ran == [dict(named)]


def test_what_is_fitted_to_synthetic_clips_is_a_demo_run(tiny, monkeypatch):
    (tiny / demo.MARK).write_text("{}")
    monkeypatch.setenv("SER_DATA", str(tiny))
    read_only = pipeline._settings(notebooks.choose(only="07"), "", "", publish=False)
    fitted = pipeline._settings(notebooks.choose(only="07"), "", "", publish=False, retrain=True)
    (tiny / demo.MARK).unlink()
    assert (read_only.out.name, fitted.out.name) == ("default", "demo")
    assert (read_only.demo, fitted.demo) == (False, True)


def test_publishing_refuses_the_demo_corpus(tiny, tmp_path):
    (tmp_path / demo.MARK).write_text("{}")
    (tmp_path / "03-01-01-01-01-01-01.wav").write_bytes(b"")
    with pytest.raises(RunError, match="needs the real corpora"):
        pipeline.run(data=str(tmp_path), publish=True)


def test_publishing_replaces_exactly_what_a_run_made(finished, tmp_path, monkeypatch):
    """On a copy of the project's shipped places."""
    readme = f"before\n{report.START}\nold\n{report.END}\nafter\n"
    (tmp_path / "README.md").write_text(readme)
    (tmp_path / "notebooks").mkdir()
    monkeypatch.setattr(pipeline, "ROOT", tmp_path)
    monkeypatch.setattr(pipeline, "ARTIFACTS", tmp_path / "artifacts")
    chosen = [tmp_path / "notebooks" / path.name for path in notebooks.choose()]
    pipeline._publish(pipeline.Run(tmp_path, finished, demo=False), chosen)
    published = {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()}
    assert {"emotion_path.csv", "features.csv", "features.json"} <= published
    assert {"artifacts/best_emotion_model.keras", "artifacts/metrics/conv1d.json"} <= published
    assert not [name for name in published if "cache" in name]
    for path in chosen:
        notebook = nbformat.read(path, 4)
        assert str(finished) not in path.read_text()
        assert nbformat.writes(notebook) == nbformat.writes(notebooks.normal_form(notebook))
    text = (tmp_path / "README.md").read_text()
    table = results.table_in(finished / "predictions")
    assert text.startswith("before\n") and text.endswith("after\n") and "old" not in text
    assert report.results_table(table) in text
    (tmp_path / "emotion_path.csv").unlink()
    pipeline._publish(pipeline.Run(tmp_path, finished, demo=False), chosen[4:5])
    assert not (tmp_path / "emotion_path.csv").exists()  # that is notebook 01's to make
    card = json.loads((tmp_path / "artifacts" / "bundles" / "mfcc_cnn.json").read_text())
    assert {row["uar"] for row in card["figures"]} == set(table[table.system == "mfcc_cnn"].uar)
