import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score

from serlib import evaluation

EMOTIONS = np.array(["angry", "happy", "neutral", "sad"])


def predictions(n=240, speakers=6, hit=0.6, corpus="ravdess", seed=0):
    """Random predictions, right with probability `hit` (a number, or one per speaker)."""
    rng = np.random.default_rng(seed)
    who = np.arange(n) % speakers
    true = EMOTIONS[rng.integers(4, size=n)]
    right = rng.uniform(size=n) < np.broadcast_to(hit, speakers)[who]
    guess = np.where(right, true, EMOTIONS[rng.integers(4, size=n)])
    return pd.DataFrame(
        dict(
            clip_id=[f"{corpus}:OAF_word{i // 4}_x" for i in range(n)],
            corpus=corpus,
            speaker=[f"{corpus}:{k:02d}" for k in who],
            emotion=true,
            predicted=guess,
        )
    )


def score(table, seed=0):
    return evaluation.score(table, rng=np.random.default_rng(seed))


def test_figures_are_scikit_learns():
    table = predictions()
    true, guess = table.emotion, table.predicted
    found = score(table)
    assert found["uar"] == pytest.approx(balanced_accuracy_score(true, guess))
    assert found["accuracy"] == pytest.approx(accuracy_score(true, guess))
    assert found["macro_f1"] == pytest.approx(f1_score(true, guess, average="macro"))
    assert found["n"] == 240
    assert evaluation.uar(table) == found["uar"]


def test_the_interval_holds_the_figure_and_is_seeded():
    found = score(predictions())
    assert found["uar_low"] < found["uar"] < found["uar_high"]
    assert found == score(predictions())


def test_speakers_are_drawn_not_clips():
    """Equal clips, unequal speakers: the interval must be wide; equal speakers: a point."""
    copies = pd.concat(
        [predictions(40, 1).assign(speaker=f"ravdess:{k:02d}") for k in range(6)],
        ignore_index=True,
    )
    same = score(copies)
    assert same["uar_low"] == pytest.approx(same["uar_high"])
    uneven = score(predictions(1200, 6, hit=[0, 0, 0, 1, 1, 1]))
    even = score(predictions(1200, 6, hit=0.5))
    assert uneven["uar_high"] - uneven["uar_low"] > 3 * (even["uar_high"] - even["uar_low"])


def test_of_one_speaker_there_is_no_interval():
    table = predictions(speakers=1)
    figures = score(table)
    assert 0.5 < figures["uar"] < 1 and np.isnan([figures["uar_low"], figures["uar_high"]]).all()
    assert evaluation.with_interval(figures) == f"{figures['uar']:.3f}"


def test_two_speakers_have_an_interval():
    figures = score(predictions(speakers=2, hit=[0.2, 0.9]))
    assert figures["uar_low"] < figures["uar"] < figures["uar_high"]


def test_the_bootstrap_is_that_of_the_book():
    """Against the plain loop: draw speakers, score what they said, take the quantiles."""
    table = predictions(300, 10, hit=np.linspace(0.2, 0.9, 10))
    rng = np.random.default_rng(1)
    groups = [group for _, group in table.groupby("speaker")]
    drawn = []
    for _ in range(200):
        sample = pd.concat([groups[k] for k in rng.integers(10, size=10)])
        said = sample.emotion, sample.predicted
        drawn.append(
            dict(
                uar=balanced_accuracy_score(*said),
                accuracy=accuracy_score(*said),
                macro_f1=f1_score(*said, average="macro"),
            )
        )
    found, expected = score(table), pd.DataFrame(drawn).quantile([0.025, 0.975])
    for name in expected:
        ends = found[f"{name}_low"], found[f"{name}_high"]
        assert ends == pytest.approx(tuple(expected[name]), abs=0.04), name


def test_tess_alone_draws_words():
    """One woman always understood, the other never: of every word the same share."""
    table = predictions(480, speakers=2, corpus="tess")
    table["emotion"] = np.repeat(EMOTIONS, 120)
    table["clip_id"] = [f"tess:OAF_word{i // 2 % 60}_x" for i in range(480)]
    other = table.emotion.map(dict(zip(EMOTIONS, [*EMOTIONS[1:], EMOTIONS[0]], strict=True)))
    table["predicted"] = table.emotion.where(table.speaker == "tess:00", other)
    words = score(table)
    assert words["uar_low"] == pytest.approx(words["uar_high"]) == 0.5
    both = score(pd.concat([table, predictions()]))  # beside RAVDESS: speakers
    assert both["uar_high"] - both["uar_low"] > 0.2


def test_a_class_nobody_recorded_is_predicted_without_harm():
    table = predictions().replace({"predicted": {"sad": "boredom"}})
    recall = table[table.emotion != "sad"]
    hits = (recall.emotion == recall.predicted).groupby(recall.emotion).mean()
    assert score(table)["uar"] == pytest.approx(hits.sum() / 4)


def test_an_emotion_of_one_clip_counts_as_the_others_do():
    table = predictions()
    rare = table.assign(
        emotion=[*table.emotion[1:], "fear"], predicted=[*table.predicted[1:], "fear"]
    )
    assert score(rare)["uar"] == pytest.approx(
        balanced_accuracy_score(rare.emotion, rare.predicted)
    )


def test_shuffled_labels_give_chance():
    table = predictions(20000, 20, hit=0.9)
    shuffled = np.random.default_rng(0).permutation(table.predicted)
    assert score(table.assign(predicted=shuffled))["uar"] == pytest.approx(0.25, abs=0.02)


def test_corpora_stand_apart_and_together():
    table = pd.concat([predictions(), predictions(corpus="tess", speakers=2, hit=1.0)])
    parts = evaluation.by_part(table, rng=np.random.default_rng(0))
    assert list(parts.index) == ["ravdess", "tess", "together"]
    assert parts.uar.tess == 1 and parts.n.together == 480
    assert parts.uar.ravdess == pytest.approx(score(predictions())["uar"])


def test_an_interval_does_not_hang_on_the_other_groups():
    tables = [predictions(corpus="emodb", speakers=9), predictions()]
    alone = [evaluation.by(t, "corpus", rng=np.random.default_rng(0)) for t in tables]
    together = evaluation.by(pd.concat(tables), "corpus", rng=np.random.default_rng(0))
    pd.testing.assert_frame_equal(together, pd.concat(alone))


def test_per_emotion_has_a_row_each():
    report = evaluation.per_emotion(predictions())
    assert list(report.index) == sorted(EMOTIONS) and report.support.sum() == 240
    never = evaluation.per_emotion(predictions().replace({"predicted": {"sad": "happy"}}))
    assert never.precision.sad == never.recall.sad == 0


def wrong_in(table, speakers):
    """The same predictions, all wrong for these speakers."""
    inside = table.speaker.isin(speakers)
    other = table.emotion.map(dict(zip(EMOTIONS, [*EMOTIONS[1:], EMOTIONS[0]], strict=True)))
    return table.assign(predicted=table.predicted.where(~inside, other))


def test_the_difference_is_that_of_the_uars_whatever_the_seeds():
    a, b = predictions(), predictions(hit=0.3)
    b = b.assign(clip_id=a.clip_id, speaker=a.speaker, emotion=a.emotion)
    found = evaluation.compare(a, b, rng=np.random.default_rng(0))
    uars = [balanced_accuracy_score(t.emotion, t.predicted) for t in (a, b)]
    assert found["difference"] == pytest.approx(uars[0] - uars[1])
    assert found["low"] < found["difference"] < found["high"]
    for times, others in ((2, 1), (1, 2), (3, 2)):
        both = pd.concat([a] * times), pd.concat([b] * others)
        again = evaluation.compare(*both, rng=np.random.default_rng(0))
        assert again["difference"] == pytest.approx(found["difference"])


def test_a_speaker_who_lacks_an_emotion_counts_for_the_others():
    a, b = predictions(), predictions(hit=0.3)
    b = b.assign(clip_id=a.clip_id, speaker=a.speaker, emotion=a.emotion)
    kept = ~((a.speaker == "ravdess:00") & (a.emotion == "sad"))
    a, b = a[kept], b[kept]
    found = evaluation.compare(a, b, rng=np.random.default_rng(0))
    assert found["difference"] == pytest.approx(evaluation.uar(a) - evaluation.uar(b))


def test_p_of_a_difference_that_every_speaker_shows_and_of_none():
    """Six speakers, each better: of the 2^6 flips of signs two are as extreme."""
    a = predictions(1200, 6, hit=1.0)
    worse = wrong_in(a, set(a.speaker))
    assert evaluation.compare(a, worse, rng=np.random.default_rng(0))["p"] == 2 / 2**6
    assert evaluation.compare(a, a, rng=np.random.default_rng(0))["p"] == 1


def test_other_clips_are_refused():
    a = predictions()
    with pytest.raises(ValueError, match="expected the same clips, found 59 in common"):
        evaluation.compare(a, a.iloc[4:], rng=np.random.default_rng(0))


def test_holm_by_hand():
    np.testing.assert_allclose(evaluation.holm([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02])
    assert evaluation.holm([0.9, 0.8]).max() == 1
