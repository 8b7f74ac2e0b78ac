import json

import numpy as np
import pytest
import soundfile as sf

from serlib.cli import main
from serlib.synthesis import synthesise


@pytest.fixture
def wav(tmp_path):
    y = synthesise("sad", speaker="02", sentence="kids", rng=np.random.default_rng(0))
    sf.write(tmp_path / "a.wav", y, 22050)
    return str(tmp_path / "a.wav")


def test_predict_prints_the_label_and_all_probabilities(wav, capsys):
    assert main(["predict", wav]) == 0
    out = capsys.readouterr().out
    label = out.split(f"{wav}: ")[1].split()[0]
    emotions = ("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise")
    assert label in emotions and all(f"{e} 0." in out or f"{e} 1." in out for e in emotions)


def test_json_is_one_object_a_file_and_agrees(wav, capsys):
    assert main(["predict", wav, wav, "--json"]) == 0
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert answers[0] == answers[1] and answers[0]["file"] == wav
    probabilities = answers[0]["probabilities"]
    assert max(probabilities, key=probabilities.get) == answers[0]["emotion"]
    assert sum(probabilities.values()) == pytest.approx(1, abs=1e-3)


def test_a_bad_file_costs_the_others_nothing(wav, tmp_path, capsys):
    (tmp_path / "bad.wav").write_bytes(b"")
    assert main(["predict", str(tmp_path / "bad.wav"), wav]) == 2
    out, err = capsys.readouterr()
    assert wav in out and "bad.wav: the file is empty" in err and "Traceback" not in err


@pytest.mark.parametrize(
    ("argv", "says"),
    [
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
