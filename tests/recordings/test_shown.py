"""What the page shows."""

import re

import pandas as pd

from serlib.evaluation import plots
from serlib.recordings import shown


def test_bars_are_as_long_as_shares_and_have_their_emotions_colours():
    html = shown.answered(dict(sad=0.25, happy=0.75), ["Very quiet."])
    bars = re.findall(r"width:([\d.]+)%;background:(#\w+)", html)
    assert bars == [("75.0", plots.COLOURS["happy"]), ("25.0", plots.COLOURS["sad"])]
    assert re.search(r'role="status">happy<', html) and "<p>Very quiet.</p>" in html


def test_names_of_files_are_no_html():
    name = "<img src=x onerror=alert(1)>.wav"
    for html in (shown.wrong(name), shown.answered({"sad": 1.0}, [name]), shown.idle(name)):
        assert "<img" not in html and "&lt;img" in html


def test_a_cell_a_second_of_the_last_minute():
    """Of silence as many as it lasts, of speech one a row."""
    rows = [(0, 10, "no speech"), *((t, t + 1, "fear") for t in range(10, 75))]
    table = pd.DataFrame(rows, columns=["start_s", "end_s", "emotion"])
    cells = re.findall(r'title="(\d+) s: ([\w ]+)" style="background:(#\w+)"', shown.cells(table))
    assert cells == [(str(t), "fear", plots.COLOURS["fear"]) for t in range(15, 75)]
    later = pd.concat([table.tail(59), table.head(1)])
    cells = re.findall(r"s: ([\w ]+)", shown.cells(later))
    assert cells == ["fear"] * 50 + ["no speech"] * 10
    few = re.findall(r"s: ([\w ]+)", shown.cells(table.head(3)))
    assert few == ["no speech"] * 10 + ["fear"] * 2
