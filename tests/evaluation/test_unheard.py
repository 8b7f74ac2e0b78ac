"""Corpora never heard: which answers count, and the worst case of learning a voice."""

import numpy as np
import pandas as pd
import pytest

from serlib.evaluation import unheard
from serlib.systems import Key, get

EMOTIONS = ("angry", "happy", "sad")
PROTOCOL_AND_UAR = (("speakers", 0.5), ("clips", 0.9))


def table(corpus, fold, sure, *, n=60, speakers=3, off=0.0, seed=0):
    """Clips in turn of three emotions; `sure` is how far the right one's logit lies above."""
    rng = np.random.default_rng(seed)
    true = np.arange(n) % 3
    logits = rng.standard_normal((n, 3)) * 1.5 + sure * np.eye(3)[true] + off * np.array([1, 0, -1])
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    names = np.array(EMOTIONS)
    columns = dict(corpus=corpus, fold=fold, emotion=names[true], predicted=names[p.argmax(axis=1)])
    who = [f"{corpus}:{k // 3 % speakers}" for k in range(n)]
    ids = [f"{corpus}:{k:03d}" for k in range(n)]
    return pd.DataFrame(dict(clip_id=ids, speaker=who, **columns)).assign(
        **{f"p_{name}": p[:, k] for k, name in enumerate(EMOTIONS)}
    )


@pytest.fixture
def answers():
    sides = [("emodb", "others", 3), ("emodb", "nemo", 1), ("nemo", "others", 2)]
    whole = pd.concat([table(*side, seed=k) for k, side in enumerate(sides)], ignore_index=True)
    more = {("any_voice", "unheard", "corpora"): whole}
    for name, sure in (("corpora+enrolment", 9), ("corpora+enrolment_10", 6)):
        parts = [table(corpus, "others", sure) for corpus in ("emodb", "nemo")]
        more["any_voice", "unheard", name] = pd.concat(parts, ignore_index=True)
    more["best", "emodb", "corpora"] = pd.concat(
        [table("emodb", "ravdess", 2), table("emodb", "tess", 0)], ignore_index=True
    )
    return {Key(*row): t for row, t in more.items()}


def test_the_largest_training_side_counts(answers):
    found = unheard.never_heard(answers, "any_voice")
    assert set(found.fold) == {"others"} and set(found.corpus) == {"emodb", "nemo"}
    assert set(unheard.never_heard(answers, "best").fold) == {"ravdess"}
    assert unheard.never_heard(answers, "conv1d").empty


def test_the_largest_corpora_are_counted_up_to_all_others(answers):
    key = ("any_voice", "unheard", "corpora", 0)
    sides = ("nemo", "nemo+cremad", "others", "cremad")
    tables = [table("emodb", side, k, seed=k) for k, side in enumerate(sides)]
    known = tables[0].emotion != "sad"  # what is not asked of the first is asked of none
    whole = pd.concat([tables[0][known], *tables[1:], table("nemo", "others", 1)])
    curve = unheard.by_how_many({key: whole.reset_index(drop=True)}, "any_voice")
    assert list(curve.index) == ["emodb"] and list(curve.columns) == [1, 2, 3]
    asked = tables[1][tables[1].emotion != "sad"]
    best = asked[["p_angry", "p_happy"]].idxmax(axis=1).str[2:]
    recalls = (best == asked.emotion).groupby(asked.emotion).mean()
    assert curve.loc["emodb", 2] == pytest.approx(recalls.mean())
    assert curve.loc["emodb", 1] < curve.loc["emodb", 3]


def test_own_clips_are_counted_up_to_all(answers):
    helped = unheard.with_own_clips(answers, "any_voice")
    assert list(helped.index) == [0, 10, "all"]
    assert helped.emodb[0] < helped.emodb[10] <= helped.emodb["all"]


def test_clips_of_one_emotion_are_left_nearly_as_they_were():
    alike = table("emodb", "others", 3.0, n=600)
    found = unheard.caution(alike).loc["emodb"]
    assert found["one"] > found["alone"] - 0.1
    assert found["one"] > found["one, trusting"] + 0.1  # what they share was their emotion
    found = unheard.caution(table("emodb", "others", 3.0, n=600, off=3.0)).loc["emodb"]
    assert found["several"] > found["alone"] + 0.1  # what they share was the voice


def test_each_corpus_stands_apart_in_one_order(answers):
    found = unheard.by_corpus(
        unheard.never_heard(answers, "any_voice"), rng=np.random.default_rng(0)
    )
    assert list(found.index) == ["emodb", "nemo"] and (found.uar_low <= found.uar).all()
    assert unheard.title("ravdess") == "RAVDESS" and unheard.title("emodb") == "EMO-DB"


def test_genders_are_what_names_say():
    paths = pd.Series(["a/03a01Fa.wav", "b/1001_DFA_ANG_XX.wav", "YAF_back_sad.wav"])
    assert list(unheard.genders(paths)) == ["male", "male", "female"]


def test_an_ingredient_is_what_the_system_is_worse_without(answers):
    lesser = [table("emodb", "others", 1), table("nemo", "others", 0, seed=2)]
    key = Key("any_voice_clean", "unheard", "corpora", 0)
    found = unheard.ingredients(
        answers | {key: pd.concat(lesser, ignore_index=True)}, rng=np.random.default_rng(0)
    )
    (row,) = found.to_dict("records")
    assert row["what"] == get(key.system).about and row["emodb"] > row["nemo"]
    assert row["low"] < row["difference"] < row["high"] < 0
    assert unheard.ingredients(answers, rng=np.random.default_rng(0)).empty


def test_what_a_corpus_teaches_is_of_systems_that_are_scored_on_several():
    rows = [("a", d, p, n) for d in ("emodb", "nemo", "tess") for p, n in PROTOCOL_AND_UAR]
    rows += [("b", "emodb", "speakers", 0.7), ("a", "ravdess7", "speakers", 0.1)]
    results = pd.DataFrame(rows, columns=["system", "data", "protocol", "uar"])
    found = unheard.taught(results)
    assert list(found.columns) == ["a"] and list(found.index) == list(unheard.SHOWN)
    assert found.a.dropna().to_dict() == dict(emodb=0.5, nemo=0.5, tess=0.5)
