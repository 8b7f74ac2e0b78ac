"""From a recording to its emotion, by a system for recordings from anywhere."""

import warnings

import librosa
import numpy as np
import pytest
import soundfile as sf

import serlib
from serlib import EnrolledSpeaker, get_predictions, predict_proba
from serlib.audio import NO_SPEECH, load, synthesise
from serlib.errors import AudioError, AudioWarning
from serlib.inference import answer, open_bundle
from serlib.recordings import answers
from serlib.systems import Voice
from tests.audio.test_container import write

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
    files = [str(tmp_path / f"{k}.wav") for k in range(len(clips))]
    for file, (y, sr) in zip(files, clips, strict=True):
        sf.write(file, y, sr)
    apart = dict(answers.predict_files(files, bundle))
    together = dict(answers.predict_files(files, bundle, same_voice=True))
    assert apart[files[-1]].probabilities != together[files[-1]].probabilities
    with pytest.raises(serlib.errors.BundleError, match="leave out --same-voice"):
        list(answers.predict_files(files, open_bundle("conv1d"), same_voice=True))


@pytest.fixture(scope="module")
def spoken(tmp_path_factory):
    """A synthetic voice of two seconds, as WAV, MP3 and M4A."""
    folder = tmp_path_factory.mktemp("spoken")
    y = synthesise("angry", speaker="01", sentence="dogs", rng=np.random.default_rng(1))
    y = librosa.resample(y, orig_sr=SR, target_sr=48000).astype(np.float32)
    sf.write(folder / "a.wav", y, 48000)
    for name, codec in (("a.mp3", "libmp3lame"), ("a.m4a", "aac")):
        write(folder / name, codec, y)
    return folder


def test_mp3_and_m4a_answer_as_their_wav_does(bundle, spoken):
    wav, *others = (answer(spoken / f"a.{kind}", bundle) for kind in ("wav", "mp3", "m4a"))
    for other in others:
        assert other.emotion == wav.emotion and other.remarks == wav.remarks
        assert list(other.probabilities.values()) == pytest.approx(
            list(wav.probabilities.values()), abs=0.05
        )


@pytest.mark.parametrize("seconds", [60, 7.5])
def test_a_wait_before_the_voice_changes_nothing(bundle, spoken, seconds):
    y, sr = sf.read(spoken / "a.wav", dtype="float32")
    late = np.concatenate([np.zeros(int(seconds * sr), np.float32), y])
    plain, waited = (answer((z, sr), bundle) for z in (y, late))
    assert waited.emotion == plain.emotion and waited.remarks == plain.remarks
    expected = list(plain.probabilities.values())
    assert list(waited.probabilities.values()) == pytest.approx(expected, abs=0.03)
    assert list(predict_proba((late, sr), bundle).values()) == pytest.approx(expected, abs=0.03)


def test_a_file_that_is_cut_short_is_remarked_warned_of_or_refused(bundle, spoken, tmp_path):
    raw = (spoken / "a.wav").read_bytes()
    cut = tmp_path / "cut.wav"
    cut.write_bytes(raw[: 2 * len(raw) // 3])
    conv1d = open_bundle("conv1d")
    for system in (bundle, conv1d):
        with warnings.catch_warnings():
            warnings.simplefilter("error", AudioWarning)
            remark = answer(cut, system).remarks[0]
        assert "are missing at its end" in remark
        for call in (get_predictions, predict_proba):
            with pytest.warns(AudioWarning, match=r"cut\.wav: It is cut short"):
                call(str(cut), system)
        (found,) = dict(answers.predict_files([str(cut)], system)).values()
        assert remark in found.remarks
        (found,) = dict(answers.predict_files([str(cut)], system, strict=True)).values()
        assert isinstance(found, AudioError) and "cut.wav: It is cut short" in str(found)
    files = [str(cut), str(spoken / "a.mp3")]
    (_, after), (_, alone) = (
        list(answers.predict_files(some, bundle, same_voice=True, strict=True))[-1]
        for some in (files, files[1:])
    )
    assert after == alone  # a voice learns nothing from what is refused


def test_one_label_for_what_lasts_long_is_warned_of(bundle, spoken):
    y, sr = sf.read(spoken / "a.wav", dtype="float32")
    with pytest.warns(AudioWarning, match=r"array: lasts \d+ s, .*predict_timeline"):
        get_predictions((np.tile(y, 12), sr), bundle)


def test_music_and_noise_show_no_voice(bundle, spoken):
    y, sr = sf.read(spoken / "a.wav", dtype="float32")
    noise = np.random.default_rng(0).standard_normal(3 * sr).astype(np.float32) / 10
    both, alone = (EnrolledSpeaker(bundle, some) for some in ([(y, sr), (noise, sr)], [(y, sr)]))
    assert both.predict_proba((y, sr)) == alone.predict_proba((y, sr))
    with pytest.raises(AudioError, match="nobody speaks in it"):
        EnrolledSpeaker(bundle, [(noise, sr)])


@pytest.mark.parametrize("name", ["conv1d", "any_voice"])
def test_every_kind_of_source_gives_the_same_answer(spoken, name):
    system, path = open_bundle(name), spoken / "a.wav"
    y, sr = sf.read(path, dtype="float32")
    sources = [path, path.read_bytes(), dict(array=y, sampling_rate=sr), np.stack([y, -y], 1)]
    sources[3] = (sources[3], sr)  # channels out of phase
    first, *others = predict_proba(sources, system)
    for other in others:
        assert other == pytest.approx(first, abs=1e-5)
