"""How folds come about: of rows as the source split them, of speakers as each corpus says."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import train_test_split

from serlib.corpora import CORPORA, protocol, read_clips, row_fold, select
from serlib.corpora.folds import speaker_folds
from serlib.corpora.known import ravdess
from serlib.errors import CorpusError
from serlib.paths import Project

SHIPPED = Project.here().root / "emotion_path.csv"


def test_rows_are_split_as_the_source_split_them():
    fold = row_fold(12720, published=True)
    assert len(fold.test) == 2544 and set(fold.validation) == set(fold.test)
    _, theirs = train_test_split(np.arange(12720), test_size=0.2, random_state=42)  # S2's line
    np.testing.assert_array_equal(fold.test, theirs)
    own = row_fold(12720)
    assert (own.name, fold.name) == (0, 0)
    np.testing.assert_array_equal(own.test, fold.test)
    parts = np.concatenate([own.train, own.validation, own.test])
    assert sorted(parts) == list(range(12720))


def test_speakers_have_their_published_folds():
    folds = speaker_folds([f"ravdess:{a:02d}" for a in range(1, 25)] + ["tess:OAF", "tess:YAF"])
    for k, actors in enumerate(ravdess.FOLDS):
        assert {int(s[-2:]) for s, f in folds.items() if f == k and s[0] == "r"} == set(actors)
    assert (folds["tess:OAF"], folds["tess:YAF"]) == (0, 2)
    assert len(set(speaker_folds([f"emodb:{k:02d}" for k in range(3, 13)]).values())) == 10
    assert set(speaker_folds([f"cremad:{k}" for k in range(1001, 1092)]).values()) == set(range(5))


def test_speakers_of_two_corpora_do_not_collide():
    assert len(speaker_folds(["emodb:03", "ravdess:03"])) == 2


@given(order=st.permutations(range(200)))
@settings(max_examples=5, deadline=None)
@pytest.mark.parametrize("name", ["clips", "speakers", "speakers+statements"])
def test_the_order_of_the_table_makes_no_difference(name, order):
    clips = select(read_clips(SHIPPED), "tess").iloc[::14].head(200)
    clips = clips.reset_index(drop=True)
    shuffled = clips.iloc[list(order)].reset_index(drop=True)
    ids = [
        [set(c.clip_id.iloc[p]) for p in (f.train, f.validation, f.test)]
        for c in (clips, shuffled)
        for f in protocol(name).folds(c)
    ]
    assert ids[: len(ids) // 2] == ids[len(ids) // 2 :]


@pytest.mark.parametrize(("each", "tested"), [(9, 13), (10, 14), (11, 16)])
def test_of_few_recordings_one_of_each_emotion_is_left_aside(each, tested):
    """As own recordings are: of seven emotions, a tenth of which would be fewer than seven."""
    emotions = ["angry", "disgust", "fear", "happy", "neutral", "sad", "surprise"]
    emotions = np.repeat(emotions, each)
    ids = [f"own:{k:02d}" for k in range(7 * each)]
    clips = pd.DataFrame(dict(clip_id=ids, audio_md5=ids, emotion=emotions, speaker="own:unknown"))
    (fold,) = protocol("clips").folds(clips)
    for part in (fold.train, fold.validation, fold.test):
        assert set(emotions[part]) == set(emotions)
    assert fold.name == 0 and len(fold.validation) == 7 and len(fold.test) == tested


def test_two_speakers_need_a_sentence_to_validate_on_and_one_to_train_on():
    speakers, words = np.repeat(["tess:OAF", "tess:YAF"], 4), np.resize(["back", "bean"], 8)
    ids = [f"tess:{k}" for k in range(8)]
    clips = pd.DataFrame(dict(clip_id=ids, speaker=speakers, statement=words, audio_md5=ids))
    for fold in protocol("speakers").folds(clips):
        assert {*words[fold.train], *words[fold.validation]} == {"back", "bean"}
        assert len({*words[fold.train]}) == 1 and len({*speakers[fold.test]}) == 1
    with pytest.raises(CorpusError, match=r"two sentences, one to validate; found .*'back'"):
        [*protocol("speakers").folds(clips[words == "back"].reset_index(drop=True))]


@pytest.mark.parametrize("name", ["speakers", "corpora"])
def test_no_recording_is_trained_on_that_is_scored_under_another_name(name):
    """As where a clip is filed under two speakers, or a corpus holds clips of another."""
    k = np.arange(24)
    clips = pd.DataFrame(
        dict(
            clip_id=[f"c{i}" for i in k],
            corpus=np.where(k < 12, "own", "ravdess"),
            speaker=[f"own:{i % 4}" if i < 12 else f"ravdess:{1 + i % 4:02d}" for i in k],
            emotion=np.where(k // 4 % 2 == 0, "happy", "sad"),
            statement=[f"s{i}" for i in k],
            audio_md5=[f"a{i % 12 % 11}" for i in k],  # two of a corpus, and half of the other
        )
    )
    audio = clips.audio_md5.to_numpy()
    folds = protocol(name).folds(clips, ["own"])
    assert folds
    for fold in folds:
        train, validation, test = (
            {*audio[part]} for part in (fold.train, fold.validation, fold.test)
        )
        assert not train & (validation | test) and not validation & test


def test_speakers_whose_clips_are_shown_are_in_no_part_of_what_bundles_are_made_of():
    """And the others are divided as if nobody were kept out."""
    kept_out = {f"cremad:{who}" for who in CORPORA["cremad"].kept_out}
    speakers = [f"cremad:{k}" for k in range(1001, 1011)]
    ids = [f"{who}_{e}_{k}" for who in speakers for e in ("angry", "sad") for k in range(10)]
    clips = pd.DataFrame(dict(clip_id=ids, audio_md5=ids))
    clips["speaker"], clips["emotion"] = zip(*(name.split("_")[:2] for name in ids), strict=True)
    (fold,) = protocol("clips").folds(clips)
    (every,) = protocol("clips").folds(clips.assign(speaker="cremad:1091"))
    assert len(kept_out) == 2 and kept_out < set(speakers)
    for part in ("train", "validation", "test"):
        there = getattr(every, part)
        left = there[~clips.speaker.iloc[there].isin(kept_out)]
        np.testing.assert_array_equal(getattr(fold, part), left)


def _said(emotions):
    """Return a table of clips of one speaker in these emotions."""
    ids = [f"own:{k:02d}" for k in range(len(emotions))]
    return pd.DataFrame(dict(clip_id=ids, audio_md5=ids, speaker="own:a", emotion=emotions))


def test_of_few_clips_each_emotion_is_held_out():
    (fold,) = protocol("clips").folds(_said(["happy", "sad", "angry"] * 5)[:10])
    few = _said(["happy", "sad", "angry"] * 5)[:10]  # a fifth of them is two, of three emotions
    assert set(few.emotion.iloc[fold.test]) == {"happy", "sad", "angry"}


def test_one_emotion_is_refused_in_a_sentence():
    with pytest.raises(CorpusError, match="30 clips of happy alone"):
        list(protocol("clips").folds(_said(["happy"] * 30)))
