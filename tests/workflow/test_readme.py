import pandas as pd
import pytest

from serlib import evaluation
from serlib.corpora import PROTOCOLS
from serlib.errors import RunError
from serlib.paths import CHECKOUT
from serlib.systems import SYSTEMS
from serlib.workflow import readme

TRAINED = [(0.4, "ravdess"), (0.3, "savee")]


def row(corpus, uar, protocol="clips", system="conv1d", data="ravdess_tess"):
    figures = dict(uar=uar, uar_low=uar - 0.1, uar_high=uar + 0.1, n=10, seeds=3)
    figures |= dict(accuracy=uar + 0.01, macro_f1=uar - 0.01, trained_on="", emotions=7)
    return dict(system=system, data=data, protocol=protocol, corpus=corpus) | figures


def tables(rows):
    """The lines below the head of each table, by its corpus."""
    text = readme.results_tables(evaluation.ordered(pd.DataFrame(rows)))
    parts = [part.split("\n") for part in text.removeprefix("### ").split("\n\n### ")]
    return {lines[0]: lines[4:] for lines in parts}


def test_corpora_stand_apart_and_protocols_from_leaky_to_honest():
    rows = [row("ravdess", 0.4, "speakers", data="ravdess7"), row("tess", 0.9)]
    rows += [row("ravdess", 0.5), row("together", 0.8), row("ravdess", 0.7, "rows")]
    rows += [row("ravdess", 0.6, system="cnn_lstm", data="ravdess")]
    found = tables(rows)
    assert [*found] == ["RAVDESS", "TESS", "RAVDESS and TESS together"]
    expected = ["`rows`", "`clips`", "`speakers`", "`clips`"]
    assert [line.split(" | ")[2] for line in found["RAVDESS"]] == expected
    assert "| 0.500 [0.400, 0.600] | 0.510 | 0.490 | 3 |" in found["RAVDESS"][1]
    assert found["RAVDESS"][3].startswith("| `cnn_lstm` | RAVDESS, 8 emotions |")
    assert len(found["TESS"]) == 1 and "| 0.810 |" in found["RAVDESS and TESS together"][0]


def test_each_unheard_corpus_has_a_row_of_its_own_with_its_emotions():
    rows = [row("emodb", 0.6, "speakers", data="emodb")]
    rows += [row("tess", u, "corpora", data="tess") | dict(trained_on=c) for u, c in TRAINED]
    asked = dict(trained_on="ravdess+tess", emotions=6)
    parts = (("cremad", 0.2), ("emodb", 0.3), ("together", 0.25))
    rows += [row(c, u, "corpora", data="unheard") | asked for c, u in parts]
    found = tables(rows)
    assert [*found] == ["TESS", "EMO-DB", "CREMA-D"]  # no mean over corpora of unlike emotions
    assert "| EMO-DB, 7 | `speakers` | 0.600 [0.500, 0.700] |" in found["EMO-DB"][0]
    assert "| EMO-DB, 6 | `corpora`, after RAVDESS and TESS | 0.300 [" in found["EMO-DB"][1]
    assert "| CREMA-D, 6 | `corpora`, after RAVDESS and TESS | 0.200 [" in found["CREMA-D"][0]
    first, second = found["TESS"]
    assert "`corpora`, after RAVDESS |" in first and "| 0.400 [" in first
    assert "`corpora`, after SAVEE |" in second and "| 0.300 [" in second


def test_what_is_no_result_stays_out_of_the_long_tables():
    rows = [row("ravdess", 0.5, name, "best", "ravdess") for name in PROTOCOLS]
    kept = [line.split("`")[3] for line in tables(rows)["RAVDESS"]]
    expected = ["rows", "clips", "speakers", "speakers+statements", "corpora"]
    assert kept == [*expected, "speakers+enrolment", "corpora+enrolment"]


def test_the_short_table_ranks_by_new_speakers():
    rows = [row("ravdess", 0.9, "clips", "cnn_lstm", "ravdess")]
    rows += [
        row("ravdess", uar, "speakers", name, "ravdess")
        for name, uar in (("cnn_lstm", 0.4), ("best", 0.7), ("majority", 0.2))
    ]
    rows += [row("ravdess", 0.8, "speakers", "conv1d", "ravdess7")]  # on other emotions
    lines = readme.results_text(pd.DataFrame(rows)).splitlines()[2:]
    assert [line.split("`")[1] for line in lines] == ["best", "cnn_lstm", "majority"]
    assert "| – | **0.700 [0.600, 0.800]** | – |" in lines[0]
    assert "| 0.900 [0.800, 1.000] | **0.400" in lines[1]


def test_the_short_table_is_short_and_narrow():
    protocols = ("clips", "speakers", "speakers+statements")
    names = sorted(SYSTEMS, key=len)
    rows = [row("ravdess", 0.5, p, name, "ravdess") for name in names for p in protocols]
    lines = readme.results_text(pd.DataFrame(rows)).splitlines()
    assert len(names) > len(lines[2:]) == 8
    assert max(map(len, lines)) <= 120


def test_what_sources_say_stands_beside_what_is_left():
    rows = [row("ravdess", 0.7, "rows", "conv1d_published"), row("tess", 0.9, "rows")]
    rows += [row("together", 0.89, "rows", "conv1d_published")]
    rows += [row("tess", 0.9), row("together", 0.8), row("ravdess", 0.6)]
    rows += [row("ravdess", 0.2, "speakers", data="ravdess7")]
    rows += [row("tess", 0.3, "speakers", data="tess")]
    rows += [row(c, 0.4, "corpora", "mfcc_cnn", "unheard") for c in ("tess", "together")]
    rows += [row("ravdess", 0.7, "clips", "mfcc_cnn", "ravdess5")]
    lines = readme.reported_table(pd.DataFrame(rows)).splitlines()[2:]
    assert lines[0] == "| `conv1d` | 0.916 | 0.900 | 0.810 | – |"
    assert lines[1] == "| `conv1d`, RAVDESS alone | – | 0.710 | 0.610 | 0.210 |"
    assert lines[2] == "| `mfcc_lstm` | 0.88 | – | – | – |"
    assert lines[3] == "| `mfcc_cnn` | 0.88 | – | 0.710 | – |"  # its own protocols are of one


def test_the_long_page_says_what_each_name_stands_for(tmp_path):
    rows = [row("ravdess", 0.5, "speakers", "best", "ravdess"), row("tess", 0.9)]
    readme.write_long(tmp_path / "metrics" / "README.md", pd.DataFrame(rows))
    text = (tmp_path / "metrics" / "README.md").read_text()
    for name in ("best", "conv1d"):
        assert f"| `{name}` | {SYSTEMS[name].about} |" in text
    assert f"| `speakers` | {PROTOCOLS['speakers'].shares} |" in text
    assert "cnn_lstm" not in text  # it has no result here


def test_a_readme_keeps_all_but_its_table(tmp_path):
    path = tmp_path / "README.md"
    path.write_text(f"before\n{readme.START}\nold\n{readme.END}\nafter\n")
    table = pd.DataFrame([row("ravdess", 0.5, "speakers", "best", "ravdess")])
    readme.update(path, table)
    expected = ["before", readme.START, *readme.results_text(table).splitlines(), readme.END]
    assert path.read_text().splitlines() == [*expected, "after"]


def test_a_readme_without_its_place_says_so(tmp_path):
    (tmp_path / "README.md").write_text("# serlib\n")
    with pytest.raises(RunError, match="lacks the lines"):
        readme.update(tmp_path / "README.md", pd.DataFrame([row("tess", 0.9)]))


@pytest.fixture(scope="module")
def shipped():
    return evaluation.table_in(CHECKOUT / "artifacts" / "predictions")


def test_both_pages_quote_the_shipped_predictions(shipped):
    text = (CHECKOUT / "README.md").read_text()
    assert f"{readme.START}\n{readme.results_text(shipped)}{readme.END}\n" in text
    page = CHECKOUT / "artifacts" / "metrics" / "README.md"
    assert page.read_text() == readme.long_text(shipped)


def test_the_readme_is_one_page():
    lines = (CHECKOUT / "README.md").read_text().splitlines()
    assert len(lines) <= 160
    assert max(map(len, lines)) <= 120
