"""The features table: read back as written, and refused where it is not what the code makes."""

import json

import numpy as np
import pandas as pd
import pytest

from serlib.corpora import clips_of, read_clips, write_demo
from serlib.corpora.demo import NOTICE
from serlib.errors import TableError
from serlib.features import (
    FEATURE_COLUMNS,
    KEY_COLUMNS,
    Means,
    read_features,
    tables_of,
    write_features,
)
from serlib.files import sha256
from serlib.paths import Project, Run

REMAKE = "serlib run --only feature_extraction"


@pytest.fixture
def table(tmp_path):
    """A features table of three clips, written; returns (path, rows)."""
    rng = np.random.default_rng(0)
    rows = [
        (f"tess:OAF_{word}_sad", f"OAF_{word}_sad.wav", "tess", "tess:OAF", "sad", variant)
        for word in ("back", "bean", "dog")
        for variant in ("noise", "original", "stretch_pitch")
    ]
    frame = pd.DataFrame(rows, columns=KEY_COLUMNS)
    values = pd.DataFrame(rng.standard_normal((9, 162)), columns=FEATURE_COLUMNS)
    frame = pd.concat([frame, values.astype(np.float32)], axis=1)
    path = tmp_path / "features.csv"
    write_features(frame, path, Means(), seed=0)
    return path, frame


def rewrite(path, change):
    """Change a written table and keep its checksum right."""
    frame = change(pd.read_csv(path))
    frame.to_csv(path, index=False)
    about = json.loads(path.with_suffix(".json").read_text())
    path.with_suffix(".json").write_text(json.dumps(about | {"sha256": sha256(path)}))


def test_what_is_written_is_read_back_to_six_digits(table):
    path, frame = table
    read = read_features(path)
    assert read[KEY_COLUMNS].equals(frame[KEY_COLUMNS])
    np.testing.assert_allclose(read[FEATURE_COLUMNS], frame[FEATURE_COLUMNS], rtol=1e-5)


def test_writing_is_byte_stable_whatever_the_order(table, tmp_path):
    path, frame = table
    other = tmp_path / "other.csv"
    write_features(frame.sample(frac=1, random_state=1), other, Means(), seed=0)
    assert other.read_bytes() == path.read_bytes()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda t: t.drop(columns="mfcc_03"), "lacks the column 'mfcc_03'"),
        (lambda t: t.assign(rms=np.nan), "not finite"),
        (lambda t: t.assign(rms=np.inf), "not finite"),
        (lambda t: t.assign(rms="loud"), "not finite"),
        (lambda t: t.assign(emotion="angy"), "bad emotion 'angy', expected one of"),
        (lambda t: t.assign(variant="reversed"), "bad variant 'reversed', expected one of"),
        (lambda t: pd.concat([t, t.tail(1)]), "twice"),
    ],
)
def test_a_bad_table_is_refused_with_the_command_that_repairs_it(table, change, says):
    path, _ = table
    rewrite(path, change)
    with pytest.raises(TableError, match=f"(?s)features.csv.*{says}.*{REMAKE}"):
        read_features(path)


def test_other_settings_other_versions_and_edits_are_refused(table):
    path, _ = table
    with pytest.raises(TableError, match="made with other settings"):
        read_features(path, Means(duration=3.0))
    about = json.loads(path.with_suffix(".json").read_text())
    path.with_suffix(".json").write_text(json.dumps(about | {"versions": {"librosa": "0.9"}}))
    with pytest.raises(TableError, match="made with other versions"):
        read_features(path)
    path.with_suffix(".json").write_text(json.dumps(about))
    path.write_text(path.read_text().replace("0.", "1.", 1))
    with pytest.raises(TableError, match="changed after it was made"):
        read_features(path)
    path.with_suffix(".json").unlink()
    with pytest.raises(TableError, match=r"features\.json, is missing"):
        read_features(path)


def test_a_table_of_older_code_is_refused_with_the_command_that_remakes_it(table):
    class Newer(Means):
        version = Means.version + 1

    path, _ = table
    with pytest.raises(TableError, match=f"made with other settings.*{REMAKE}"):
        read_features(path, Newer())
    assert len(read_features(path, Means())) == 9


def test_what_is_no_table_is_refused(tmp_path):
    with pytest.raises(TableError, match=f"no such table.*{REMAKE}"):
        read_features(tmp_path / "none.csv")


@pytest.fixture
def run(corpus, tmp_path):
    """A run with a features table of its own, and a project with another."""
    project = Project(tmp_path / "project", tmp_path / "cache")
    run = Run(project, corpus, tmp_path / "out")
    clips = clips_of(run)
    for rows, folder in ((clips, run.out), (clips.head(3), project.root)):
        folder.mkdir(exist_ok=True)
        rows.to_csv(folder / "emotion_path.csv", index=False)
        keys = rows[KEY_COLUMNS[:-1]].assign(variant="original")
        values = pd.DataFrame(np.ones((len(rows), 162)), columns=FEATURE_COLUMNS)
        table = pd.concat([keys, values], axis=1)
        write_features(table, folder / "features.csv", Means(), 0)
    return run


def test_a_run_has_tables_of_its_own_else_the_shipped_ones(run):
    clips, features, notice = tables_of(run)
    assert len(clips) == len(features) == 60 and notice == ""
    (run.out / "features.csv").unlink()
    clips, features, _ = tables_of(run)
    assert len(clips) == len(features) == 3


def test_features_of_recordings_that_changed_since_are_refused(run):
    clips = read_clips(run.out / "emotion_path.csv")
    clips.loc[0, "audio_md5"] = "another"
    clips.to_csv(run.out / "emotion_path.csv", index=False)
    with pytest.raises(TableError, match=rf"the recordings have changed since .*{REMAKE}"):
        tables_of(run)


def test_features_of_recordings_are_not_called_synthetic_once_the_audio_has_gone(run, tmp_path):
    """A later run finds only the demo corpus, but the tables are real."""
    gone = Run(run.project, tmp_path / "elsewhere", run.out, NOTICE)
    clips, _, notice = tables_of(gone)
    assert len(clips) == 60 and notice == ""
    assert tables_of(Run(run.project, run.data, run.out, NOTICE))[2] == NOTICE
    demo = write_demo(tmp_path / "demo", actors=(), words=())
    assert len(tables_of(Run(run.project, demo, run.out))[0]) == 60
    (tmp_path / "other").mkdir()  # real, and not what these tables are of
    with pytest.raises(TableError, match=rf"other: no features of its .*{REMAKE}"):
        tables_of(Run(run.project, tmp_path / "other", run.out))


def test_the_shipped_tables_are_whole():
    root = Project.here().root
    clips, features = read_clips(root / "emotion_path.csv"), read_features(root / "features.csv")
    assert len(features) == 12720
    assert set(features.clip_id) == set(clips[clips.channel == "speech"].clip_id)
    assert (features.groupby("clip_id").size() == 3).all()


@pytest.mark.parametrize("content", ["3", "null", "[" * 100_000])
def test_settings_that_are_no_settings_are_refused(table, content):
    path, _ = table
    path.with_suffix(".json").write_text(content)
    with pytest.raises(TableError, match=r"features\.json, is missing or damaged"):
        read_features(path)
