import json

import pytest

from serlib import report
from serlib.errors import RunError
from serlib.project import ARTIFACTS, ROOT


def row(corpus, uar, protocol="clips", system="conv1d"):
    figures = dict(uar=uar, uar_low=uar - 0.1, uar_high=uar + 0.1, accuracy=uar, n=10)
    return dict(system=system, data="x", protocol=protocol, corpus=corpus) | figures


def test_corpora_stand_apart_and_protocols_from_leaky_to_honest():
    rows = [row("ravdess", 0.4, "speakers"), row("tess", 0.9), row("ravdess", 0.5)]
    rows += [row("together", 0.8), row("ravdess", 0.7, "rows", "conv1d_published")]
    lines = report.results_table(rows).splitlines()[2:]
    assert ["rows" in lines[0], "clips" in lines[1], "speakers" in lines[2]] == [True] * 3
    assert "also chose the epoch" in lines[0]
    assert "| 0.500 [0.400, 0.600] | 0.900 [0.800, 1.000] | 0.800 accuracy |" in lines[1]
    assert "| 0.400 [0.300, 0.500] | – | – |" in lines[2]


def test_a_readme_without_its_place_says_so(tmp_path):
    (tmp_path / "README.md").write_text("# serlib\n")
    with pytest.raises(RunError, match="lacks the lines"):
        report.update(tmp_path / "README.md", [row("tess", 0.9)])


def test_the_readme_says_what_the_metrics_say():
    results = json.loads((ARTIFACTS / "metrics" / "conv1d.json").read_text())["results"]
    assert report.results_table(results) in (ROOT / "README.md").read_text()
