import numpy as np
import pandas as pd
import pytest

from serlib import report, results
from serlib.errors import RunError


def row(corpus, uar, protocol="clips", system="conv1d", data="ravdess_tess"):
    figures = dict(uar=uar, uar_low=uar - 0.1, uar_high=uar + 0.1, n=10, seeds=3)
    figures |= dict(accuracy=uar + 0.01, macro_f1=uar - 0.01, trained_on="")
    return dict(system=system, data=data, protocol=protocol, corpus=corpus) | figures


TRAINED = [(0.4, "ravdess"), (0.3, "savee")]


def test_corpora_stand_apart_and_protocols_from_leaky_to_honest():
    rows = [row("ravdess", 0.4, "speakers", data="ravdess7"), row("tess", 0.9)]
    rows += [row("ravdess", 0.5), row("together", 0.8), row("ravdess", 0.7, "rows")]
    rows += [row("ravdess", 0.6, system="cnn_lstm", data="ravdess")]
    lines = report.results_table(results.ordered(pd.DataFrame(rows))).splitlines()[2:]
    found = [[word in line for word in ("`rows`", "`clips`", "`speakers`")] for line in lines[:3]]
    assert found == np.eye(3, dtype=bool).tolist()
    ravdess, tess = "0.500 [0.400, 0.600] | 0.510 | 0.490", "0.900 [0.800, 1.000] | 0.910"
    assert f"| {ravdess} | {tess} | 0.810 | 3 |" in lines[1]
    assert "| 0.400 [0.300, 0.500] | 0.410 | 0.390 | – | – | – | 3 |" in lines[2]
    assert "`cnn_lstm` | RAVDESS, 8 emotions" in lines[3]


def test_another_corpus_and_what_was_trained_on_have_their_place():
    rows = [row("emodb", 0.6, "speakers", data="emodb")]
    rows += [row("tess", u, "corpora", data="tess") | dict(trained_on=c) for u, c in TRAINED]
    first, second, third = report.results_table(pd.DataFrame(rows)).splitlines()[2:]
    assert "| EMO-DB, 7 | `speakers`: 0.600 [0.500, 0.700] | – |" in first
    assert "`corpora`, trained on ravdess |" in second and "| 0.400 [" in second
    assert "`corpora`, trained on savee |" in third and "| 0.300 [" in third


def test_the_honest_table_ranks_by_new_speakers():
    rows = [row("ravdess", 0.9, "clips", "cnn_lstm", "ravdess")]
    rows += [
        row("ravdess", uar, "speakers", name, "ravdess")
        for name, uar in (("cnn_lstm", 0.4), ("best", 0.7), ("majority", 0.2))
    ]
    rows += [row("ravdess", 0.8, "speakers", "conv1d", "ravdess7")]  # on other emotions
    lines = report.honest_table(pd.DataFrame(rows)).splitlines()[2:]
    assert [line.split("`")[1] for line in lines] == ["best", "cnn_lstm", "majority"]
    assert "| – | **0.700 [0.600, 0.800]** | – |" in lines[0]
    assert "| 0.900 [0.800, 1.000] | **0.400" in lines[1]


def test_what_sources_say_stands_beside_what_is_left():
    rows = [row("ravdess", 0.7, "rows", "conv1d_published"), row("tess", 0.9, "rows")]
    rows += [row("together", 0.89, "rows", "conv1d_published")]
    rows += [row("tess", 0.9), row("together", 0.8), row("ravdess", 0.6)]
    rows += [row("ravdess", 0.2, "speakers", data="ravdess7")]
    rows += [row("tess", 0.3, "speakers", data="tess")]
    lines = report.reported_table(pd.DataFrame(rows)).splitlines()[2:]
    assert lines[0] == "| `conv1d` | 0.916 | 0.900 | 0.810 | – |"
    assert lines[1] == "| `conv1d`, RAVDESS alone | – | 0.710 | 0.610 | 0.210 |"
    assert lines[2] == "| `mfcc_lstm` | 0.88 | – | – | – |"


def test_a_readme_without_its_place_says_so(tmp_path):
    (tmp_path / "README.md").write_text("# serlib\n")
    with pytest.raises(RunError, match="lacks the lines"):
        report.update(tmp_path / "README.md", pd.DataFrame([row("tess", 0.9)]))
