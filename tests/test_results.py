import json

import numpy as np
import pandas as pd
import pytest

from serlib import evaluation, results
from serlib.errors import TableError
from serlib.project import ARTIFACTS

SHIPPED = ARTIFACTS / "predictions"


def predictions(right, n=40):
    """Two speakers' clips of two emotions, the first `right` of each emotion recognised."""
    emotion = np.repeat(["happy", "sad"], n // 2)
    known = np.tile(np.arange(n // 2) < right, 2)
    predicted = np.where(known, emotion, np.where(emotion == "sad", "happy", "sad"))
    ids = [f"ravdess:{i:02d}" for i in range(n)]
    speaker = np.where(np.arange(n) % 2, "ravdess:01", "ravdess:02")
    return pd.DataFrame(
        dict(clip_id=ids, corpus="ravdess", speaker=speaker, emotion=emotion, predicted=predicted)
    )


def test_the_figure_of_several_seeds_is_their_mean():
    tables = {("s", "d", "clips", k): predictions(right) for k, right in enumerate((10, 14, 18))}
    (row,) = results.summarise(tables).to_dict("records")
    assert row["seeds"] == 3 and row["n"] == 40
    assert row["uar"] == pytest.approx((10 + 14 + 18) / 60)
    assert (row["uar_min"], row["uar_max"]) == pytest.approx((10 / 20, 18 / 20))
    assert row["uar_low"] <= row["uar"] <= row["uar_high"]


def test_one_seed_has_the_figures_of_evaluation():
    table = predictions(13)
    (row,) = results.summarise({("s", "d", "clips", 0): table}).to_dict("records")
    expected = evaluation.scores(table, rng=np.random.default_rng(0))
    assert {name: row[name] for name in expected} == pytest.approx(expected)


def test_missing_predictions_name_the_command(tmp_path):
    with pytest.raises(TableError, match=r"serlib run --only 05 -p SYSTEM cnn_lstm -p TRAIN all"):
        results.read(("cnn_lstm", "ravdess", "clips", 0), tmp_path)
    assert results.saved([("cnn_lstm", "ravdess", "clips", 0)], tmp_path) == {}


@pytest.mark.parametrize(
    "path", sorted((ARTIFACTS / "metrics").glob("*.json")), ids=lambda p: p.stem
)
def test_the_shipped_metrics_are_those_of_the_shipped_predictions(path):
    stated = pd.DataFrame(json.loads(path.read_text())["results"])
    wanted = set(stated[["system", "data", "protocol"]].itertuples(index=False, name=None))
    keys = [key for key in results.keys_in(SHIPPED) if key[:3] in wanted]
    computed = results.ordered(results.summarise(results.saved(keys, SHIPPED)))
    pd.testing.assert_frame_equal(stated[computed.columns], computed, check_dtype=False)


def test_a_synthetic_runs_figures_stand_apart_a_real_runs_join_the_shipped():
    own = {("cnn_lstm", "ravdess", "clips", 0): predictions(10)}
    shipped = {("cnn_lstm", "ravdess", "clips", k): predictions(14) for k in (0, 1)}
    real = results.table_of(own, shipped, "")
    assert real.seeds.to_list() == [2] and real.uar[0] == pytest.approx((10 + 14) / 40)
    synthetic = results.table_of(own, shipped, "synthetic")
    assert synthetic.notice.to_list() == ["synthetic", ""] and synthetic.seeds.to_list() == [1, 2]
    assert len(results.table_of(own, {}, "synthetic")) == 1
