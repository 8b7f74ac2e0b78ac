import csv
import io
import json
import os
from pathlib import Path

import pytest

from serlib.audio import recordings
from serlib.inference import Answer
from serlib.recordings import answers
from tests.conftest import write_clip

CLOSE = Answer(dict(happy=0.33333, angry=0.33334, sad=0.33333), remarks=("A, or B.",))


def test_the_emotion_is_named_before_probabilities_are_rounded():
    assert json.loads(answers.as_json("a.wav", CLOSE, system="best"))["emotion"] == "angry"
    for line in (answers.as_csv("a.wav", CLOSE), answers.as_row("a.wav", CLOSE, width=5)):
        assert "angry" in line


def test_a_name_with_a_comma_is_one_cell():
    lines = [answers.csv_header(CLOSE.probabilities), answers.as_csv("a,b.wav", CLOSE)]
    (row,) = csv.DictReader(lines)
    assert row["file"] == "a,b.wav" and row["emotion"] == "angry" and row["p_sad"] == "0.3333"
    assert row["remarks"] == "A, or B."
    for name in ("a\nb.wav", "a\rb.wav", 'a"b.wav'):
        text = "\n".join([lines[0], answers.as_csv(name, CLOSE)])
        (row,) = csv.DictReader(io.StringIO(text, newline=""))
        assert row["file"] == name and row["p_sad"] == "0.3333"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Two clips, one of them behind a link, what macOS puts beside one, and a loop."""
    (tmp_path / "in").mkdir()
    write_clip(tmp_path / "in" / "b.wav")
    (tmp_path / "in" / "._b.wav").write_bytes(b"\0\5\26\7")
    write_clip(tmp_path / "elsewhere" / "a.wav")
    (tmp_path / "in" / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "loop").symlink_to(tmp_path / "in")
    monkeypatch.chdir(tmp_path)
    return "in"


def test_what_is_meant_is_found_behind_links_and_without_hidden_files(folder):
    both = ["in/b.wav", "in/link/a.wav"]
    assert recordings([folder]) == both
    assert recordings([f"{folder}/*.wav"]) == both[:1]
    named = ["in/link/a.wav", "in/link/loop/b.wav", "in/b.wav"]
    assert recordings(["in/link", "in/b.wav"]) == named
    assert recordings(["", "none/*.wav", "-"]) == ["none/*.wav", "-"]


def test_what_is_not_there_is_known_before_anything_is_read(folder, tmp_path):
    (tmp_path / "empty.wav").touch()
    (tmp_path / "none").mkdir()
    wrong = ["none.wav", "empty.wav", "none", "a" * 300, "null\0.wav"]
    found = answers.absent(["in/b.wav", "-", *wrong])
    assert list(found) == wrong
    for file, says in zip(wrong, ("no such", "is empty", "no recording", "", ""), strict=True):
        assert file in str(found[file]) and says in str(found[file])


def test_a_name_that_is_not_utf_8_is_found_and_written(folder):
    name = os.fsdecode(b"in/gr\xfcn.wav")
    Path(name).write_bytes(Path("in/b.wav").read_bytes())
    assert name in recordings([folder])
    assert json.loads(answers.as_json(name, CLOSE, system="best"))["file"] == name
