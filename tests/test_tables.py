import json

import numpy as np
import pandas as pd
import pytest

from serlib import tables
from serlib.errors import TableError
from serlib.features import FEATURE_COLUMNS, Means
from serlib.index import index_clips
from serlib.project import ROOT


@pytest.fixture
def table(tmp_path):
    """A features table of three clips, written; returns (path, rows)."""
    rng = np.random.default_rng(0)
    rows = [
        (f"tess:OAF_{word}_sad", f"OAF_{word}_sad.wav", "tess", "tess:OAF", "sad", variant)
        for word in ("back", "bean", "dog")
        for variant in ("noise", "original", "stretch_pitch")
    ]
    frame = pd.DataFrame(rows, columns=tables.KEY_COLUMNS)
    values = pd.DataFrame(rng.standard_normal((9, 162)), columns=FEATURE_COLUMNS)
    frame = pd.concat([frame, values.astype(np.float32)], axis=1)
    path = tmp_path / "features.csv"
    tables.write_features(frame, path, Means(), seed=0)
    return path, frame


def rewrite(path, change):
    """Change a written table and keep its checksum right."""
    frame = change(pd.read_csv(path))
    frame.to_csv(path, index=False)
    about = json.loads(path.with_suffix(".json").read_text())
    path.with_suffix(".json").write_text(json.dumps(about | {"sha256": tables.sha256(path)}))


def test_what_is_written_is_read_back_to_six_digits(table):
    path, frame = table
    read = tables.read_features(path)
    assert read[tables.KEY_COLUMNS].equals(frame[tables.KEY_COLUMNS])
    np.testing.assert_allclose(read[FEATURE_COLUMNS], frame[FEATURE_COLUMNS], rtol=1e-5)


def test_writing_is_byte_stable_whatever_the_order(table, tmp_path):
    path, frame = table
    other = tmp_path / "other.csv"
    tables.write_features(frame.sample(frac=1, random_state=1), other, Means(), seed=0)
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
    with pytest.raises(TableError, match=f"(?s)features.csv.*{says}.*serlib run --only 03"):
        tables.read_features(path)


def test_other_settings_other_versions_and_edits_are_refused(table):
    path, _ = table
    with pytest.raises(TableError, match="made with other settings"):
        tables.read_features(path, Means(duration=3.0))
    about = json.loads(path.with_suffix(".json").read_text())
    path.with_suffix(".json").write_text(json.dumps(about | {"versions": {"librosa": "0.9"}}))
    with pytest.raises(TableError, match="made with other versions"):
        tables.read_features(path)
    path.with_suffix(".json").write_text(json.dumps(about))
    path.write_text(path.read_text().replace("0.", "1.", 1))
    with pytest.raises(TableError, match="changed after it was made"):
        tables.read_features(path)
    path.with_suffix(".json").unlink()
    with pytest.raises(TableError, match=r"features\.json, is missing"):
        tables.read_features(path)


def test_what_is_no_table_is_refused(tmp_path):
    with pytest.raises(TableError, match="no such table"):
        tables.read_features(tmp_path / "none.csv")
    (tmp_path / "x.csv").write_bytes(b"\xff\xfe\x00RIFF")
    with pytest.raises(TableError, match=r"is no CSV table|lacks the column"):
        tables.read_clips(tmp_path / "x.csv")


def test_clips_are_written_sorted_and_read_back(corpus, tmp_path):
    clips, _ = index_clips(corpus, n_jobs=1)
    tables.write_clips(clips.sample(frac=1, random_state=0), tmp_path / "emotion_path.csv")
    assert tables.read_clips(tmp_path / "emotion_path.csv").equals(clips)


def test_the_shipped_tables_are_whole():
    clips = tables.read_clips(ROOT / "emotion_path.csv")
    features = tables.read_features(ROOT / "features.csv")
    assert len(clips) == 5252 and len(features) == 12720
    counts = clips.groupby(["corpus", "channel"]).size().to_dict()
    assert counts == {
        ("ravdess", "speech"): 1440,
        ("ravdess", "song"): 1012,
        ("tess", "speech"): 2800,
    }
    assert set(features.clip_id) == set(clips[clips.channel == "speech"].clip_id)
    assert (features.groupby("clip_id").size() == 3).all()
