import csv
import json

from serlib.inference import Answer, answers

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
