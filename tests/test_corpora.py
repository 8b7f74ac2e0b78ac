import pytest

from serlib.corpora import CORPORA, parse

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
}
FACTS = ("corpus", "speaker", "gender", "emotion", "intensity", "statement", "channel")


@pytest.mark.parametrize("stem", EXPECTED)
@pytest.mark.parametrize("folder", ["", "anything/at all/"])
@pytest.mark.parametrize("suffix", [".wav", ".flac", ".WAV"])
def test_names_say_what_the_clip_is(stem, folder, suffix):
    facts = parse(folder + stem + suffix)
    assert tuple(facts[k] for k in FACTS) == EXPECTED[stem]


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


def test_every_corpus_says_where_it_is_from():
    for corpus in CORPORA.values():
        assert corpus.citation and corpus.licence and corpus.home.startswith("http")
