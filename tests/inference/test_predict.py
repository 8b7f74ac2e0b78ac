"""From a recording to its emotion, by a system for recordings from anywhere."""

import numpy as np
import pytest

import serlib
from serlib import EnrolledSpeaker, get_predictions, predict_proba
from serlib.audio import NO_SPEECH, load
from serlib.inference import answer, answers, open_bundle
from serlib.systems import Voice

SR = 22050
T = np.arange(2 * SR) / SR
TONE, NOISE = np.sin(2 * np.pi * 300 * T) / 3, np.random.default_rng(0).normal(size=len(T)) / 20


@pytest.fixture(scope="module")
def bundle():
    return open_bundle("any_voice")


@pytest.fixture
def clips(real_root):
    paths = sorted((real_root / "RAVDESS").glob("Audio_Speech*/Actor_04/*-01-01-04.flac"))
    return [(load(path, sr=SR), SR) for path in paths]


@pytest.mark.parametrize("y", [TONE, NOISE, np.full(2 * SR, 0.2) + NOISE / 1e3], ids=str)
def test_where_nobody_speaks_it_says_so(bundle, y):
    said = answer((y, SR), bundle)
    assert not said.speech and said.emotion == NO_SPEECH and said.remarks
    assert get_predictions([(y, SR)], bundle) == [NO_SPEECH]
    assert sum(said.probabilities.values()) == pytest.approx(1, abs=1e-5)


def test_others_answer_whatever_they_hear(bundle):
    conv1d = open_bundle("conv1d")
    y = np.tile(TONE, 2)
    assert get_predictions((y, SR), conv1d) in conv1d["classes"]
    assert answer((y, SR), conv1d).remarks == ()


def test_an_answer_is_that_of_the_library(bundle, clips):
    for clip in clips[:4]:
        said = answer(clip, bundle)
        assert said.probabilities == pytest.approx(predict_proba(clip, bundle), abs=1e-6)
        assert said.speech and said.emotion == get_predictions(clip, bundle)
    assert predict_proba([], bundle) == get_predictions([], bundle) == []


@pytest.mark.parametrize("factor", [1e-2, 0.1, 3])
def test_the_level_changes_no_answer(bundle, clips, factor):
    for y, sr in clips[:4]:
        plain, other = (predict_proba((f * y, sr), bundle) for f in (1, factor))
        assert list(plain.values()) == pytest.approx(list(other.values()), abs=0.02)


def test_one_voice_is_learnt_by_the_way(bundle, clips):
    """Clip by clip as all at once, and as one that is enrolled."""
    voice, one_by_one = Voice(), [predict_proba(clip, bundle) for clip in clips]
    for clip in clips:
        last = answer(clip, bundle, voice)
    p = np.array([list(answer.values()) for answer in one_by_one])
    expected = Voice().hear(p).without(p[-1:])[0]
    assert voice.count == len(clips)
    assert list(last.probabilities.values()) == pytest.approx(expected, abs=1e-6)
    enrolled = EnrolledSpeaker(bundle, clips).predict_proba(clips[-1])
    assert list(enrolled.values()) == pytest.approx(expected, abs=1e-6)


def test_files_of_one_voice_are_answered_in_the_light_of_those_before(bundle, clips, tmp_path):
    import soundfile as sf

    files = [str(tmp_path / f"{k}.wav") for k in range(len(clips))]
    for file, (y, sr) in zip(files, clips, strict=True):
        sf.write(file, y, sr)
    apart = dict(answers.predict_files(files, bundle))
    together = dict(answers.predict_files(files, bundle, same_voice=True))
    assert apart[files[-1]].probabilities != together[files[-1]].probabilities
    with pytest.raises(serlib.errors.BundleError, match="leave out --same-voice"):
        list(answers.predict_files(files, open_bundle("conv1d"), same_voice=True))
