import numpy as np
import pandas as pd
import pytest

from serlib.evaluation import portrait
from serlib.systems import Key

EMOTIONS = ["happy", "sad"]


def answers(right, n=200, sure=0.8):
    """Clips of ten speakers, two emotions in turn; the first `right` of every ten recognised."""
    k = np.arange(n)
    emotion, other = np.array(EMOTIONS)[k % 2], np.array(EMOTIONS)[1 - k % 2]
    predicted = np.where(k // 10 % 10 < right, emotion, other)
    table = dict(clip_id=[f"ravdess:{i:03d}" for i in k], corpus="ravdess", emotion=emotion)
    table |= dict(speaker=[f"ravdess:{i % 10:02d}" for i in k], predicted=predicted, fold=k % 5)
    table |= {f"p_{e}": np.where(predicted == e, sure, 1 - sure) for e in EMOTIONS}
    return pd.DataFrame(table)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_people_from_worst_to_best_served(rng):
    table = answers(10).assign(gender="female")
    table.loc[table.speaker == "ravdess:07", "predicted"] = "happy"
    scored = portrait.people(table, rng=rng)
    assert scored.index[0] == "ravdess:07" and scored.uar.is_monotonic_increasing
    assert set(scored.gender) == {"female"}


def test_groups_compare_intensities_without_neutral(rng):
    table = answers(5).assign(gender="male", statement="kids", intensity="strong")
    neutral = table.assign(emotion="neutral", intensity="normal", predicted="neutral")
    groups = portrait.groups(pd.concat([table, neutral]), rng=rng)
    assert [*groups.loc["intensity"].index] == ["strong"]
    assert groups.n["gender", "male"] == 400 and groups.n["intensity", "strong"] == 200


def test_mistakes_by_their_share_of_the_emotion():
    table = pd.DataFrame(
        dict(emotion=["sad"] * 4 + ["happy"] * 10, predicted=["calm", *["sad"] * 3, *["fear"] * 10])
    )
    mistakes = portrait.confusions(table, 2)
    assert portrait.in_words(mistakes) == "happy heard as fear (100%), sad heard as calm (25%)"


def test_how_sure_and_how_often_right():
    row = portrait.sureness({"a": answers(6, sure=0.8)}).loc["a"]
    assert row["how sure"] == pytest.approx(0.8) and row["share right"] == pytest.approx(0.6)
    assert row.error == pytest.approx(0.2)


def test_a_temperature_is_undone_and_each_folds_own_found():
    one, others = answers(8, sure=0.7), answers(8, sure=0.7)
    others["speaker"] = "ravdess:99"
    without, given, own = portrait.at_temperatures(one, others, 2.0).values()
    assert given is one
    odds = (0.7 / 0.3) ** 2  # of logits that are twice as large
    np.testing.assert_allclose(without.p_happy.max(), odds / (1 + odds))
    for _, fold in own.groupby("fold"):
        right = (others.emotion == others.predicted)[others.fold == fold.fold.iloc[0]].mean()
        np.testing.assert_allclose(fold.p_happy.max(), right, atol=0.01)


def test_results_by_protocol_without_settings_and_parts():
    protocols = ["speakers", "validation", "speakers+enrolment", "speakers+enrolment_3"]
    tables = {Key("best", "ravdess", name): answers(5) for name in protocols}
    tables[Key("best", "ravdess", "speakers", 1)] = answers(4)
    tables[Key("majority", "tess", "speakers")] = answers(4)
    names = [*portrait.by_protocol(tables, "best")]
    assert names == ["RAVDESS, 8 emotions: speakers", "RAVDESS, 8 emotions: speakers+enrolment"]


def test_what_lent_clips_bring_is_of_the_same_clips_and_fits(rng):
    lent = dict(speakers=5, **{f"speakers+enrolment_{n}": 6 for n in (1, 3, 5)})
    lent |= {"speakers+enrolment_10": 8, "speakers+enrolment": 9}
    lent |= {f"speakers+enrolment_neutral{n}": 5 for n in (1, 3)}
    tables = {Key("best", "ravdess", name): answers(right) for name, right in lent.items()}
    tables[Key("best", "ravdess", "speakers", 1)] = answers(1)  # has no other point
    curve = portrait.enrolment_curve(tables)
    assert [*curve] == ["0", "1", "3", "5", "10", "all", "neutral1", "neutral3"]
    assert curve.loc["best"].to_list() == pytest.approx([0.5, 0.6, 0.6, 0.6, 0.8, 0.9, 0.5, 0.5])
    ten = Key("best", "ravdess", "speakers+enrolment_10")
    tables[ten] = tables[ten][tables[ten].clip_id > "ravdess:099"]  # those lent are not scored
    gains = portrait.enrolment_gains(tables, "best", rng=rng)
    assert [*gains.index] == ["1", "3", "5", "10", "neutral1", "neutral3"]
    assert gains.difference["10"] == pytest.approx(0.3) and gains.difference["neutral1"] == 0
