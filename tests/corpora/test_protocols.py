"""Protocols: each says what test and training share, and its folds share nothing else."""

import numpy as np
import pandas as pd
import pytest

from serlib.corpora import OTHERS, PROTOCOLS, protocol, read_clips, select
from serlib.errors import CorpusError, SerlibError
from serlib.paths import Project

OF_ROWS = [name for name, p in PROTOCOLS.items() if p.of_rows]
ACROSS = [name for name, p in PROTOCOLS.items() if p.across]
DATA = ["ravdess", "ravdess7", "ravdess_song", "ravdess_tess", "tess"]
CASES = [
    (name, data)
    for name in PROTOCOLS
    for data in DATA
    if name not in OF_ROWS + ACROSS  # of the clips of one data set
    and (name, data) != ("speakers+statements", "ravdess_tess")  # two hundred words beside two
]
SPEAKERS_APART = [
    (name, data)
    for name, data in CASES
    if name != "clips" and (name, data) != ("validation", "tess")  # one woman trains, validates
]


@pytest.fixture(scope="module")
def shipped():
    return read_clips(Project.here().root / "emotion_path.csv")


def sides(clips, fold, column):
    """What stands in a column of the clips that train, that validate, and that are scored."""
    return [set(clips[column].iloc[p]) for p in (fold.train, fold.validation, fold.test)]


def assert_apart(clips, folds, column):
    for fold in folds:
        train, validation, test = sides(clips, fold, column)
        assert not train & test and not validation & test


def assert_a_division(fold, n):
    parts = np.concatenate([fold.train, fold.validation, fold.test])
    assert len(parts) == len(set(parts)) and set(parts) <= set(range(n))
    assert len(fold.train) and len(fold.test)


@pytest.mark.parametrize("name", PROTOCOLS)
def test_a_protocol_says_what_is_shared_and_whose_fits_it_scores(name):
    found = protocol(name)
    assert found.name == name and found.shares
    assert protocol(found.fits).enrolment is None
    assert (found.fits == name) == (found.enrolment is None)
    with pytest.raises(AttributeError):
        found.shares = "nothing"


def test_an_unknown_name_is_refused_with_those_that_are_known():
    with pytest.raises(SerlibError) as error:
        protocol("words")
    assert "'words'" in str(error.value) and all(repr(p) in str(error.value) for p in PROTOCOLS)


def test_enrolments_are_named_after_what_enrols():
    for name, found in PROTOCOLS.items():
        if found.enrolment:
            count, emotion, _ = found.enrolment
            suffix = f"_{emotion or ''}{count}" if count else ""
            assert name == f"{found.fits}+enrolment{suffix}"


@pytest.mark.parametrize(("name", "data"), CASES)
def test_equal_recordings_stay_on_one_side(shipped, name, data):
    clips = select(shipped, data)
    for fold in protocol(name).folds(clips):
        assert_a_division(fold, len(clips))
        train, validation, test = sides(clips, fold, "audio_md5")
        assert not train & validation and not train & test and not validation & test


@pytest.mark.parametrize(("name", "data"), SPEAKERS_APART)
def test_no_speaker_on_two_sides_and_every_clip_scored_once(shipped, name, data):
    clips = select(shipped, data)
    folds = protocol(name).folds(clips)
    assert_apart(clips, folds, "speaker")
    assert sorted(np.concatenate([fold.test for fold in folds])) == list(range(len(clips)))


@pytest.mark.parametrize("data", ["ravdess", "ravdess7", "ravdess5", "ravdess_tess", "tess"])
def test_clips_are_divided_80_20_by_emotion(shipped, data):
    clips = select(shipped, data)
    (fold,) = protocol("clips").folds(clips)
    assert len(fold.test) == pytest.approx(0.2 * len(clips), abs=2)
    assert len(fold.validation) == pytest.approx(0.08 * len(clips), abs=2)
    share = clips.emotion.iloc[fold.test].value_counts() / clips.emotion.value_counts()
    assert share.between(0.19, 0.21).all()


@pytest.mark.parametrize("data", ["ravdess", "ravdess7", "ravdess_song", "ravdess_tess"])
def test_five_folds_of_speakers_and_the_next_ones_validate(shipped, data):
    clips = select(shipped, data)
    folds = protocol("speakers").folds(clips)
    assert [fold.name for fold in folds] == list(range(5))
    for k, fold in enumerate(folds):
        assert set(fold.validation) == set(folds[(k + 1) % 5].test)
        train, validation, _ = sides(clips, fold, "speaker")
        assert not train & validation


def test_tess_alone_tests_each_woman_and_validates_on_a_fifth_of_the_words(shipped):
    clips = select(shipped, "tess")
    folds = protocol("speakers").folds(clips)
    assert [set(clips.speaker.iloc[f.test]) for f in folds] == [{"tess:OAF"}, {"tess:YAF"}]
    for fold in folds:
        train, validation, _ = sides(clips, fold, "statement")
        assert not train & validation and len(validation) == 40


def test_validation_never_sees_the_tested_speakers(shipped):
    clips = select(shipped, "ravdess")
    outer, inner = (protocol(name).folds(clips) for name in ("speakers", "validation"))
    for real, inside in zip(outer, inner, strict=True):
        assert not len(inside.validation)
        assert not set(np.concatenate([inside.train, inside.test])) & set(real.test)
        np.testing.assert_array_equal(inside.train, real.train)


@pytest.mark.parametrize("data", ["ravdess", "tess", "ravdess_tess"])
def test_neither_speaker_nor_sentence_on_two_sides(shipped, data):
    clips = select(shipped, data)
    folds = protocol("speakers+statements").folds(clips)
    assert_apart(clips, folds, "statement")
    assert all(len(fold.validation) for fold in folds)
    assert [fold.name for fold in folds] == list(range(len(folds)))


def test_corpora_train_on_one_and_score_another(shipped):
    clips = select(shipped, "tess", across=True)
    (fold,) = protocol("corpora").folds(clips, ["tess"])
    assert_a_division(fold, len(clips))
    assert fold.name == "ravdess"
    assert sides(clips, fold, "corpus") == [{"ravdess"}, {"ravdess"}, {"tess"}]
    assert len(fold.test) == 2800 and len(fold.train) + len(fold.validation) == 1440


def test_corpora_score_what_both_have(shipped):
    clips = select(shipped, "ravdess7", across=True)
    clips = clips[(clips.corpus == "ravdess") | (clips.emotion != "disgust")]
    clips = clips.reset_index(drop=True)
    (fold,) = protocol("corpora").folds(clips, ["ravdess"])
    assert set(clips.emotion.iloc[fold.test]) == set(clips.emotion) - {"disgust"}


def test_of_several_corpora_each_trains_alone_and_all_train_together(shipped):
    """And the scored one, and one that nothing may be trained on, not at all."""
    clips = select(shipped, "tess", across=True)
    parts = {"ravdess": "emodb", "tess": "savee"}
    more = clips.assign(corpus=clips.corpus.map(parts), clip_id="other" + clips.clip_id)
    clips = pd.concat([clips, more.assign(audio_md5=more.clip_id)], ignore_index=True)
    folds = protocol("corpora").folds(clips, ["tess", "ravdess"])
    trained = [(fold.name, *map(sorted, sides(clips, fold, "corpus")[::2])) for fold in folds]
    assert trained == [
        ("emodb", ["emodb"], ["tess"]),
        ("ravdess", ["ravdess"], ["tess"]),
        (OTHERS, ["emodb", "ravdess"], ["tess"]),
        ("emodb", ["emodb"], ["ravdess"]),
        ("tess", ["tess"], ["ravdess"]),
        (OTHERS, ["emodb", "tess"], ["ravdess"]),
    ]
    for fold in folds:
        assert_a_division(fold, len(clips))


def test_ever_more_corpora_train_those_of_most_speakers_first(shipped):
    clips = select(shipped, "tess", across=True)
    more = clips.assign(corpus=clips.corpus.map(dict(ravdess="nemo", tess="cremad")))
    more["speaker"] = more.corpus + more.speaker.str[-1:]  # those of an actor's last digit are one
    clips = pd.concat([clips, more.assign(audio_md5="other" + more.clip_id)], ignore_index=True)
    folds = protocol("corpora").folds(clips, ["tess"])
    assert [fold.name for fold in folds] == ["cremad", "nemo", "ravdess", "ravdess+nemo", OTHERS]
    assert set(clips.corpus.iloc[folds[3].train]) == {"ravdess", "nemo"}
    assert_a_division(folds[3], len(clips))


def test_a_corpus_too_small_to_train_on_is_left_out_aloud(shipped, capsys):
    clips = select(shipped, "tess", across=True)
    few = clips[clips.corpus == "ravdess"].drop_duplicates("emotion").assign(corpus="emodb")
    folds = protocol("corpora").folds(pd.concat([clips, few], ignore_index=True), ["tess"])
    assert [fold.name for fold in folds] == ["ravdess", OTHERS]
    assert "not trained on emodb: too few clips" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "keep", "says"),
    [
        ("clips", lambda c: c.groupby("emotion").head(1), "too few clips"),
        ("speakers", lambda c: c[c.speaker == "ravdess:01"], "speakers of two folds"),
        (
            "speakers",
            lambda c: c[c.speaker.isin(["ravdess:01", "ravdess:02"]) & (c.statement == "kids")],
            r"needs two sentences.*\['kids'\]",
        ),
        (
            "speakers+statements",
            lambda c: c[c.statement == "kids"],
            "needs two sentences of ravdess, found",
        ),
        ("corpora", lambda c: c, "`corpora` needs ravdess and another"),
    ],
)
def test_what_cannot_be_divided_says_so(shipped, name, keep, says):
    clips = keep(select(shipped, "ravdess")).reset_index(drop=True)
    with pytest.raises(CorpusError, match=says):
        protocol(name).folds(clips, ["ravdess"])
