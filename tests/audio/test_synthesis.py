import librosa
import numpy as np
import pytest

from serlib.audio import SENTENCES, WORDS, synthesise
from serlib.audio.synthesis import PROSODY

SR = 22050


def speak(emotion, *, speaker="05", sentence="kids", seed=0, **options):
    rng = np.random.default_rng(seed)
    return synthesise(emotion, speaker=speaker, sentence=sentence, rng=rng, **options)


def f0(y):
    """Median F0 of the loud half of a clip, Hz."""
    track = librosa.yin(y, fmin=60, fmax=600, sr=SR, frame_length=1024, hop_length=256)
    rms = librosa.feature.rms(y=y, frame_length=1024, hop_length=256)[0]
    return np.median(track[rms > np.median(rms)])


@pytest.mark.parametrize("emotion", PROSODY)
@pytest.mark.parametrize("sentence", ["kids", "food"])
def test_a_clip_is_speech_sized(emotion, sentence):
    y = speak(emotion, sentence=sentence)
    assert y.dtype == np.float32 and y.ndim == 1
    assert np.isfinite(y).all() and 0.01 < np.abs(y).max() < 1
    assert (2.2 if sentence in SENTENCES else 1.6) <= y.size / SR <= 3.6
    assert (y != 0).mean() > 0.99  # noise, and no digital silence, where nobody speaks


def test_same_generator_same_bytes_other_generator_other_clip():
    assert np.array_equal(speak("happy"), speak("happy"))
    assert not np.array_equal(speak("happy")[:1000], speak("happy", seed=1)[:1000])


def test_women_speak_higher_than_men():
    men = [f0(speak("neutral", speaker=s)) for s in ("01", "05", "17")]
    women = [f0(speak("neutral", speaker=s)) for s in ("02", "06", "OAF")]
    assert max(men) < 160 < min(women)


def test_prosody_goes_where_the_literature_says():
    """Banse & Scherer (1996): anger, fear and joy are higher and louder than sadness."""

    def level(y):
        return librosa.amplitude_to_db(np.sqrt([np.mean(y**2)]))[0]

    for speaker in ("05", "02"):
        said = {
            e: [speak(e, speaker=speaker, seed=k) for k in range(3)]
            for e in ("neutral", "angry", "sad", "fear")
        }
        pitch = {e: np.mean([f0(y) for y in clips]) for e, clips in said.items()}
        loud = {e: np.mean([level(y) for y in clips]) for e, clips in said.items()}
        seconds = {e: np.mean([y.size for y in clips]) for e, clips in said.items()}
        assert pitch["sad"] < pitch["angry"] and pitch["neutral"] < pitch["fear"]
        assert loud["sad"] < loud["neutral"] < loud["angry"]
        assert seconds["fear"] < seconds["sad"]


@pytest.mark.parametrize(
    "bad",
    [
        dict(emotion="angy"),
        dict(speaker="25"),
        dict(sentence="cats"),
        dict(intensity=3),
    ],
)
def test_bad_values_are_named_with_the_valid_ones(bad):
    good = dict(emotion="happy", speaker="05", sentence="kids", intensity=1)
    with pytest.raises(ValueError, match=rf"Bad .*{next(iter(bad.values()))}.*expected one of"):
        synthesise(**good | bad, rng=np.random.default_rng(0))


def test_words_and_sentences_do_not_share_names():
    assert not set(WORDS) & set(SENTENCES)
