"""Your own recordings: folders, tables from anywhere, and the worst that can be in them."""

import shutil
import unicodedata
from pathlib import Path

import pytest

from serlib.corpora import EMOTIONS, completeness, index_clips, open_run, parse
from serlib.corpora.emotions import emotion_of
from serlib.corpora.own import LABELS, labels_in
from serlib.errors import CorpusError
from serlib.paths import Project
from tests.conftest import write_clip


def clips_in(root):
    clips, problems = index_clips(root, n_jobs=1)
    return clips.set_index("path"), dict(zip(problems.path, problems.problem, strict=True))


@pytest.mark.parametrize(
    ("word", "emotion"),
    [
        *(("anger", "angry"), ("ANG", "angry"), ("fearful", "fear"), ("ps", "surprise")),
        *(("neutrality", "neutral"), ("Happiness", "happy"), ("DIS", "disgust"), ("Sad", "sad")),
        *(("pleasant surprise", "surprise"), ("bored", "boredom"), ("Calm", "calm")),
        *(("music", None), ("", None), ("wav", None)),
    ],
)
def test_emotions_in_the_usual_spellings(word, emotion):
    assert emotion_of(word) == emotion and emotion in (None, *EMOTIONS)


@pytest.mark.parametrize(
    ("path", "speaker", "emotion"),
    [
        ("angry/x.wav", "own:unknown", "angry"),
        ("anna/happy/y.m4a", "own:anna", "happy"),
        ("Happiness/ben/z.wav", "own:ben", "happy"),
        ("mine/Anna/ANG/01.wav", "own:Anna", "angry"),
    ],
)
def test_folders_say_emotion_and_speaker(path, speaker, emotion):
    facts = parse(path)
    assert (facts["corpus"], facts["speaker"], facts["emotion"]) == ("own", speaker, emotion)
    assert facts["clip_id"] == "own:" + path.rsplit(".", 1)[0]


def test_a_name_of_a_known_corpus_is_of_that_corpus():
    assert parse("angry/03-01-03-01-01-01-02.wav")["corpus"] == "ravdess"
    assert parse("somewhere/x.wav") is None


def test_a_folder_per_emotion_is_a_corpus(tmp_path):
    for k, (who, emotion) in enumerate([("anna", "happy"), ("ben", "sad"), ("ben", "ANG")]):
        write_clip(tmp_path / who / emotion / "1.wav", seed=k)
    clips, problems = clips_in(tmp_path)
    assert list(clips.speaker) == ["own:anna", "own:ben", "own:ben"] and not problems
    (line,) = completeness(clips.reset_index())
    assert "3 clips of angry, happy, sad; 2 speakers known" in line and "cannot" not in line


EXCEL = (
    "\ufeffDatei;Path;Emotion;Speaker;Gender\r\n1;rec\\a.wav;Anger;anna;f\r\n\r\n2;b.wav;SAD;;\r\n"
)


@pytest.mark.parametrize(
    "content",
    [
        EXCEL.encode(),
        EXCEL.encode("utf-16"),
        b"path,emotion,speaker,gender\nrec/a.wav,anger,anna,female\nb.wav,sadness,,\n",
        b"file\tlabel\tactor\tsex\nrec/a.wav\tANG\tanna\tF\nb.wav\tsad\t\t\n",
    ],
    ids=["excel", "utf-16", "commas", "tabs"],
)
def test_a_table_from_anywhere_is_read(tmp_path, content):
    write_clip(tmp_path / "rec" / "a.wav", seed=1)
    write_clip(tmp_path / "b.wav", seed=2)
    write_clip(tmp_path / "03-01-03-01-01-01-02.wav", seed=3)  # a name alone says nothing here
    (tmp_path / "labels.csv").write_bytes(content)
    clips, problems = clips_in(tmp_path)
    assert list(clips.emotion[["b.wav", "rec/a.wav"]]) == ["sad", "angry"]
    assert list(clips.speaker[["b.wav", "rec/a.wav"]]) == ["own:unknown", "own:anna"]
    assert clips.gender["rec/a.wav"] == "female"
    assert problems == {"03-01-03-01-01-01-02.wav": "it is not in labels.csv"}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("path,emotion\na.wav,hungry\nb.wav,sleepy\n", r"\['hungry', 'sleepy'\]; known are afraid"),
        ("name,feeling\na.wav,sad\n", "no column 'path'"),
        ("path,mood\na.wav,sad\n", r"no column 'emotion', only \['path', 'mood'\]"),
        ("path,emotion\na.wav,sad\n./a.wav,sad\n", "lists a.wav twice"),
        ("", "no column 'path'"),
        ("path,emotion\n" + "x" * 200_000 + ",happy\n", "is no table of text"),
        ("path,emotion\n,happy\n", "has a line with an emotion and no path"),
    ],
)
def test_what_is_wrong_with_a_table_is_a_sentence(tmp_path, content, says):
    write_clip(tmp_path / "a.wav")
    (tmp_path / "labels.csv").write_text(content)
    with pytest.raises(CorpusError, match=says):
        index_clips(tmp_path, n_jobs=1)


def test_a_listed_file_that_is_missing_is_named_and_the_others_are_used(tmp_path):
    write_clip(tmp_path / "a.wav")
    (tmp_path / "labels.csv").write_text("path,emotion\na.wav,sad\nlost.wav,happy\n")
    clips, problems = clips_in(tmp_path)
    assert list(clips.index) == ["a.wav"]
    assert problems == {"lost.wav": "is in labels.csv, and not here"}


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_names_with_accents_stay_apart_and_are_found_however_they_are_written(tmp_path, encoding):
    speakers = ("J\u00f6rg", "J\u00e4rg", "J\u00fcrg")
    table = "path;emotion;speaker\n"
    for n, speaker in enumerate(speakers):
        table += f"{speaker}.wav;sad;{speaker}\n"
        on_disk = unicodedata.normalize("NFD" if n else "NFC", f"{speaker}.wav")  # as macOS
        write_clip(tmp_path / on_disk, seed=n)
    (tmp_path / "labels.csv").write_bytes(table.encode(encoding))
    clips, problems = clips_in(tmp_path)
    assert sorted(clips.speaker) == sorted(f"own:{name}" for name in speakers)
    assert not problems and open_run(str(tmp_path)).data == tmp_path


def test_files_of_one_name_are_clips_of_their_own_where_a_table_lists_them(tmp_path):
    for n, name in enumerate(("clip.wav", "clip.flac")):
        write_clip(tmp_path / name, seed=n)
        write_clip(tmp_path / "folders" / "angry" / name, seed=n)
    (tmp_path / "labels.csv").write_text("path,emotion\nclip.wav,sad\nclip.flac,happy\n")
    clips, _ = clips_in(tmp_path)
    assert clips.emotion.to_dict() == {"clip.wav": "sad", "clip.flac": "happy"}
    assert clips.clip_id.nunique() == 2
    clips, problems = clips_in(tmp_path / "folders")
    assert list(clips.index) == ["angry/clip.flac"]
    assert "its name is that of angry/clip.flac" in problems["angry/clip.wav"]


def test_a_table_that_lists_none_of_the_files_is_told_of(tmp_path):
    write_clip(tmp_path / "a.wav")
    (tmp_path / "labels.csv").write_text("path,emotion\nelsewhere/a,sad\n")
    with pytest.raises(CorpusError, match=r"none of the 1 files .* as elsewhere/a\. Paths"):
        open_run(str(tmp_path))


def test_one_recording_under_two_emotions_is_left_out(tmp_path):
    for emotion in ("happy", "angry"):
        write_clip(tmp_path / emotion / "1.wav", seed=1)
        write_clip(tmp_path / emotion / "2.wav", seed=ord(emotion[0]))
    clips, problems = clips_in(tmp_path)
    assert list(clips.index) == ["angry/2.wav", "happy/2.wav"]
    assert problems["happy/1.wav"].endswith("another emotion than happy")


def test_one_speaker_is_said_to_be_too_few(tmp_path):
    write_clip(tmp_path / "happy" / "1.wav")
    clips, _ = clips_in(tmp_path)
    (line,) = completeness(clips.reset_index())
    assert "0 speakers known" in line and "anna/happy/x.wav" in line


def test_a_run_takes_the_folder_and_refuses_another_with_what_is_expected(tmp_path):
    project = Project(tmp_path, tmp_path / "cache")
    write_clip(tmp_path / "mine" / "happy" / "1.wav")
    write_clip(tmp_path / "other" / "holiday" / "1.wav")
    assert not open_run(str(tmp_path / "mine"), project=project).demo
    with pytest.raises(CorpusError, match=r"no folder called as an emotion .*labels\.csv"):
        open_run(str(tmp_path / "other"), project=project)


def test_folders_behind_links_are_searched_once(tmp_path):
    write_clip(tmp_path / "elsewhere" / "happy" / "1.wav")
    root = tmp_path / "data"
    root.mkdir()
    (root / "anna").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "loop").symlink_to(root)
    (root / "ben").symlink_to(tmp_path / "elsewhere")
    clips, problems = clips_in(root)
    assert len(clips) == 1 and clips.index[0].endswith("/happy/1.wav") and not problems
    shutil.rmtree(tmp_path / "elsewhere")
    with pytest.raises(CorpusError):
        index_clips(root, n_jobs=1)


def test_of_two_columns_of_a_name_the_first_counts(tmp_path):
    write_clip(tmp_path / "a.wav")
    (tmp_path / "labels.csv").write_text("path,emotion,speaker,emotion\na.wav,happy,anna,sad\n")
    clips, _ = clips_in(tmp_path)
    assert clips.emotion["a.wav"] == "happy" and clips.speaker["a.wav"] == "own:anna"


def test_a_table_that_cannot_be_read_is_told(tmp_path, monkeypatch):
    (tmp_path / LABELS).write_text("path,emotion\n")

    def refused(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_bytes", refused)
    with pytest.raises(CorpusError, match=r"labels.csv: cannot be read \(Permission denied\)"):
        labels_in(tmp_path)
