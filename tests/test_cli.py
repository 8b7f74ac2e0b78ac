import csv
import io
import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from distributed import LocalCluster

from serlib import corpora, inference
from serlib.audio import synthesise
from serlib.cli import main
from serlib.corpora import classes_of
from serlib.inference import find_bundle
from serlib.paths import CHECKOUT
from serlib.recordings import answers
from serlib.workers import CLUSTER

EMOTIONS = classes_of("anywhere")
QUICK = ["predict", "--system", "mfcc_cnn"]  # loads in half the time of `best`


@pytest.fixture
def wav(tmp_path):
    y = synthesise("sad", speaker="02", sentence="kids", rng=np.random.default_rng(0))
    sf.write(tmp_path / "a.wav", y, 22050)
    return str(tmp_path / "a.wav")


def test_predict_prints_a_table_of_all_probabilities(wav, capsys):
    assert main(["predict", wav]) == 0
    header, row, *_ = (line.split() for line in capsys.readouterr().out.splitlines())
    assert header == ["file", "emotion", *EMOTIONS]
    assert row[0] == wav and row[1] in EMOTIONS
    assert sum(map(float, row[2:])) == pytest.approx(1, abs=0.04)
    assert row[1] == EMOTIONS[np.argmax(np.array(row[2:], dtype=float))]


def test_json_and_csv_agree(wav, capsys):
    assert main(["predict", wav, wav, "--json"]) == 0
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert answers[0] == answers[1] and answers[0]["file"] == wav
    assert answers[0]["system"] == "any_voice"
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


def test_an_empty_name_is_no_folder(capsys):
    assert main(["predict", ""]) == 2
    assert "FILE: expected a value, found nothing" in capsys.readouterr().err


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
        (["predict", "a.wav", "--system", "majority"], "expected one of ['any_voice', "),
        (["predict", "a.wav", "--bundle", "none.joblib"], "none.joblib: no such bundle"),
        (["download", "timit"], "timit"),
        (["run", "--system", "resnet"], "Bad system 'resnet', expected one of ["),
        (["run", "--only", "99"], "no notebook is called '99'"),
        (["run", "--only", ""], "--only: expected a value, found nothing"),
        (["run", "--out="], "--out: expected a value, found nothing"),
        (["predict", "--voice", "", "a.wav"], "--voice: expected a value, found nothing"),
        (["predict", "--voice", "me", "--enrol", ""], "--enrol: expected a value, found nothing"),
        (["predict", "a.wav", ""], "FILE: expected a value, found nothing"),
        (["listen", "--simulate", ""], "--simulate: expected a value, found nothing"),
        (["predict", "--enrol", "none", "--", "a.wav"], "no such file"),
        (["run", "--data", "/nowhere"], "/nowhere: no such folder"),
        (["run", "--only", "01", "--from", "03"], "leave out one of the two"),
    ],
)
def test_errors_are_one_line_and_the_status_is_2(argv, says, capsys):
    assert main(argv) == 2
    err = capsys.readouterr().err
    assert err.startswith("serlib: ") and says in err and "Traceback" not in err


def test_a_bundle_may_be_named_and_says_which_system_it_is(wav, capsys):
    path = str(find_bundle("conv1d"))
    assert main(["predict", wav, "--json", "--bundle", path]) == 0
    assert json.loads(capsys.readouterr().out)["system"] == "conv1d"
    assert main(["predict", wav, "--system", "mfcc_cnn", "--bundle", path]) == 2
    assert "'conv1d', expected one of 'mfcc_cnn'" in capsys.readouterr().err


def test_the_best_system_names_a_file_that_is_too_short(tmp_path, capsys):
    """It is an average: its front ends are handed what is decoded, and not the file."""
    sf.write(tmp_path / "short.wav", np.random.default_rng(0).uniform(-0.5, 0.5, 4000), 22050)
    assert main(["predict", str(tmp_path / "short.wav")]) == 2
    assert f"{tmp_path / 'short.wav'}: too short" in capsys.readouterr().err


def test_a_closed_pipe_is_no_error(wav):
    """As in `serlib predict ... | head -1`."""
    command = f"{Path(sys.executable).parent}/serlib {' '.join([*QUICK, *[wav] * 9])} | head -1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr and done.stdout.startswith("file")


@pytest.mark.parametrize("module", ["serlib", "serlib.cli"])
def test_it_is_a_module_too(module):
    command = [sys.executable, "-m", module, "predict", "none.wav"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "none.wav: no such file" in done.stderr and not done.stdout


def test_the_help_names_what_can_be_asked_for(capsys):
    told = {}
    for words in (["--help"], ["--version"], ["predict", "--help"], ["run", "--only", "5", "-h"]):
        with pytest.raises(SystemExit) as stop:
            main(words)
        assert stop.value.code == 0
        told[words[0]] = capsys.readouterr().out
    assert "serlib predict voice.m4a" in told["--help"]
    assert told["--version"].split() == ["serlib", version("serlib")]
    assert "any_voice" in told["predict"] and "mfcc_cnn" in told["predict"]
    assert "EPOCHS" in told["run"] and "mfcc_cnn" in told["run"]


@pytest.mark.parametrize(("command", "goes_on"), [("predict", False), ("download", True)])
def test_who_stops_it_is_told_whether_it_goes_on(command, goes_on, capsys, monkeypatch):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(inference, "named_bundle", stop)
    monkeypatch.setattr(corpora, "fetch", stop)
    assert main([command, "x"]) == 130
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and ("goes on where" in err) == goes_on


def test_a_pipe_is_a_file_called_dash(wav, capsys, monkeypatch):
    assert main([*QUICK, "--json", wav]) == 0
    expected = json.loads(capsys.readouterr().out)
    piped = io.TextIOWrapper(io.BytesIO(Path(wav).read_bytes()))
    monkeypatch.setattr(sys, "stdin", piped)
    assert main([*QUICK, "--json", "-"]) == 0
    assert json.loads(capsys.readouterr().out) == expected | dict(file="-")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"")))
    assert main([*QUICK, "-"]) == 2
    assert "standard input: the file is empty" in capsys.readouterr().err


@pytest.mark.parametrize("how", [[*QUICK, "--json"], [*QUICK, "--timeline", "--json"]])
def test_a_pipe_with_a_name_is_read_but_once(wav, how, capsys):
    whole = Path(wav).read_bytes()[:60_000]  # so much a pipe holds without a reader
    Path(wav).write_bytes(whole)
    assert main([*how, wav]) == 0
    expected = json.loads(capsys.readouterr().out)
    out, into = os.pipe()
    os.write(into, whole)
    os.close(into)
    assert main([*how, f"/dev/fd/{out}"]) == 0  # as `serlib predict <(ffmpeg ...)` has it
    os.close(out)
    assert json.loads(capsys.readouterr().out) == expected | dict(file=f"/dev/fd/{out}")


def test_a_timeline_and_who_listens_take_what_is_piped_in(wav, capsys, monkeypatch):
    for command in ([*QUICK, "--timeline", "-"], ["listen", "--simulate", "-"]):
        piped = io.TextIOWrapper(io.BytesIO(Path(wav).read_bytes()))
        monkeypatch.setattr(sys, "stdin", piped)
        assert main(command) == 0
        assert "s of speech in" in capsys.readouterr().out


def test_missing_files_are_named_before_a_model_is_loaded(wav, capsys, monkeypatch):
    monkeypatch.setattr(inference, "open_bundle", None)
    assert main(["predict", "none.wav", "*.mp3"]) == 2
    assert "none.wav: no such file" in capsys.readouterr().err
    with pytest.raises(TypeError):  # not callable: it is time to load
        main(["predict", "none.wav", wav])
    assert "none.wav: no such file" in capsys.readouterr().err


def test_strict_refuses_what_is_cut_short(wav, tmp_path, capsys):
    cut = tmp_path / "cut.wav"
    cut.write_bytes(Path(wav).read_bytes()[:-30_000])
    assert main([*QUICK, "--csv", str(cut)]) == 0
    (row,) = csv.DictReader(capsys.readouterr().out.splitlines())
    assert "are missing at its end" in row["remarks"]
    assert main([*QUICK, "--strict", str(cut), wav]) == 1
    out, err = capsys.readouterr()
    assert wav in out and "cut.wav: It is cut short" in err and "--strict" in err


def test_a_name_that_is_not_utf_8_is_answered_among_others(wav, tmp_path):
    other = os.fsdecode(os.fsencode(tmp_path) + b"/gr\xfcn.wav")
    Path(other).write_bytes(Path(wav).read_bytes())
    command = [sys.executable, "-m", "serlib", *QUICK, "--csv", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert len([line for line in done.stdout.splitlines() if ".wav" in line]) == 2


@pytest.fixture
def long(tmp_path, wav):
    """Twenty seconds, in which four sentences are said."""
    y, sr = sf.read(wav)
    y = np.tile(np.pad(y, (0, 5 * sr - len(y))), 4)
    sf.write(tmp_path / "long.wav", y, sr)
    return str(tmp_path / "long.wav")


def test_a_timeline_is_the_same_in_every_form(long, tmp_path, capsys):
    timeline = [*QUICK, "--timeline", long]
    assert main([*timeline, "--csv"]) == 0
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    assert main([*timeline, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["file"] == long and len(said["timeline"]) == len(rows) >= 8
    for row, other in zip(rows, said["timeline"], strict=True):
        assert row["emotion"] == other["emotion"] and row["speech"] == str(other["speech"])
        assert float(row["end_s"]) == pytest.approx(other["end_s"], abs=1e-4)
        for emotion, p in (other["probabilities"] or {}).items():
            assert float(row[f"p_{emotion}"]) == pytest.approx(p, abs=2e-4)
    assert main(timeline) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == long and lines[1].split()[:3] == ["start", "end", "emotion"]
    assert len(lines) == len(rows) + 4 and lines[-1].endswith("s of speech in 20 s")
    assert [line.split()[2] for line in lines[2:-2]] == [row["emotion"].split()[0] for row in rows]
    assert main([*timeline, "--png", str(tmp_path / "drawn")]) == 0
    assert (tmp_path / "drawn").read_bytes().startswith(b"\x89PNG")


def test_a_long_recording_gets_shares_of_time_and_no_label(long, wav, capsys):
    assert main([*QUICK, long, wav, "--json"]) == 0
    whole, short = map(json.loads, capsys.readouterr().out.splitlines())
    assert "emotion" not in whole and "emotion" in short
    assert sum(whole["shares"].values()) == pytest.approx(1, abs=1e-3)
    assert whole["seconds"] == 20 and 0 < whole["speech_s"] < 20 and whole["remarks"]
    assert main([*QUICK, long, "--csv"]) == 0
    (row,) = csv.DictReader(capsys.readouterr().out.splitlines())
    assert row["emotion"] == "" and "too long for one label" in row["remarks"]


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """Clips of one's own, and a place of one's own for voices."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return sorted(map(str, (CHECKOUT / "artifacts" / "examples").glob("*.flac")))


def said(capsys, *argv):
    assert main(["predict", "--json", *argv]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_voice_is_enrolled_kept_used_and_forgotten(mine, wav, capsys):
    (alone,), (enrolled,) = said(capsys, wav), said(capsys, "--enrol", *mine, "--", wav)
    assert enrolled["probabilities"] != alone["probabilities"]
    assert main(["predict", "--voice", "anna", "--enrol", *mine]) == 0
    assert capsys.readouterr().out == "kept: anna, of 4 clips\n"
    assert said(capsys, "--voice", "anna", wav) == [enrolled]
    assert said(capsys, "--voice", "anna", "--same-voice", wav, wav) == said(
        capsys, "--enrol", *mine, "--voice", "anna", "--same-voice", "--", wav, wav
    )  # the voice learns on, but what is kept stays as it was made
    assert said(capsys, "--voice", "anna", "--same-voice", wav) != said(capsys, "--same-voice", wav)
    assert said(capsys, "--voice", "anna", wav) == [enrolled]
    assert main(["predict", "--forget", "anna"]) == 0
    capsys.readouterr()
    for argv in (["--voice", "anna", wav], ["--forget", "anna"]):
        assert main(["predict", *argv]) == 2
        assert "Bad voice 'anna', expected one of []" in capsys.readouterr().err


def test_forgetting_stands_alone_and_enrolling_adds_up(mine, wav, capsys):
    once = said(capsys, "--enrol", *mine, "--", wav)
    assert said(capsys, "--enrol", mine[0], "--enrol", *mine[1:], "--", wav) == once
    assert main(["predict", "--voice", "anna", "--enrol", *mine]) == 0
    assert main(["predict", "--forget", "anna", wav]) == 2
    assert "--forget stands alone" in capsys.readouterr().err
    assert said(capsys, "--voice", "anna", wav) == once


def test_a_voice_that_takes_the_place_of_another_is_told(mine, wav, capsys):
    for before in (False, True):
        assert main(["predict", "--voice", "anna", "--enrol", mine[0], "--", wav]) == 0
        assert ("the voice anna is learnt anew" in capsys.readouterr().err) == before


def test_options_may_stand_between_files(wav, capsys):
    assert main([*QUICK, wav, "--csv", wav]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 3
    with pytest.raises(SystemExit):
        main([*QUICK, wav, "-other.wav"])
    assert "is written ./-name" in capsys.readouterr().err


def test_a_picture_is_drawn_where_a_link_leads_and_in_no_place_of_a_device(wav, tmp_path, capsys):
    timeline, link, pipe = [*QUICK, "--timeline", wav, "--png"], tmp_path / "link", tmp_path / "p"
    link.symlink_to(tmp_path / "drawn.png")
    assert main([*timeline, str(link)]) == 0
    assert link.is_symlink() and (tmp_path / "drawn.png").read_bytes().startswith(b"\x89PNG")
    os.mkfifo(pipe)
    with (tmp_path / "out").open("w") as out:
        run = [sys.executable, "-m", "serlib", *timeline, "/proc/self/fd/1"]
        done = subprocess.run(run, stdout=out, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 2 and b"is no file of its own" in done.stderr
    assert main([*timeline, str(pipe)]) == 2 and pipe.is_fifo()
    assert "is no file of its own" in capsys.readouterr().err


@pytest.mark.parametrize("closed", [0, 1, 2])
def test_what_the_shell_closed_is_no_file_of_ours(wav, closed):
    command = [sys.executable, "-m", "serlib", "predict", "--json", wav]
    how = dict(preexec_fn=lambda: os.close(closed), capture_output=True, cwd=CHECKOUT)
    done = subprocess.run(command, **how, check=False)
    assert done.returncode == 0 and (closed == 1 or b'"emotion"' in done.stdout)


def test_a_pipe_is_read_once(wav, capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(Path(wav).read_bytes())))
    assert main([*QUICK, "-", "-"]) == 1
    assert "standard input: is closed, or was read before" in capsys.readouterr().err


def test_a_full_disk_below_standard_output_is_a_sentence(wav):
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "serlib", *QUICK, wav]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 2 and b"No space left" in done.stderr
    assert b"Traceback" not in done.stderr


def test_who_enrols_and_names_no_recording_is_told_how(mine, capsys):
    assert main(["predict", "--enrol", *mine]) == 2
    assert "serlib predict --enrol CLIP... -- FILE..." in capsys.readouterr().err


def test_a_timeline_learns_the_voice_that_it_hears(mine, tmp_path, capsys):
    y = np.concatenate([sf.read(path)[0] for path in mine])
    sf.write(tmp_path / "talk.wav", y, 16000)
    argv = ["--timeline", str(tmp_path / "talk.wav")]
    (plain,), (learnt,) = said(capsys, *argv), said(capsys, *argv, "--same-voice")
    when = [[row["start_s"] for row in found["timeline"]] for found in (plain, learnt)]
    assert when[0] == when[1]
    assert plain["timeline"] != learnt["timeline"]


def test_options_of_the_timeline_that_do_not_fit_are_told(long, wav, capsys):
    for arguments, says in {
        ("--timeline", wav, long, "--png", "a.png"): "expected one recording, found 2",
        (wav, "--png", "a.png"): "--timeline FILE --png",
        ("--timeline", wav, "--same-voice"): "only `any_voice` learns a voice by the way",
        ("--timeline", wav, "--strict"): "does not take --strict",
        ("--timeline", "none.wav"): "no such file",
        ("--timeline", wav, "--png", "/proc/a.png"): "cannot be written",
        ("--timeline", "--png", wav, long): "is called as a recording",
    }.items():
        assert main([*QUICK, *arguments]) == 2
        assert says in capsys.readouterr().err


def test_listening_without_a_microphone_says_what_to_do(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    assert main(["listen", "--system", "mfcc_cnn"]) == 2
    assert "--simulate FILE" in capsys.readouterr().err


def test_a_recording_is_listened_to_as_it_is_played(wav, capsys):
    assert main(["listen", "--system", "mfcc_cnn", "--simulate", wav]) == 0
    assert "s of speech in" in capsys.readouterr().out


def test_a_cluster_prints_what_this_machine_does(wav, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("b.wav").write_bytes(b"no sound")
    asked = [*QUICK, "--json", "a.wav", "b.wav", wav]
    assert main(asked) == 1
    here = capsys.readouterr()
    monkeypatch.setenv(CLUSTER, "")  # so that it is as it was afterwards
    with LocalCluster(n_workers=1, threads_per_worker=2, dashboard_address=None) as cluster:
        assert main([*asked, "--dask", cluster.scheduler_address]) == 1
    there = capsys.readouterr()
    assert there.out == here.out and there.err == here.err and "b.wav" in here.err


@pytest.mark.parametrize("option", [["--timeline"], ["--same-voice"], ["--voice", "anna"]])
def test_what_a_cluster_would_pass_over_is_refused(wav, option, capsys, monkeypatch):
    monkeypatch.setenv(CLUSTER, "")
    assert main(["predict", wav, wav, *option, "--dask", "tcp://127.0.0.1:9"]) == 2
    assert f"--dask does not take {option[0]}" in capsys.readouterr().err


def test_a_bundle_that_knows_a_voice_answers_here(wav, monkeypatch):
    """A cluster opens the bundle by its name, and would not know the voice."""
    monkeypatch.setenv(CLUSTER, "tcp://127.0.0.1:9")  # where nobody is
    bundle = inference.EnrolledSpeaker(inference.open_bundle(), [wav]).bundle
    found = answers.predict_files([wav, wav], bundle, named=("any_voice", ""))
    assert [answer.emotion in EMOTIONS for _, answer in found] == [True, True]
