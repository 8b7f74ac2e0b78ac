import numpy as np
import pandas as pd
import pytest

from serlib.corpora import classes_of
from serlib.evaluation import findings
from serlib.systems import Key

FIGURES = dict(uar_low=0.0, uar_high=1.0)
COLUMNS = ["system", "data", "protocol", "corpus", "uar", "seeds"]


def results(*rows):
    table = pd.DataFrame([(*row, 3) for row in rows], columns=COLUMNS)
    emotions = table.data.map(lambda data: len(classes_of(data)))
    return table.assign(trained_on="", emotions=emotions, **FIGURES)


def answers(right, corpus="ravdess", n=80, speakers=8):
    """Clips of two emotions, the first `right` of every ten recognised."""
    k = np.arange(n)
    emotion = np.where(k % 20 < 10, "happy", "sad")
    other = np.where(emotion == "sad", "happy", "sad")
    ids = [f"{corpus}:{i:03d}" for i in k]
    who = [f"{corpus}:{i // 20 % speakers:02d}" for i in k]
    predicted = np.where(k % 10 < right, emotion, other)
    return pd.DataFrame(
        dict(clip_id=ids, corpus=corpus, speaker=who, emotion=emotion, predicted=predicted, fold=0)
    )


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_falls_are_shares_of_what_is_possible_best_on_new_speakers_first():
    table = findings.falls(
        results(
            ("majority", "ravdess", "clips", "ravdess", 1 / 8),
            ("majority", "ravdess", "speakers", "ravdess", 1 / 8),
            ("mfcc_cnn", "ravdess5", "clips", "ravdess", 1.0),
            ("mfcc_cnn", "ravdess5", "speakers", "ravdess", 0.6),
            ("mfcc_cnn", "tess", "speakers", "tess", 0.9),
            ("means_svm", "ravdess", "clips", "ravdess", 0.4),  # under one protocol alone
            ("conv1d_published", "ravdess_tess", "rows", "ravdess", 0.9),
        )
    )
    assert [*table.index] == ["mfcc_cnn", "majority"] and [*table] == ["clips", "speakers"]
    np.testing.assert_allclose(table, [[1, 0.5], [0, 0]], atol=1e-12)


def test_systems_side_by_side_on_the_first_data_of_each_protocol():
    table = findings.side_by_side(
        results(
            ("best", "ravdess", "clips", "ravdess", 0.9),
            ("best", "ravdess", "speakers", "ravdess", 0.7),
            ("conv1d", "ravdess_tess", "clips", "ravdess", 0.6),
            ("conv1d", "ravdess7", "speakers", "ravdess", 0.8),
            ("mfcc_cnn", "ravdess5", "clips", "ravdess", 0.5),
            ("mfcc_cnn", "ravdess", "clips", "ravdess", 0.4),
        )
    )
    assert [*table.index] == ["conv1d", "best", "mfcc_cnn"]
    assert [*table.emotions] == [7, 8, 5]
    assert table.clips["mfcc_cnn"].startswith("0.500") and table.speakers["mfcc_cnn"] == "–"


def test_a_difference_is_noise_below_four_points_whatever_its_p(rng):
    first = answers(8, n=1600, speakers=24)
    near = first.assign(predicted=first.predicted.mask(first.index % 50 == 0, "calm"))
    far, elsewhere = answers(2, n=1600, speakers=24), answers(8)
    table = findings.versus(first, dict(near=near, far=far, elsewhere=elsewhere), rng=rng)
    assert [*table.index] == ["near", "far"]  # other clips are not compared
    assert table.verdict.to_dict() == dict(near="noise", far="differs")
    assert table.difference["far"] == pytest.approx(0.6)
    assert (table["p (Holm)"] >= table.p).all() and table["p (Holm)"]["near"] < 0.05


def test_networks_stand_beside_the_baseline_on_their_own_data():
    table = findings.beside_baseline(
        results(
            ("functionals_logreg", "ravdess", "speakers", "ravdess", 0.6),
            ("functionals_logreg", "ravdess5", "speakers", "ravdess", 0.5),
            ("means_svm", "ravdess", "speakers", "ravdess", 0.3),
            ("cnn_lstm", "ravdess", "speakers", "ravdess", 0.4),
            ("mfcc_cnn", "ravdess5", "speakers", "ravdess", 0.7),
            ("mfcc_cnn", "ravdess5", "clips", "ravdess", 0.9),
            ("cnn_lstm_tess", "ravdess_tess", "speakers", "ravdess", 0.9),  # no baseline there
        ),
        "functionals_logreg",
    )
    assert table.set_index("system").ahead.round(3).to_dict() == dict(cnn_lstm=-0.2, mfcc_cnn=0.2)
    assert [*table.system] == ["cnn_lstm", "mfcc_cnn"]


def test_seeds_are_put_together_by_system():
    keys = [Key("best", "ravdess", "speakers", k) for k in range(2)]
    keys += [Key("best", "tess", "speakers"), Key("majority", "ravdess", "speakers")]
    tables = findings.all_seeds({key: answers(5) for key in keys}, "ravdess", "speakers")
    assert {name: len(table) for name, table in tables.items()} == dict(best=160, majority=80)


def test_of_speech_and_song_the_spoken_clips_alone():
    both = pd.concat([answers(8), answers(0).assign(clip_id=lambda t: "sung" + t.clip_id)])
    tables = {Key("majority", "ravdess", "speakers"): answers(1)}
    tables[Key("bilstm_attention", "ravdess_song", "speakers")] = both
    assert findings.spoken_alone(tables) == {"bilstm_attention": pytest.approx(0.8)}


def test_what_a_second_corpus_adds(rng):
    name, tables = "statistics_lda", {}
    both = [answers(9), answers(3, "tess")]
    tables[Key(name, "ravdess_tess", "speakers")] = pd.concat(both, ignore_index=True)
    for data, corpus, alone, other in (("ravdess7", "ravdess", 6, 2), ("tess", "tess", 3, 1)):
        tables[Key(name, data, "speakers")] = answers(alone, corpus)
        tables[Key(name, data, "corpora")] = answers(other, corpus)
    for table in tables.values():  # TESS's bootstrap draws words, which stand in its clips' ids
        table["clip_id"] = table.clip_id.str.replace(r"tess:(\d+)", r"tess:OAF_\1_sad", regex=True)
    rows = findings.second_corpus(tables, [name], rng=rng).loc[name]
    assert rows.loc["ravdess", ["its own", "the other", "both"]].to_list() == [0.6, 0.2, 0.9]
    assert rows.added["ravdess"] == pytest.approx(0.3) and rows.added["tess"] == 0
    assert rows.verdict.to_dict() == dict(ravdess="differs", tess="noise")


def test_each_candidate_of_a_search_stands_once_best_first():
    search = pd.DataFrame(
        dict(candidate=["b", "c"], candidate_uar=[0.5, 0.7], candidate_low=[0.4, 0.6])
        | dict(candidate_high=[0.6, 0.8], against=["a", "b"], against_uar=[0.3, 0.5])
        | dict(against_low=[0.2, 0.4], against_high=[0.4, 0.6])
    )
    table = findings.candidates(search)
    assert [*table.label] == ["c", "b", "a"] == [*table.index]
    assert table.loc["a", ["uar", "uar_low", "uar_high"]].to_list() == [0.3, 0.2, 0.4]
