"""Paths: a project's folders and a run's, wherever they lie."""

import os
from pathlib import Path

import pytest
from matplotlib.figure import Figure
from PIL import Image

from serlib.paths import Project, Run


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path / "project", tmp_path / "cache")


def test_everything_that_a_project_holds_lies_inside_it(project):
    for folder in (project.artifacts, project.runs, project.notebooks):
        assert folder.is_relative_to(project.root)
    assert project.runs.is_relative_to(project.artifacts)


def test_the_project_here_is_the_checkout_and_a_variable_names_its_cache(monkeypatch, tmp_path):
    monkeypatch.delenv("SERLIB_CACHE", raising=False)
    here = Project.here()
    assert (here.root / "pyproject.toml").is_file() and here.notebooks.is_dir()
    assert here.cache.is_relative_to(here.artifacts)
    monkeypatch.setenv("SERLIB_CACHE", str(tmp_path))
    assert Project.here() == Project(here.root, tmp_path)


def test_the_cache_of_a_checkout_that_is_read_only_is_the_users(monkeypatch, tmp_path):
    monkeypatch.delenv("SERLIB_CACHE", raising=False)
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write anywhere
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert Project.here().cache == tmp_path / "serlib"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert Project.here().cache.is_relative_to(Path.home())
    monkeypatch.setenv("SERLIB_CACHE", "named")
    assert Project.here().cache == Path("named")


@pytest.mark.parametrize(("named", "variable"), [("a", "b"), ("", "b"), ("", "")])
def test_the_data_root_is_the_named_folder_else_the_variable_else_data(
    project, monkeypatch, named, variable
):
    monkeypatch.setenv("SER_DATA", variable)
    assert project.data(named).name == (named or variable or "data")
    assert project.data(named).is_relative_to(project.root) == (not named and not variable)


def test_a_reader_sees_no_path_of_this_machine(project, tmp_path):
    assert project.shown(project.runs / "demo" / "a.csv") == "artifacts/runs/demo/a.csv"
    assert project.shown(tmp_path / "elsewhere" / "a.csv") == "a.csv"


def test_a_path_of_a_run_has_its_folder_and_a_notice_means_demo(project, tmp_path):
    run = Run(project, tmp_path / "data", tmp_path / "out")
    path = run.path("metrics", "deep", "a.json")
    assert path == tmp_path / "out" / "metrics" / "deep" / "a.json" and path.parent.is_dir()
    assert not run.demo and Run(project, run.data, run.out, "synthetic").demo


def red(run, name, **how):
    """Save an empty figure; return whether there is red in it, the colour of notices."""
    run.save(Figure(), name, **how)
    with Image.open(run.out / "figures" / name) as picture:
        colours = picture.convert("RGB").getcolors(1 << 24)
    return any(r > 150 > 100 > g + b for _, (r, g, b) in colours)


def test_a_figure_of_synthetic_audio_says_so_in_the_picture(project, tmp_path):
    real = Run(project, tmp_path, tmp_path / "out")
    demo = Run(project, tmp_path, tmp_path / "out", "synthetic demo corpus")
    assert not red(real, "real.png") and red(demo, "demo.png")
    assert red(real, "told.png", notice="of the demo") and not red(demo, "real.png", notice="")
