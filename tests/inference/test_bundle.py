import io
import json
import subprocess
import sys
from dataclasses import replace

import joblib
import keras
import numpy as np
import pytest
import soundfile as sf

import serlib
from serlib import inference
from serlib.audio import synthesise
from serlib.errors import AudioError, BundleError
from serlib.features import Descriptors, LogMel, Means, MfccDeltas
from serlib.files import sha256
from serlib.inference import inspection
from serlib.inference.bundle import probabilities, verify
from serlib.systems import networks

EMOTIONS = ["angry", "disgust", "fear", "happy", "neutral", "sad", "surprise"]


def clip(seed=0, emotion="happy"):
    rng = np.random.default_rng(seed)
    return synthesise(emotion, speaker="05", sentence="dogs", rng=rng)


def dense(input_shape, n_classes):
    layers = [keras.Input(input_shape), keras.layers.Flatten()]
    return keras.Sequential([*layers, keras.layers.Dense(n_classes, activation="softmax")])


def parts_of(front_end, network):
    """What a bundle is made of: a network, not trained, and the scaler of a few clips."""
    keras.utils.set_random_seed(3)
    X = np.stack([front_end.get_predict_feat((clip(k, e), 22050)) for k, e in enumerate(EMOTIONS)])
    model = network(front_end.as_input(X).shape[1:], len(EMOTIONS))
    scaler = front_end.scaler().fit(X)
    return dict(model=model, scaler=scaler, classes=EMOTIONS, extractor=front_end)


@pytest.fixture(scope="module")
def parts():
    return parts_of(Means(), dense)


@pytest.fixture
def saved(parts, tmp_path):
    path = tmp_path / "bundles" / "emotion_preprocessing.joblib"
    inference.save_bundle(path, **parts, reference=clip(), card=dict(data="tests"))
    return path


@pytest.fixture
def wav(tmp_path):
    sf.write(tmp_path / "audio.wav", clip(5, "angry"), 22050)
    return tmp_path / "audio.wav"


def sign(path):
    """Write a bundle's checksum into its card, as if whoever changed it had saved it so."""
    card = path.with_suffix(".json")
    card.write_text(json.dumps(json.loads(card.read_text()) | dict(sha256=sha256(path))))


def test_path_file_array_and_list_agree(saved, wav):
    bundle = serlib.load_bundle(saved)
    answer = serlib.predict_proba(str(wav), bundle)
    assert list(answer) == EMOTIONS and sum(answer.values()) == pytest.approx(1, abs=1e-5)
    label = serlib.get_predictions(wav, bundle)
    assert label == max(answer, key=answer.get) and type(label) is str
    y, sr = sf.read(wav, dtype="float32")
    with wav.open("rb") as file:
        for source in (file, io.BytesIO(wav.read_bytes()), (y, sr), wav):
            assert serlib.predict_proba(source, bundle) == pytest.approx(answer, abs=1e-6)
    assert serlib.get_predictions([wav, (y, sr)], bundle) == [label, label]
    assert serlib.predict_proba([], bundle) == []


def test_prediction_uses_the_features_of_training(saved, wav):
    bundle = joblib.load(saved)
    x = Means().extract_features(Means().load(wav), 22050)
    np.testing.assert_array_equal(bundle["extractor"].get_predict_feat(wav), x)
    proba = bundle["model"].predict(bundle["scaler"].transform(x[None])[..., None], verbose=0)
    assert serlib.predict_proba(wav, bundle) == pytest.approx(
        dict(zip(EMOTIONS, proba[0], strict=True)), abs=1e-6
    )


def test_the_calls_of_s2s_users_work(saved, wav):
    """After a plain `joblib.load`: model, scaler, encoder and extractor as they know them."""
    bundle = joblib.load(saved)
    assert {"model", "scaler", "encoder", "extractor"} <= set(bundle)
    x = bundle["scaler"].transform(bundle["extractor"].get_predict_feat(str(wav))[None])[..., None]
    label = bundle["encoder"].inverse_transform(bundle["model"].predict(x, verbose=0))[0][0]
    assert label == serlib.get_predictions(str(wav), bundle)
    assert bundle["verified"] and "anywhere" not in bundle  # checked once, and heard as it is
    assert bundle["extractor"].extract_features(clip(), 22050).shape == (162,)


@pytest.mark.parametrize("damage", [lambda b: b[:-100], lambda b: b[:5000] + b"x" + b[5001:]])
def test_truncated_or_altered_is_refused(saved, damage):
    saved.write_bytes(damage(saved.read_bytes()))
    with pytest.raises(BundleError, match=r"truncated or altered.*serlib run --system"):
        serlib.load_bundle(saved)


def test_what_is_no_bundle_is_refused_whatever_its_checksum(saved):
    saved.write_bytes(b"\x78\x9c no pickle")
    sign(saved)
    with pytest.raises(BundleError, match="cannot be loaded"):
        serlib.load_bundle(saved)
    saved.with_suffix(".json").write_text("[]")
    with pytest.raises(BundleError, match="its card"):
        serlib.load_bundle(saved)


def test_without_a_card_it_answers_and_says_what_is_not_checked(saved):
    with_card = inference.answer((clip(), 22050), serlib.load_bundle(saved))
    saved.with_suffix(".json").unlink()
    without = inference.answer((clip(), 22050), serlib.load_bundle(saved))
    assert without.probabilities == pytest.approx(with_card.probabilities)
    assert with_card.remarks == ()
    (remark,) = without.remarks
    assert "emotion_preprocessing.json" in remark and "checksum is not checked" in remark


def test_missing_parts_are_named(saved, tmp_path):
    with pytest.raises(BundleError, match="no such bundle"):
        serlib.load_bundle(tmp_path / "none.joblib")
    with pytest.raises(BundleError, match=r"lacks .*'reference'"):
        serlib.get_predictions((clip(), 22050), dict(model=None))
    with pytest.raises(BundleError, match=r"a\.joblib.*: no bundle, expected .*load_bundle"):
        serlib.get_predictions((clip(), 22050), "a.joblib")
    with pytest.raises(BundleError, match=r"^list: no bundle"):
        serlib.get_predictions((clip(), 22050), [1])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda b: b["versions"].update(keras="2.1"), r"made with .*2\.1.*here are"),
        (
            lambda b: b["model"].layers[-1].kernel.assign(b["model"].layers[-1].kernel * 2),
            "other probabilities",
        ),
        (lambda b: setattr(b["scaler"], "mean_", b["scaler"].mean_ + 1), "other probabilities"),
    ],
)
def test_other_versions_and_a_diverging_reference_are_refused(saved, wav, change, says):
    bundle = joblib.load(saved)
    change(bundle)
    for _ in range(2):  # and not only the first time
        with pytest.raises(BundleError, match=says):
            serlib.get_predictions(wav, bundle)
    joblib.dump(bundle, saved)
    sign(saved)
    with pytest.raises(BundleError, match=says):
        serlib.load_bundle(saved)


@pytest.mark.parametrize(("name", "moved"), [("any_voice", 0.015), ("conv1d", 9e-4)])
def test_as_much_as_processors_differ_is_allowed(name, moved):
    bundle = serlib.load_bundle(inference.find_bundle(name))
    reference, extractor = bundle["reference"], bundle["extractor"]
    features = extractor.get_predict_feat((reference["y"], extractor.sr))
    here = probabilities(bundle, features[None])[0]
    reference["probabilities"] = here + moved
    verify(bundle | dict(verified=False))
    reference["probabilities"] = here + 2 * moved
    with pytest.raises(BundleError, match="other probabilities"):
        verify(bundle | dict(verified=False))


def test_a_bad_clip_is_named(saved, tmp_path):
    (tmp_path / "bad.wav").write_bytes(b"RIFF")
    with pytest.raises(AudioError, match=r"bad\.wav"):
        serlib.get_predictions(tmp_path / "bad.wav", serlib.load_bundle(saved))


def test_plain_joblib_load_works_in_a_fresh_process_in_another_folder(saved, wav):
    script = f"""
import joblib
from serlib import get_predictions
emotion_preprocess = joblib.load({str(saved)!r})
print(get_predictions("audio.wav", emotion_preprocess))"""
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=wav.parent, capture_output=True, text=True, check=False)
    assert done.stdout.strip() in EMOTIONS, done.stderr


@pytest.mark.parametrize(
    ("front_end", "network"),
    [(LogMel(), networks.bilstm_attention), (MfccDeltas(trim_db=35), networks.bigru_attention)],
)
def test_attention_is_a_share_of_every_step(front_end, network, tmp_path):
    path, source = tmp_path / "b.joblib", (clip(4), 22050)
    inference.save_bundle(path, **parts_of(front_end, network), reference=clip(), card={})
    bundle = serlib.load_bundle(path)
    assert inference.has_attention(bundle)
    weights = inference.attention(source, bundle)
    assert weights.ndim == 1 and weights.min() >= 0 and weights.sum() == pytest.approx(1, abs=1e-5)
    features = front_end.get_predict_feat(source)[None]
    np.testing.assert_array_equal(inference.attention_of(features, bundle)[0], weights)
    seconds = np.linspace(0, front_end.span, len(weights), endpoint=False)
    heard = len(front_end.load(source)) / 22050
    if network is networks.bigru_attention:
        assert weights[seconds > heard + 0.1].max() == 0


def test_a_network_without_attention_has_none(saved):
    bundle = serlib.load_bundle(saved)
    assert not inference.has_attention(bundle)
    assert inference.attention((clip(), 22050), bundle) is None


@pytest.mark.parametrize("front_end", [Descriptors(), MfccDeltas(trim_db=35)])
def test_two_more_seconds_of_padding_move_no_answer_where_the_mask_is_used(front_end):
    bundle = parts_of(front_end, networks.bigru_attention)
    longer = bundle | dict(extractor=replace(front_end, padded=front_end.padded + 2))
    answers = []
    for heard in (bundle, longer):
        features = heard["extractor"].get_predict_feat((clip(1), 22050))[None]
        X = heard["extractor"].as_input(heard["scaler"].transform(features))
        answers.append(heard["model"].predict(X, verbose=0))
    np.testing.assert_allclose(*answers, atol=1e-4)


@pytest.mark.parametrize(
    ("does", "patience", "says"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", 60, "ends the process .*-11"),
        ("import signal; signal.pause()", 1, "no answer in 1 s"),
    ],
)
def test_a_network_that_ends_the_process_or_never_answers_is_refused(
    saved, monkeypatch, does, patience, says
):
    """Another process asks it first, so that this one goes on."""
    monkeypatch.setattr(inspection, "_TRIAL", does)
    monkeypatch.setattr(inspection, "_PATIENCE", patience)
    with pytest.raises(BundleError, match=says):
        serlib.load_bundle(saved.with_suffix(".serlib"))
    assert inference.open_bundle("mfcc_cnn")["classes"]  # one of this checkout is not tried


def test_what_no_interpreter_takes_is_told_by_the_process_that_tried():
    with pytest.raises(BundleError, match="exit status 1"):
        inspection.try_network(b"TFL3")
