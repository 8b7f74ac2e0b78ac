import os
import shutil

import numpy as np
import pandas as pd
import pytest

from serlib import demo, tables
from serlib.features import FEATURE_COLUMNS, Means
from serlib.project import Run, data_folder, open_run


def test_a_clip_table_of_another_data_root_is_made_anew(corpus, tmp_path):
    out, other = tmp_path / "out", tmp_path / "other"
    first = Run(corpus, out, demo=False).clips()
    (other / "nested").mkdir(parents=True)
    for path in first.path[:5]:
        (other / "nested" / path.split("/")[-1]).write_bytes((corpus / path).read_bytes())
    assert len(Run(other, out, demo=False).clips()) == 5
    assert len(Run(other, out, demo=False).clips()) == 5


def test_a_clip_that_came_or_changed_since_is_in_the_clip_table(corpus, tmp_path):
    run = Run(corpus, tmp_path / "out", demo=False)
    first, written = run.clips(), (run.out / "emotion_path.csv").stat().st_mtime_ns
    assert run.clips().equals(first)
    assert (run.out / "emotion_path.csv").stat().st_mtime_ns == written  # nothing was read again
    path = corpus / first.path[0]
    before = path.stat()
    path.write_bytes((corpus / first.path[1]).read_bytes())
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))  # as a copy that keeps its times
    assert run.clips().audio_md5[0] == first.audio_md5[1] != first.audio_md5[0]
    shutil.copy(path, path.with_name("03-01-08-02-02-02-24.wav"))
    assert len(run.clips()) == len(first) + 1


def test_features_of_recordings_are_not_called_synthetic_once_the_audio_has_gone(corpus, tmp_path):
    """A later run of notebook 04 finds only the demo corpus, but the tables are real."""
    out = tmp_path / "out"
    clips = Run(corpus, out, demo=False).clips()
    rows = clips[tables.KEY_COLUMNS[:-1]].assign(variant="original")
    values = pd.DataFrame(np.ones((len(rows), 162)), columns=FEATURE_COLUMNS)
    tables.write_features(pd.concat([rows, values], axis=1), out / "features.csv", Means(), 0)
    assert Run(tmp_path / "elsewhere", out, demo=True).tables()[2] == ""
    assert Run(corpus, out, demo=True).tables()[2] == demo.NOTICE
    (tmp_path / "other").mkdir()  # real, and not what these tables are of
    assert len(Run(tmp_path / "other", out, demo=False).tables()[0]) > len(clips)


@pytest.mark.parametrize(("named", "variable"), [("a", "b"), ("", "b"), ("", "")])
def test_the_data_root_is_the_named_folder_else_the_variable_else_data(
    monkeypatch, named, variable
):
    monkeypatch.setenv("SER_DATA", variable)
    assert data_folder(named).name == (named or variable or "data")


def test_a_real_corpus_is_no_demo(corpus):
    run = open_run(str(corpus))
    assert not run.demo and run.notice == "" and run.out.name == "default"
