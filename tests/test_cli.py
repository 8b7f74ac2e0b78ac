import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from serlib import answers
from serlib.cli import main
from serlib.emotions import classes
from serlib.project import ARTIFACTS
from serlib.synthesis import synthesise

EMOTIONS = classes("eight")
QUICK = ["predict", "--system", "mfcc_cnn"]  # loads in half the time of `best`


@pytest.fixture
def wav(tmp_path):
    y = synthesise("sad", speaker="02", sentence="kids", rng=np.random.default_rng(0))
    sf.write(tmp_path / "a.wav", y, 22050)
    return str(tmp_path / "a.wav")


def test_predict_prints_a_table_of_all_probabilities(wav, capsys):
    assert main(["predict", wav]) == 0
    header, row = (line.split() for line in capsys.readouterr().out.splitlines())
    assert header == ["file", "emotion", *EMOTIONS]
    assert row[0] == wav and row[1] in EMOTIONS
    assert sum(map(float, row[2:])) == pytest.approx(1, abs=0.04)
    assert row[1] == EMOTIONS[np.argmax(np.array(row[2:], dtype=float))]


def test_json_and_csv_agree(wav, capsys):
    assert main(["predict", wav, wav, "--json"]) == 0
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert answers[0] == answers[1] and answers[0]["file"] == wav
    assert answers[0]["system"] == "best"
    assert main(["predict", wav, "--csv"]) == 0
    (row,) = csv.DictReader(capsys.readouterr().out.splitlines())
    assert row["emotion"] == answers[0]["emotion"]
    for emotion, p in answers[0]["probabilities"].items():
        assert float(row[f"p_{emotion}"]) == pytest.approx(p, abs=1e-4)


def test_options_of_other_systems_folders_and_globs_name_recordings(wav, tmp_path, capsys):
    folder = tmp_path / "more"
    (folder / "deep").mkdir(parents=True)
    for name in ("b.wav", "deep/c.WAV"):
        (folder / name).write_bytes(Path(wav).read_bytes())
    (folder / "notes.txt").write_text("no recording")
    named = [
        ["--file", wav],
        ["--audio_path", wav],
        [str(folder)],
        [str(folder / "**" / "*.[wW]*")],
    ]
    found = []
    for arguments in named:
        assert main([*QUICK, "--json", *arguments]) == 0
        found.append([json.loads(line)["file"] for line in capsys.readouterr().out.splitlines()])
    inside = [str(folder / "b.wav"), str(folder / "deep" / "c.WAV")]
    assert found == [[wav], [wav], inside, inside]
    assert main([*QUICK, "--json", os.path.relpath(folder) + "/*.wav"]) == 0


def test_json_names_the_emotion_before_it_rounds():
    close = dict(happy=0.33333, angry=0.33334, sad=0.33333)
    assert json.loads(answers.as_json("a.wav", close, system="best"))["emotion"] == "angry"


def test_an_empty_name_is_no_folder(capsys):
    assert main(["predict", ""]) == 2
    assert "no recording is named" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "says"), [("a" * 300, "cannot be read as audio"), ("a/**.wav", "no such file")]
)
def test_a_name_that_no_file_can_have_is_told(name, says, capsys):
    assert main([*QUICK, name]) == 2
    assert says in capsys.readouterr().err


def test_a_bad_file_costs_the_others_nothing(wav, tmp_path, capsys):
    (tmp_path / "bad.wav").write_bytes(b"")
    (tmp_path / "none").mkdir()
    bad = [str(tmp_path / name) for name in ("bad.wav", "none", "*.mp3")]
    assert main([*QUICK, *bad, wav]) == 1
    out, err = capsys.readouterr()
    assert wav in out and "Traceback" not in err
    lines = err.splitlines()
    assert len(lines) == 3 and "bad.wav: the file is empty" in lines[0]
    assert "none: holds no recording" in lines[1] and "*.mp3: no such file" in lines[2]
    assert main([*QUICK, *bad]) == 2


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (["predict"], "no recording is named"),
        (["predict", "a.wav", "--system", "resnet"], "Bad system 'resnet', expected one of ["),
        (["predict", "a.wav", "--system", "majority"], "expected one of ['best', "),
        (["predict", "a.wav", "--bundle", "none.joblib"], "none.joblib: no such bundle"),
        (["download", "timit"], "timit"),
        (["run", "--only", "99"], "no notebook begins with '99'"),
        (["run", "--data", "/nowhere"], "/nowhere: holds no clip of a known corpus"),
    ],
)
def test_errors_are_one_line_and_the_status_is_2(argv, says, capsys):
    assert main(argv) == 2
    err = capsys.readouterr().err
    assert err.startswith("serlib: ") and says in err and "Traceback" not in err


def test_a_bundle_of_another_system_is_refused(wav, capsys):
    other = str(ARTIFACTS / "emotion_preprocessing.joblib")
    assert main(["predict", wav, "--system", "mfcc_cnn", "--bundle", other]) == 2
    assert "is a bundle of 'conv1d', expected one of 'mfcc_cnn'" in capsys.readouterr().err


def test_a_bundle_alone_says_which_system_it_is(wav, capsys):
    path = str(ARTIFACTS / "emotion_preprocessing.joblib")
    assert main(["predict", wav, "--json", "--bundle", path]) == 0
    assert json.loads(capsys.readouterr().out)["system"] == "conv1d"


def test_a_missing_bundle_names_its_command(wav, capsys, monkeypatch, tmp_path):
    monkeypatch.setattr("serlib.catalogue.ARTIFACTS", tmp_path)
    monkeypatch.setattr("serlib.catalogue.RUNS", tmp_path)
    assert main(["predict", wav, "--system", "mfcc_lstm"]) == 2
    assert "Make it: serlib run --only 05 -p SYSTEM mfcc_lstm" in capsys.readouterr().err


def test_a_closed_pipe_is_no_error(wav):
    """As in `serlib predict ... | head -1`."""
    command = f"{Path(sys.executable).parent}/serlib {' '.join([*QUICK, *[wav] * 9])} | head -1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr and done.stdout.startswith("file")
