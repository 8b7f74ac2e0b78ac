"""The known corpora: what their names say, what they state, and how one more is added."""

import re

import numpy as np
import pandas as pd
import pytest

from serlib.corpora import CORPORA, Corpus, completeness, fetch, index_clips, parse, protocol
from serlib.corpora.corpus import facts
from serlib.errors import CorpusError
from serlib.evaluation import scores
from tests.conftest import write_clip

EXPECTED = {
    "03-01-06-02-01-01-12": ("ravdess", "ravdess:12", "female", "fear", "strong", "kids", "speech"),
    "03-02-02-01-02-01-07": ("ravdess", "ravdess:07", "male", "calm", "normal", "dogs", "song"),
    "OAF_back_ps": ("tess", "tess:OAF", "female", "surprise", "normal", "back", "speech"),
    "OA_bite_neutral": ("tess", "tess:OAF", "female", "neutral", "normal", "bite", "speech"),
    "03a01Fa": ("emodb", "emodb:03", "male", "happy", "normal", "a01", "speech"),
    "16b10Lb": ("emodb", "emodb:16", "female", "boredom", "normal", "b10", "speech"),
    "DC_sa01": ("savee", "savee:DC", "male", "sad", "normal", "sa01", "speech"),
    "JK/su15": ("savee", "savee:JK", "male", "surprise", "normal", "su15", "speech"),
    "1001_DFA_ANG_XX": ("cremad", "cremad:1001", "male", "angry", "normal", "DFA", "speech"),
    "1091_IEO_FEA_HI": ("cremad", "cremad:1091", "female", "fear", "strong", "IEO", "speech"),
    "EB0_anger_1": ("nemo", "nemo:EB0", "female", "angry", "normal", "1", "speech"),
    "WR0_surprised_64": ("nemo", "nemo:WR0", "male", "surprise", "normal", "64", "speech"),
    "gio-f2-d1": ("emovo", "emovo:f2", "female", "happy", "normal", "d1", "speech"),
    "pau-m3-n5": ("emovo", "emovo:m3", "male", "fear", "normal", "n5", "speech"),
}
FACTS = ("corpus", "speaker", "gender", "emotion", "intensity", "statement", "channel")


@pytest.mark.parametrize("stem", EXPECTED)
@pytest.mark.parametrize("folder", ["", "anything/at all/"])
@pytest.mark.parametrize("suffix", [".wav", ".flac", ".WAV"])
def test_names_say_what_the_clip_is(stem, folder, suffix):
    found = parse(folder + stem + suffix)
    assert tuple(found[k] for k in FACTS) == EXPECTED[stem]


@pytest.mark.parametrize(
    "path",
    [
        "03-01-09-01-01-01-01.wav",  # no ninth emotion
        "03-01-01-01-01-01-25.wav",  # no 25th actor
        "01-01-01-01-01-01-01.wav",  # a video
        "OAF_back_bored.wav",
        "03a01Xa.wav",
        "XX/a01.wav",
        "a01.wav",
        "1092_DFA_ANG_XX.wav",
        "EB0_boredom_1.wav",
        "gio-f4-d1.wav",
        "notes.txt",
    ],
)
def test_other_names_are_of_no_corpus(path):
    assert parse(path) is None


def test_the_ids_of_a_clip_are_the_same_in_every_layout():
    same = ["OA_bite_neutral.wav", "TESS/OAF_neutral/OAF_bite_neutral.flac", "oaf_BITE_neutral.wav"]
    assert {parse(p)["clip_id"] for p in same} == {"tess:OA_bite_neutral"}
    assert parse("DC_a01.wav")["clip_id"] == parse("AudioData/DC/a01.wav")["clip_id"]


def test_cremad_has_its_published_men_and_women():
    genders = [parse(f"{1000 + k}_DFA_ANG_XX.wav")["gender"] for k in range(1, 92)]
    assert (genders.count("female"), genders.count("male")) == (43, 48)


@pytest.mark.parametrize("name", [name for name in CORPORA if name != "own"])
def test_a_corpus_states_everything(name):
    corpus = CORPORA[name]
    assert corpus.name == name and corpus.title
    assert corpus.clips and min(corpus.clips.values()) > 0 and corpus.speakers > 0
    assert corpus.licence and corpus.citation and corpus.home.startswith("http")
    assert bool(corpus.source) != bool(corpus.by_hand)  # where it is, or why nowhere


@pytest.fixture
def rooks(monkeypatch):
    """A corpus that is made up, of which all birds but the last are tested in the first fold."""
    corpus = Corpus(
        name="rooks",
        title="Rooks of the churchyard",
        pattern=re.compile(r"rook(\d)_(happy|sad)_(dawn|dusk)"),
        parse=lambda match: facts(match[0], match[1], "female", match[2], "normal", match[3]),
        clips={"speech": 99},
        speakers=9,
        licence="CC0",
        citation="Nobody (1900)",
        home="http://localhost/rooks",
        by_hand="they are shy",
        folds=lambda speakers, alone: [7 if s == speakers[-1] else 3 for s in speakers],
        units=lambda clip_ids: clip_ids.str.rsplit("_").str[-1],
    )
    monkeypatch.setitem(CORPORA, "rooks", corpus)
    return corpus


@pytest.fixture
def rooks_clips(rooks, tmp_path):
    """Three rooks, two emotions, two sentences."""
    for k in range(12):
        name = f"rook{k // 4}_{('happy', 'sad')[k % 2]}_{('dawn', 'dusk')[k // 2 % 2]}.wav"
        write_clip(tmp_path / "data" / "nest" / name, seconds=0.5, seed=k)
    return index_clips(tmp_path / "data", n_jobs=1)[0]


def test_one_more_corpus_is_found_by_its_names(rooks_clips):
    assert parse("rook2_sad_dusk.flac")["clip_id"] == "rooks:rook2_sad_dusk"
    assert len(rooks_clips) == 12 and set(rooks_clips.corpus) == {"rooks"}
    assert set(rooks_clips.speaker) == {"rooks:0", "rooks:1", "rooks:2"}
    assert completeness(rooks_clips)[0].startswith("Rooks of the churchyard, speech: 12 of 99")


def test_one_more_corpus_is_divided_as_it_says(rooks_clips):
    folds = protocol("speakers").folds(rooks_clips)
    assert [fold.name for fold in folds] == [3, 7]
    tested = [set(rooks_clips.speaker.iloc[fold.test]) for fold in folds]
    assert tested == [{"rooks:0", "rooks:1"}, {"rooks:2"}]


def test_one_more_corpus_says_what_a_bootstrap_draws(rooks_clips, rooks, monkeypatch):
    """Of dawns, all right, and dusks, all wrong, two are drawn: none right, half, or all."""
    dawn = rooks_clips.statement == "dawn"
    other = rooks_clips.emotion.map({"happy": "sad", "sad": "happy"})
    answers = rooks_clips.assign(predicted=rooks_clips.emotion.where(dawn, other))
    found = scores.score(answers, rng=np.random.default_rng(0))
    assert (found["uar_low"], found["uar"], found["uar_high"]) == (0, 0.5, 1)
    tess = pd.DataFrame(dict(clip_id=["tess:OAF_back_sad"], emotion="sad", predicted="sad"))
    both = pd.concat([answers, tess.assign(corpus="tess", speaker="tess:OAF")])
    found = scores.score(both, rng=np.random.default_rng(0))  # of two corpora: speakers
    assert found["uar_low"] >= 0.5


def test_one_more_corpus_says_why_it_cannot_be_fetched(rooks, tmp_path):
    with pytest.raises(CorpusError, match=r"as they are shy\. Get it from http://localhost/rooks"):
        fetch(["rooks"], tmp_path)
