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
