"""Data sets: whose clips are trained on and scored, in which emotions."""

import pytest

from serlib.corpora import DATA, auxiliary, classes_of, read_clips, select
from serlib.errors import CorpusError, SerlibError
from serlib.paths import Project


@pytest.fixture(scope="module")
def shipped():
    return read_clips(Project.here().root / "emotion_path.csv")


@pytest.mark.parametrize("data", ["ravdess", "ravdess7", "ravdess5", "ravdess_song", "tess"])
def test_clips_are_of_the_corpora_channels_and_classes_asked_for(shipped, data):
    chosen = select(shipped, data)
    assert set(chosen.corpus) == set(DATA[data].corpora)
    assert set(chosen.channel) == set(DATA[data].channels)
    assert set(chosen.emotion) == set(classes_of(data))
    assert list(chosen.index) == list(range(len(chosen)))


def test_label_sets_merge_calm_or_leave_emotions_out(shipped):
    counts = {data: len(select(shipped, data)) for data in ("ravdess", "ravdess7", "ravdess5")}
    assert counts == dict(ravdess=1440, ravdess7=1440, ravdess5=96 + 4 * 192)
    assert (select(shipped, "ravdess7").emotion == "neutral").sum() == 96 + 192


def test_across_brings_the_other_corpora_too(shipped):
    assert set(select(shipped, "tess", across=True).corpus) == {"ravdess", "tess"}


def test_a_channel_beside_has_classes_of_its_own(shipped):
    speech = select(shipped, "ravdess")
    song = auxiliary(shipped, "song", speech)
    assert len(song) == 1012 and song.emotion.str.startswith("song ").all()
    assert not set(song.clip_id) & set(speech.clip_id)
    assert auxiliary(shipped, "song", select(shipped, "ravdess_song")).empty
    assert auxiliary(shipped, "song", select(shipped, "tess")).empty
    assert auxiliary(shipped, "", speech).empty


def test_what_there_is_not_is_refused(shipped):
    with pytest.raises(SerlibError, match=r"Bad data 'ravdes', expected one of \['ravdess'"):
        select(shipped, "ravdes")
    with pytest.raises(SerlibError, match=r"Bad data 'ravdes', expected one of \['ravdess'"):
        classes_of("ravdes")
    with pytest.raises(CorpusError, match=r"needs speech of emodb, .*serlib download emodb"):
        select(shipped, "emodb")
