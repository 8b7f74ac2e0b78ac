import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serlib.datasets import select
from serlib.errors import CorpusError
from serlib.project import ROOT
from serlib.splits import RAVDESS_FOLDS, clip_folds, row_fold, speaker_folds
from serlib.tables import read_clips


@pytest.fixture(scope="module")
def shipped():
    return read_clips(ROOT / "emotion_path.csv")


def assert_a_division(fold, n):
    parts = np.concatenate([fold.train, fold.validation, fold.test])
    assert len(parts) == len(set(parts)) and set(parts) <= set(range(n))
    assert min(map(len, (fold.train, fold.validation, fold.test))) > 0


@pytest.mark.parametrize("data", ["ravdess", "ravdess7", "ravdess5", "ravdess_tess", "tess"])
def test_clips_are_divided_80_20_by_emotion(shipped, data):
    clips = select(shipped, data)
    (fold,) = clip_folds(clips, "clips")
    assert_a_division(fold, len(clips))
    assert len(fold.test) == pytest.approx(0.2 * len(clips), abs=2)
    assert len(fold.validation) == pytest.approx(0.08 * len(clips), abs=2)
    share = clips.emotion.iloc[fold.test].value_counts() / clips.emotion.value_counts()
    assert share.between(0.19, 0.21).all()


@pytest.mark.parametrize("protocol", ["clips", "speakers"])
@pytest.mark.parametrize("data", ["ravdess", "ravdess_song", "ravdess_tess"])
def test_equal_recordings_stay_on_one_side(shipped, protocol, data):
    clips = select(shipped, data)
    for fold in clip_folds(clips, protocol):
        audio = [set(clips.audio_md5.iloc[p]) for p in (fold.train, fold.validation, fold.test)]
        assert not audio[0] & audio[1] and not audio[0] & audio[2] and not audio[1] & audio[2]


@given(order=st.permutations(range(200)))
@settings(max_examples=5, deadline=None)
def test_the_order_of_the_table_makes_no_difference(order):
    clips = select(read_clips(ROOT / "emotion_path.csv"), "tess").iloc[::14].head(200)
    clips = clips.reset_index(drop=True)
    shuffled = clips.iloc[list(order)].reset_index(drop=True)
    ids = [
        [set(c.clip_id.iloc[p]) for p in (f.train, f.validation, f.test)]
        for c in (clips, shuffled)
        for f in clip_folds(c, "clips")
    ]
    assert ids[0] == ids[1]


@pytest.mark.parametrize("data", ["ravdess", "ravdess7", "ravdess_song", "ravdess_tess"])
def test_no_speaker_on_two_sides(shipped, data):
    clips = select(shipped, data)
    folds = clip_folds(clips, "speakers")
    assert len(folds) == 5
    for fold in folds:
        assert_a_division(fold, len(clips))
        speakers = [set(clips.speaker.iloc[p]) for p in (fold.train, fold.validation, fold.test)]
        assert not speakers[0] & speakers[1] and not speakers[0] & speakers[2]
        assert not speakers[1] & speakers[2]
    assert sorted(np.concatenate([f.test for f in folds])) == list(range(len(clips)))
    for k, fold in enumerate(folds):  # the next fold's speakers validate
        assert set(fold.validation) == set(folds[(k + 1) % 5].test)


def test_tess_alone_tests_each_woman_and_validates_on_a_fifth_of_the_words(shipped):
    clips = select(shipped, "tess")
    folds = clip_folds(clips, "speakers")
    assert [set(clips.speaker.iloc[f.test]) for f in folds] == [{"tess:OAF"}, {"tess:YAF"}]
    for fold in folds:
        assert_a_division(fold, len(clips))
        words = [set(clips.statement.iloc[p]) for p in (fold.train, fold.validation)]
        assert not words[0] & words[1] and len(words[1]) == 40


def test_speakers_have_their_published_folds():
    folds = speaker_folds([f"ravdess:{a:02d}" for a in range(1, 25)] + ["tess:OAF", "tess:YAF"])
    for k, actors in enumerate(RAVDESS_FOLDS):
        assert {int(s[-2:]) for s, f in folds.items() if f == k and s[0] == "r"} == set(actors)
    assert (folds["tess:OAF"], folds["tess:YAF"]) == (0, 2)
    assert len(set(speaker_folds([f"emodb:{k:02d}" for k in range(3, 13)]).values())) == 10
    assert set(speaker_folds([f"cremad:{k}" for k in range(1001, 1092)]).values()) == set(range(5))


def test_rows_are_split_as_the_source_split_them():
    fold = row_fold(12720, published=True)
    assert len(fold.test) == 2544 and set(fold.validation) == set(fold.test)
    own = row_fold(12720)
    assert set(own.test) == set(fold.test)
    assert_a_division(own, 12720)


def test_what_cannot_be_split_says_so(shipped):
    one = select(shipped, "ravdess")
    with pytest.raises(CorpusError, match=r"speakers of two folds"):
        clip_folds(one[one.speaker == "ravdess:01"].reset_index(drop=True), "speakers")
    two = one[one.speaker.isin(["ravdess:01", "ravdess:02"]) & (one.statement == "kids")]
    with pytest.raises(CorpusError, match=r"needs two sentences.*\['kids'\]"):
        clip_folds(two.reset_index(drop=True), "speakers")
    few = one.groupby("emotion").head(1).reset_index(drop=True)
    with pytest.raises(CorpusError, match=r"too few clips"):
        clip_folds(few, "clips")
    with pytest.raises(ValueError, match=r"'words'.*speakers"):
        clip_folds(one, "words")


def test_speakers_of_two_corpora_do_not_collide():
    frame = pd.DataFrame({"speaker": ["emodb:03", "ravdess:03"]})
    assert frame.speaker.nunique() == 2 == len(speaker_folds(frame.speaker))


def test_validation_scores_every_speaker_with_the_tested_ones_unseen(shipped):
    clips = select(shipped, "ravdess")
    outer, inner = clip_folds(clips, "speakers"), clip_folds(clips, "validation")
    for real, inside in zip(outer, inner, strict=True):
        seen = np.concatenate([inside.train, inside.validation, inside.test])
        assert not set(seen) & set(real.test)
        np.testing.assert_array_equal(inside.train, real.train)
    assert sorted(np.concatenate([fold.test for fold in inner])) == list(range(len(clips)))


@pytest.mark.parametrize("data", ["ravdess", "tess"])
def test_neither_speaker_nor_sentence_on_two_sides(shipped, data):
    clips = select(shipped, data)
    folds = clip_folds(clips, "speakers+statements")
    for fold in folds:
        assert_a_division(fold, len(clips))
        tested = clips.iloc[fold.test]
        for part in (fold.train, fold.validation):
            assert not set(tested.speaker) & set(clips.speaker.iloc[part])
            assert not set(tested.statement) & set(clips.statement.iloc[part])
    assert sorted(np.concatenate([fold.test for fold in folds])) == list(range(len(clips)))
    assert [fold.name for fold in folds] == list(range(len(folds)))


def test_corpora_train_on_one_and_score_another(shipped):
    clips = select(shipped, "tess", across=True)
    (fold,) = clip_folds(clips, "corpora", scored="tess")
    assert fold.name == "ravdess"
    for part, corpus in (
        (fold.train, "ravdess"),
        (fold.validation, "ravdess"),
        (fold.test, "tess"),
    ):
        assert set(clips.corpus.iloc[part]) == {corpus}
    assert len(fold.test) == 2800 and len(fold.train) + len(fold.validation) == 1440


def test_corpora_score_what_both_have(shipped):
    clips = select(shipped, "ravdess7", across=True)
    clips = clips[(clips.corpus == "ravdess") | (clips.emotion != "disgust")]
    clips = clips.reset_index(drop=True)
    (fold,) = clip_folds(clips, "corpora", scored="ravdess")
    assert set(clips.emotion.iloc[fold.test]) == set(clips.emotion) - {"disgust"}


def test_a_corpus_too_small_to_train_on_is_left_out_aloud(shipped, capsys):
    clips = select(shipped, "tess", across=True)
    few = clips[clips.corpus == "ravdess"].drop_duplicates("emotion").assign(corpus="savee")
    folds = clip_folds(pd.concat([clips, few], ignore_index=True), "corpora", scored="tess")
    assert [fold.name for fold in folds] == ["ravdess"]
    assert "not trained on savee: too few clips" in capsys.readouterr().out


def test_one_corpus_or_sentence_is_not_enough(shipped):
    clips = select(shipped, "tess")
    with pytest.raises(CorpusError, match="`corpora` needs tess and another"):
        clip_folds(clips, "corpora", scored="tess")
    with pytest.raises(CorpusError, match="needs two sentences, found"):
        clip_folds(clips[clips.statement == "back"], "speakers+statements")
