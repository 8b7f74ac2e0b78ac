"""What answers the visitors of the page."""

import re
from collections import Counter

import librosa
import numpy as np
import pytest
import soundfile as sf

from serlib import EnrolledSpeaker, predict_proba
from serlib.errors import BundleError, SerlibError
from serlib.inference import new_voice
from serlib.paths import Project
from serlib.recordings.page import examples
from serlib.recordings.responder import Responder
from tests.audio.test_container import write


@pytest.mark.parametrize("system", ["conv1d", "best"])
def test_the_answer_is_that_of_the_library(responder, wav, system):
    probabilities, doubts, figure, long = responder.respond(wav, system)
    bundle = responder.bundle(system)
    assert list(probabilities) == bundle["classes"]
    assert probabilities == predict_proba(wav, bundle) and doubts == () and not long
    assert figure.axes[0].get_title().startswith("What the system heard: ")


def test_of_a_long_recording_the_timeline_is_shown(responder, wav, tmp_path):
    y, sr = sf.read(wav)
    sf.write(tmp_path / "long.wav", np.tile(np.pad(y, (0, 5 * sr - len(y))), 4), sr)
    shares, told, figure, long = responder.respond(str(tmp_path / "long.wav"), "mfcc_cnn")
    assert sum(shares.values()) == pytest.approx(1) and "20 s" in told[0] and long
    top, bottom = figure.axes
    assert top.get_xlim() == (0, 20) and len(bottom.patches) > 20
    sf.write(tmp_path / "silent.wav", np.full(20 * sr, 0.01), sr)
    assert responder.respond(str(tmp_path / "silent.wav"), "mfcc_cnn")[0] == {"no speech": 1.0}


@pytest.mark.parametrize("system", ["bilstm_attention", "bilstm_attention_augmented"])
def test_where_attention_lay_is_drawn_over_the_clip(responder, wav, system):
    *_, figure, _ = responder.respond(wav, system)
    top, _, attention = figure.axes
    assert re.match(r"It listened most at \d\.\d s of \d\.\d s", top.get_title())
    (steps,) = attention.patches
    values, edges, _ = steps.get_data()
    assert values.sum() == pytest.approx(1, abs=1e-4) and edges[0] == 0
    assert edges[-1] == pytest.approx(responder.bundle(system)["extractor"].span)


@pytest.mark.parametrize(
    ("y", "says"),
    [
        (np.zeros(3 * 22050), "silent throughout"),
        (np.ones(2205) / 2, "after 0.6 s"),
        (np.random.default_rng(0).normal(size=61 * 8000) / 9, "lasts 61 s, at most 60 s"),
    ],
)
def test_what_is_wrong_with_a_clip_is_a_sentence(responder, y, says, tmp_path):
    path = tmp_path / "clip.wav"
    sf.write(path, y, 22050 if len(y) < 70000 else 8000)
    with pytest.raises(SerlibError, match=says) as error:
        responder.respond(str(path), "conv1d")
    assert str(tmp_path) not in str(error.value)


def test_no_clip_and_no_system_are_sentences_too(responder, wav, tmp_path):
    with pytest.raises(SerlibError, match="There is no clip yet"):
        responder.respond(None, "conv1d")
    with pytest.raises(BundleError, match="any_voice: there is no bundle of it here"):
        Responder(Project(tmp_path, tmp_path / "cache")).respond(wav)


@pytest.mark.parametrize("system", ["conv1d", "best", "bilstm_attention"])
def test_a_clip_is_decoded_once_and_its_features_are_computed_once(
    responder, wav, system, monkeypatch
):
    extractor, count = responder.bundle(system)["extractor"], Counter()  # and is checked by now

    class Counting(sf.SoundFile):
        def read(self, *how, **more):
            count["read"] += 1
            return super().read(*how, **more)

    def counting(name):
        def call(*how, **more):
            count[name] += 1
            return wrapped(*how, **more)

        wrapped = getattr(type(extractor), name)
        monkeypatch.setattr(type(extractor), name, call)

    monkeypatch.setattr(sf, "SoundFile", Counting)
    counting("get_predict_feat")
    if system != "best":  # whose features its members extract
        counting("extract_features")
    responder.respond(wav, system)
    assert count.pop("extract_features", 1) == 1
    assert count == dict(read=1, get_predict_feat=1)


def test_a_voice_is_that_of_an_enrolled_speaker_and_learns_only_if_it_shall(responder, wav):
    clips = [str(path) for path in examples(responder.project).values()]
    bundle = responder.bundle()
    voice = responder.enrol(clips, new_voice())
    assert voice.count == len(clips) == 4
    shares, *_ = responder.respond(wav, voice=voice, learn=False)
    assert voice.count == 4
    assert shares == pytest.approx(EnrolledSpeaker(bundle, clips).predict_proba(wav))
    assert shares != pytest.approx(responder.respond(wav)[0])
    learnt, *_ = responder.respond(wav, voice=voice, learn=True)
    assert voice.count == 5
    assert learnt == pytest.approx(EnrolledSpeaker(bundle, [*clips, wav]).predict_proba(wav))


def test_what_lasts_too_long_is_refused_whatever_holds_it(responder, wav, tmp_path):
    y, sr = sf.read(wav, dtype="float32")
    write(
        tmp_path / "long.m4a", "aac", librosa.resample(np.tile(y, 40), orig_sr=sr, target_sr=48000)
    )
    with pytest.raises(SerlibError, match=r"^long\.m4a: lasts \d+ s, at most 60 s"):
        responder.respond(str(tmp_path / "long.m4a"))


def test_noise_shows_no_voice(responder, wav, tmp_path):
    noise = np.random.default_rng(0).standard_normal(48000) / 10
    sf.write(tmp_path / "noise.wav", noise, 16000)
    voice = new_voice()
    with pytest.raises(SerlibError, match=r"^noise\.wav: nobody speaks in it"):
        responder.enrol([wav, str(tmp_path / "noise.wav")], voice)
    assert voice.count == 0


def test_of_clips_one_of_which_is_none_no_voice_is_learnt(responder, wav, tmp_path):
    (tmp_path / "none.wav").write_text("no sound")
    voice = new_voice()
    with pytest.raises(SerlibError, match=r"none\.wav") as error:
        responder.enrol([wav, str(tmp_path / "none.wav")], voice)
    assert voice.count == 0 and str(tmp_path) not in str(error.value)
