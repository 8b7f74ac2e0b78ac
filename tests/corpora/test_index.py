import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from serlib.corpora import CLIP_COLUMNS, completeness, index_clips
from serlib.errors import CorpusError
from tests.audio.test_container import write
from tests.conftest import vowel, write_clip


def test_every_clip_once_sorted_with_its_facts(corpus):
    clips, problems = index_clips(corpus, n_jobs=1)
    assert list(clips.columns) == CLIP_COLUMNS
    assert len(clips) == 60 and problems.empty
    assert list(clips.path) == sorted(clips.path)
    assert clips.duration_s.eq(1.6).all()
    assert not clips.path.str.contains("\\\\").any()


def test_a_nested_second_copy_counts_once(corpus):
    before, _ = index_clips(corpus, n_jobs=1)
    shutil.copytree(corpus, corpus / "zz" / "again")
    after, problems = index_clips(corpus, n_jobs=1)
    assert after.equals(before)
    assert len(problems) == 60 and problems.problem.str.startswith("a second copy of").all()


def test_a_broken_copy_does_not_cost_the_clip(corpus):
    before, _ = index_clips(corpus, n_jobs=1)
    path = corpus / before.path[0]
    (corpus / "zz").mkdir()
    shutil.copy(path, corpus / "zz" / path.name)
    path.write_bytes(b"RIFF" + bytes(50))
    path.with_suffix(".xml").write_text("no audio, no copy")
    after, problems = index_clips(corpus, n_jobs=1)
    assert set(after.clip_id) == set(before.clip_id)
    assert list(after.path) == sorted(after.path)
    assert list(problems.path) == [before.path[0]]


def test_the_checksum_is_of_the_sound_not_of_the_file(corpus):
    before, _ = index_clips(corpus, n_jobs=1)
    path = corpus / before.path[0]
    y, sr = sf.read(path, dtype="int16")
    sf.write(path.with_suffix(".flac"), np.stack([y, y], axis=1), sr)
    path.unlink()
    after, _ = index_clips(corpus, n_jobs=1)
    assert after.audio_md5[0] == before.audio_md5[0]
    assert after.clip_id[0] == before.clip_id[0]
    sf.write(path.with_suffix(".flac"), y // 2, sr)
    changed, _ = index_clips(corpus, n_jobs=1)
    assert changed.audio_md5[0] != before.audio_md5[0]


def test_bad_files_are_skipped_and_listed_and_the_rest_completes(corpus):
    (corpus / "03-01-01-01-02-01-01.wav").write_bytes(b"")
    (corpus / "03-01-01-01-02-02-01.wav").write_bytes(b"RIFF" + bytes(50))
    sf.write(corpus / "03-01-02-01-02-01-01.wav", np.zeros(9999), 22050)
    write_clip(corpus / "my voice.wav")
    (corpus / "notes.txt").write_text("not audio")
    clips, problems = index_clips(corpus, n_jobs=2)
    assert len(clips) == 60
    assert dict(zip(problems.path, problems.problem, strict=True)).keys() == {
        "03-01-01-01-02-01-01.wav",
        "03-01-01-01-02-02-01.wav",
        "03-01-02-01-02-01-01.wav",
        "my voice.wav",
    }
    assert not problems.problem.str.contains(str(corpus)).any()


def test_workers_make_no_difference(corpus):
    assert index_clips(corpus, n_jobs=1)[0].equals(index_clips(corpus, n_jobs=2)[0])


def test_an_incomplete_corpus_says_what_is_missing(corpus):
    lines = completeness(index_clips(corpus, n_jobs=1)[0])
    assert "32 of 1440 clips, 4 of 24 speakers: incomplete" in lines[0]


def test_no_corpus(tmp_path):
    with pytest.raises(CorpusError, match=r"serlib download"):
        index_clips(tmp_path)
    with pytest.raises(CorpusError, match=r"no such folder"):
        index_clips(tmp_path / "none")


def test_the_real_corpora_are_complete(real_root):
    clips, problems = index_clips(real_root)
    counts = clips.groupby(["corpus", "channel"]).size()
    assert counts["ravdess", "speech"] == 1440
    assert counts["ravdess", "song"] == 1012
    assert counts["tess", "speech"] == 2800
    twins = clips[clips.duplicated("audio_md5", keep=False)]
    assert set(twins.clip_id) == {"ravdess:03-01-03-01-02-01-07", "ravdess:03-01-03-01-02-02-07"}
    assert problems.problem.str.startswith("a second copy").all()  # the untouched originals


def test_the_seven_clips_of_emodb_have_its_seven_emotions(real_root):
    clips, _ = index_clips(real_root / "quirks" / "emodb", n_jobs=1)
    found = clips.set_index("clip_id")
    names = {"03a01Fa": "happy", "03a01Nc": "neutral", "03a01Wa": "angry", "03a02Ta": "sad"}
    names |= {"03a04Ad": "fear", "03a04Lc": "boredom", "03b10Ec": "disgust"}
    assert found.emotion.to_dict() == {f"emodb:{stem}": e for stem, e in names.items()}
    assert set(found.speaker) == {"emodb:03"} and set(found.gender) == {"male"}


def test_a_voice_note_is_a_clip_and_what_macos_puts_beside_it_is_none(tmp_path):
    write(tmp_path / "happy" / "a.m4a", "aac", vowel(sr=48000))
    (tmp_path / "happy" / "._a.m4a").write_bytes(b"\0\5\26\7")
    clips, problems = index_clips(tmp_path, n_jobs=1)
    assert len(clips) == 1 and clips.duration_s[0] == pytest.approx(3, abs=0.05)
    assert problems.empty


def test_a_name_that_no_table_can_hold_is_a_problem_and_costs_no_other(tmp_path):
    write_clip(tmp_path / "happy" / "a.wav")
    other = Path(os.fsdecode(os.fsencode(tmp_path) + b"/happy/gr\xfcn.wav"))
    other.write_bytes((tmp_path / "happy" / "a.wav").read_bytes())
    clips, problems = index_clips(tmp_path, n_jobs=1)
    assert len(clips) == 1 and "UTF-8" in problems.problem[0]
    problems.to_csv(tmp_path / "problems.csv")
