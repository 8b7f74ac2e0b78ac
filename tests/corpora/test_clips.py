"""Tables: written sorted and byte-stable, read back checked."""

import pytest

from serlib.corpora import index_clips, only, read_clips, read_table, write_clips
from serlib.errors import CorpusError, TableError
from serlib.paths import Project

REMAKE = "serlib run --only"


@pytest.fixture
def clips(corpus):
    return index_clips(corpus, n_jobs=1)[0]


def test_clips_are_written_sorted_and_read_back(clips, tmp_path):
    write_clips(clips.sample(frac=1, random_state=0), tmp_path / "new" / "emotion_path.csv")
    assert read_clips(tmp_path / "new" / "emotion_path.csv").equals(clips)
    write_clips(clips, tmp_path / "again.csv")
    again = (tmp_path / "again.csv").read_bytes()
    assert again == (tmp_path / "new" / "emotion_path.csv").read_bytes() and b"\r" not in again


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda t: t.drop(columns=["gender", "channel"]), "lacks the column 'gender' and 1 others"),
        (lambda t: t.assign(emotion="angy"), "bad emotion 'angy', expected one of"),
        (lambda t: t.assign(clip_id=t.clip_id[0]), "twice"),
    ],
)
def test_a_bad_table_is_refused_with_the_command_that_repairs_it(clips, tmp_path, change, says):
    path = tmp_path / "emotion_path.csv"
    change(clips).to_csv(path, index=False)
    with pytest.raises(TableError, match=f"(?s)emotion_path.csv.*{says}.*{REMAKE}"):
        read_clips(path)


def test_what_is_no_table_is_refused(tmp_path):
    with pytest.raises(TableError, match=f"none.csv: no such table.*{REMAKE}"):
        read_clips(tmp_path / "none.csv")
    (tmp_path / "x.csv").write_bytes(b"\xff\xfe\x00RIFF")
    with pytest.raises(TableError, match=r"is no CSV table|lacks the column"):
        read_clips(tmp_path / "x.csv")


def test_other_columns_may_hold_words_of_a_list_too(clips, tmp_path):
    clips.to_csv(tmp_path / "a.csv", index=False)
    how = dict(columns=["clip_id"], key=["clip_id"], remake="make it")
    words = {"channel": ["speech"]}
    assert len(read_table(tmp_path / "a.csv", **how, words=words)) == len(clips)
    clips.assign(channel="whisper").to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(TableError, match=r"bad channel 'whisper'.*'speech'.*make it"):
        read_table(tmp_path / "a.csv", **how, words=words)


def test_the_shipped_clips_are_whole():
    clips = read_clips(Project.here().root / "emotion_path.csv")
    assert len(clips) == 5252
    assert clips.groupby(["corpus", "channel"]).size().to_dict() == {
        ("ravdess", "speech"): 1440,
        ("ravdess", "song"): 1012,
        ("tess", "speech"): 2800,
    }


def test_corpora_are_chosen_by_name_and_no_other_word_is_taken(clips):
    assert only(clips, "").equals(clips) and only(clips, "tess ravdess").equals(clips)
    assert set(only(clips, "tess").corpus) == {"tess"}
    for word, says in (("RAVDESS", r"expected one of \['ravdess'"), ("emodb", "only of .*tess")):
        with pytest.raises(CorpusError, match=says):
            only(clips, word)


def test_words_that_look_like_nothing_stay_words(clips, tmp_path):
    clips = clips.assign(statement="None", intensity="NA")
    write_clips(clips, tmp_path / "a.csv")
    assert read_clips(tmp_path / "a.csv").equals(clips)


def test_numbers_stay_the_words_that_they_are(clips, tmp_path):
    """Sentences 01 and 1 are two, whichever other corpora are in the table."""
    said = clips.assign(statement=[f"{k % 2}{k}" for k in range(len(clips))])
    write_clips(said, tmp_path / "c.csv")
    again = read_clips(tmp_path / "c.csv").set_index("clip_id").statement
    assert again.to_dict() == said.set_index("clip_id").statement.to_dict()


def test_a_row_without_a_corpus_is_refused(clips, tmp_path):
    write_clips(clips.assign(corpus=["", *clips.corpus[1:]]), tmp_path / "a.csv")
    with pytest.raises(TableError, match="bad corpus ''"):
        read_clips(tmp_path / "a.csv")
