"""What the README says of speed."""

import json

import pytest

from serlib.errors import RunError
from serlib.paths import CHECKOUT
from serlib.workflow import speed

RECORD = dict(ours=9.5, rival=None, floor=1.25, unit="ms", repeats=5, ratio=None, spread=None)
BEATEN = RECORD | dict(name="rows", rival=2.0, ratio=4.75, spread=[4.5, 5.06])


def test_the_table_says_what_was_measured_and_what_was_not():
    records = [BEATEN, RECORD | dict(name="cold any_voice"), RECORD | dict(name="warm of another")]
    header, _, best, rows = speed.speed_text(dict(machine="", records=records)).splitlines()
    assert header.count("|") == best.count("|") == rows.count("|")
    assert best.endswith("`any_voice`, s | 9.5 | – | – | 1.25 |")
    assert rows.endswith("| 9.5 | 2 | 4.75 (4.5 to 5.06) | 1.25 |")
    fast = RECORD | dict(name="cold any_voice", ours=1040.0)
    assert "s | 1,040 | –" in speed.speed_text(dict(machine="", records=[fast]))


def test_the_table_is_short_whatever_was_measured():
    names = [
        f"{what} {name}"
        for what in ("cold", "warm", "folder", "timeline")
        for name in ("conv1d", "any_voice", "best", "cnn_lstm")
    ]
    text = speed.speed_text(dict(records=[BEATEN | dict(name=name) for name in [*names, "rows"]]))
    assert len(text.splitlines()) == 2 + 4 and max(map(len, text.splitlines())) <= 120


def test_a_readme_gets_the_table_between_its_lines(tmp_path):
    readme, measured = tmp_path / "README.md", tmp_path / "speed.json"
    measured.write_text(json.dumps(dict(machine="", records=[BEATEN])))
    readme.write_text(f"before\n{speed.START}\nold\n{speed.END}\nafter\n")
    speed.update(readme, measured)
    table = speed.speed_text(dict(records=[BEATEN]))
    assert readme.read_text() == f"before\n{speed.START}\n{table}{speed.END}\nafter\n"
    readme.write_text("no place for it")
    with pytest.raises(RunError, match="lacks the lines"):
        speed.update(readme, measured)


def test_what_is_shipped_is_what_was_measured():
    text = (CHECKOUT / "README.md").read_text()
    table = text.split(speed.START + "\n")[1].split(speed.END)[0]
    assert table == speed.speed_text(json.loads(speed.SPEED.read_text()))


def test_a_machine_is_told_without_its_name():
    assert "core" in speed.machine() and speed.platform.node() not in speed.machine()
