import numpy as np
import pandas as pd
import pytest

from serlib import evaluation
from serlib.systems import Key

CLIPS = Key("cnn_lstm", "ravdess", "clips")


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
    tables = {CLIPS._replace(seed=k): predictions(right) for k, right in enumerate((10, 14, 18))}
    (row,) = evaluation.summarise(tables).to_dict("records")
    assert row["seeds"] == 3 and row["n"] == 40 and row["emotions"] == 2
    assert row["uar"] == pytest.approx((10 + 14 + 18) / 60)
    assert (row["uar_min"], row["uar_max"]) == pytest.approx((10 / 20, 18 / 20))
    assert row["uar_low"] <= row["uar"] <= row["uar_high"]


def test_one_seed_has_the_figures_of_its_score():
    table = predictions(13)
    (row,) = evaluation.summarise({CLIPS: table}).to_dict("records")
    expected = evaluation.score(table, rng=np.random.default_rng(0))
    assert {name: row[name] for name in expected} == pytest.approx(expected)


def test_corpora_trained_on_stand_apart():
    """A recall over folds of different training corpora would be of no model at all."""
    parts = [predictions(right).assign(fold=c) for right, c in ((10, "tess"), (16, "savee"))]
    across = CLIPS._replace(protocol="corpora")
    tables = {across._replace(seed=k): pd.concat(parts) for k in (0, 1)}
    tables[CLIPS] = predictions(12).assign(fold=0)
    rows = evaluation.summarise(tables).set_index("trained_on")
    assert rows.uar.to_dict() == pytest.approx({"tess": 0.5, "savee": 0.8, "": 0.6})
    assert rows.seeds.to_dict() == {"tess": 2, "savee": 2, "": 1} and set(rows.n) == {40}


def test_a_synthetic_runs_figures_stand_apart_a_real_runs_replace_the_shipped():
    own = {CLIPS: predictions(10)}
    shipped = {CLIPS._replace(seed=k): predictions(14) for k in (0, 1)}
    real = evaluation.table_of(own, shipped, "")
    # Seeds of two origins are no mean: they may be of other clips, or other numbers of epochs.
    assert real.seeds.to_list() == [1] and real.uar[0] == pytest.approx(10 / 20)
    synthetic = evaluation.table_of(own, shipped, "synthetic")
    assert synthetic.notice.to_list() == ["synthetic", ""] and synthetic.seeds.to_list() == [1, 2]
    assert len(evaluation.table_of(own, {}, "synthetic")) == 1


def test_results_stand_in_the_order_of_systems_and_from_leaky_to_honest():
    keys = [CLIPS._replace(system="best"), CLIPS._replace(protocol="speakers"), CLIPS]
    keys.append(Key("conv1d", "ravdess_tess", "rows"))
    table = evaluation.ordered(evaluation.summarise({key: predictions(9) for key in keys}))
    assert list(table.system) == ["conv1d", "cnn_lstm", "cnn_lstm", "best"]
    assert list(table.protocol) == ["rows", "clips", "speakers", "clips"]
    keys = [CLIPS._replace(system="any_voice_clean"), CLIPS]  # an ingredient, which is no system
    table = evaluation.ordered(evaluation.summarise({key: predictions(9) for key in keys}))
    assert list(table.system) == ["cnn_lstm", "any_voice_clean"]


def test_a_reader_sees_each_figure_with_its_interval():
    table = evaluation.summarise({CLIPS: predictions(10)}).assign(notice="")
    (row,) = evaluation.readable(table).to_dict("records")
    assert row["UAR"].startswith("0.500") and row["system"] == "cnn_lstm" and row["seeds"] == 1
