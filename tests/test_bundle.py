import io
import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import joblib
import keras
import numpy as np
import pytest
import soundfile as sf
from sklearn.preprocessing import StandardScaler

import serlib
from serlib import bundle as bundles
from serlib import models, systems
from serlib.catalogue import open_bundle
from serlib.descriptors import Descriptors
from serlib.errors import AudioError, BundleError
from serlib.features import Means
from serlib.files import sha256
from serlib.project import ARTIFACTS, ROOT
from serlib.sequences import LogMel, MfccDeltas
from serlib.synthesis import synthesise

EMOTIONS = ["angry", "disgust", "fear", "happy", "neutral", "sad", "surprise"]


def clip(seed=0, emotion="happy"):
    rng = np.random.default_rng(seed)
    return synthesise(emotion, speaker="05", sentence="dogs", rng=rng)


@pytest.fixture(scope="module")
def parts():
    """A small network over features scaled as those of a few synthetic clips."""
    keras.utils.set_random_seed(3)
    extractor = Means()
    X = np.stack([extractor.get_predict_feat((clip(k, e), 22050)) for k, e in enumerate(EMOTIONS)])
    layers = [keras.Input((162, 1)), keras.layers.Flatten()]
    model = keras.Sequential([*layers, keras.layers.Dense(7, activation="softmax")])
    return dict(model=model, scaler=StandardScaler().fit(X), classes=EMOTIONS, extractor=extractor)


@pytest.fixture
def saved(parts, tmp_path):
    path = tmp_path / "bundles" / "emotion_preprocessing.joblib"
    bundles.save_bundle(path, **parts, reference=clip(), card=dict(data="tests"))
    return path


@pytest.fixture
def wav(tmp_path):
    sf.write(tmp_path / "audio.wav", clip(5, "angry"), 22050)
    return tmp_path / "audio.wav"


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
    parts = joblib.load(saved)
    x = parts["scaler"].transform(parts["extractor"].get_predict_feat(str(wav))[None])[..., None]
    label = parts["encoder"].inverse_transform(parts["model"].predict(x, verbose=0))[0][0]
    assert label == serlib.get_predictions(str(wav), parts)
    assert parts["extractor"].extract_features(clip(), 22050).shape == (162,)


@pytest.mark.parametrize("damage", [lambda b: b[:-100], lambda b: b[:5000] + b"x" + b[5001:]])
def test_truncated_or_altered_is_refused(saved, damage):
    saved.write_bytes(damage(saved.read_bytes()))
    with pytest.raises(BundleError, match=r"truncated or altered.*serlib run --only 04"):
        serlib.load_bundle(saved)


def test_what_is_no_bundle_is_refused_whatever_its_checksum(saved):
    saved.write_bytes(b"\x78\x9c no pickle")
    about = json.loads(saved.with_suffix(".json").read_text())
    saved.with_suffix(".json").write_text(json.dumps(about | dict(sha256=sha256(saved))))
    with pytest.raises(BundleError, match="cannot be loaded"):
        serlib.load_bundle(saved)
    saved.with_suffix(".json").write_text("[]")
    with pytest.raises(BundleError, match="its card"):
        serlib.load_bundle(saved)


def test_missing_parts_are_named(saved, tmp_path):
    with pytest.raises(BundleError, match="no such bundle"):
        serlib.load_bundle(tmp_path / "none.joblib")
    saved.with_suffix(".json").unlink()
    with pytest.raises(BundleError, match=r"its card emotion_preprocessing\.json"):
        serlib.load_bundle(saved)
    with pytest.raises(BundleError, match=r"lacks .*'reference'"):
        serlib.get_predictions((clip(), 22050), dict(model=None))


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
    about = json.loads(saved.with_suffix(".json").read_text())
    saved.with_suffix(".json").write_text(json.dumps(about | {"sha256": bundles.sha256(saved)}))
    with pytest.raises(BundleError):
        serlib.load_bundle(saved)


def test_a_bad_clip_is_named(saved, tmp_path):
    (tmp_path / "bad.wav").write_bytes(b"RIFF")
    with pytest.raises(AudioError, match=r"bad\.wav"):
        serlib.get_predictions(tmp_path / "bad.wav", serlib.load_bundle(saved))


def run(script, folder):
    return subprocess.run(
        [sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, check=False
    )


def test_the_readmes_four_lines_work_in_a_fresh_process_in_another_folder(wav):
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    script = next(block for block in blocks if "get_predictions" in block)
    assert len([line for line in script.splitlines() if line.strip()]) <= 4
    script = re.sub(r'"[^"]*emotion_preprocessing.joblib"', repr(_shipped()), script)
    done = run(script, wav.parent)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[0] in EMOTIONS


def test_plain_joblib_load_works_in_a_fresh_process(wav):
    script = f"""
import joblib
from serlib import get_predictions
emotion_preprocess = joblib.load({_shipped()!r})
print(get_predictions("audio.wav", emotion_preprocess))"""
    done = run(script, wav.parent)
    assert done.stdout.strip() in EMOTIONS, done.stderr


def test_the_shipped_bundle_is_the_clips_model_and_says_how_good_it_is():
    bundle = serlib.load_bundle(_shipped())
    assert bundle["model"].count_params() == 2_671_239 and not bundle["model"].compiled
    card = json.loads((ARTIFACTS / "emotion_preprocessing.json").read_text())
    assert {row["protocol"] for row in card["figures"]} == {"clips", "speakers"}
    assert not any(row["notice"] for row in card["figures"])
    kept = keras.saving.load_model(ARTIFACTS / "best_emotion_model.keras", compile=False)
    for a, b in zip(kept.get_weights(), bundle["model"].get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def _shipped():
    return str(Path(ARTIFACTS / "emotion_preprocessing.joblib"))


def small_bundle(front_end, network):
    """A bundle of an untrained network."""
    keras.utils.set_random_seed(0)
    X = np.stack([front_end.get_predict_feat((clip(k), 22050)) for k in range(3)])
    shape = front_end.as_input(X).shape[1:]
    model, scaler = network(shape, len(EMOTIONS)), front_end.scaler().fit(X)
    return dict(model=model, scaler=scaler, classes=EMOTIONS, extractor=front_end)


@pytest.mark.parametrize(
    ("front_end", "network"),
    [(LogMel(), models.bilstm_attention), (MfccDeltas(trim_db=35), models.bigru_attention)],
)
def test_attention_is_a_share_of_every_step(front_end, network, tmp_path):
    path = tmp_path / "b.joblib"
    bundles.save_bundle(path, **small_bundle(front_end, network), reference=clip(), card={})
    weights = bundles.attention((clip(4), 22050), serlib.load_bundle(path))
    assert weights.ndim == 1 and weights.min() >= 0 and weights.sum() == pytest.approx(1, abs=1e-5)
    seconds = np.linspace(0, front_end.span, len(weights), endpoint=False)
    heard = len(front_end.load((clip(4), 22050))) / 22050
    if network is models.bigru_attention:
        assert weights[seconds > heard + 0.1].max() == 0


@pytest.mark.parametrize("front_end", [Descriptors(), MfccDeltas(trim_db=35)])
def test_the_network_that_uses_the_mask_leaves_two_more_seconds_of_padding_out(front_end):
    bundle = small_bundle(front_end, models.bigru_attention)
    longer = bundle | dict(extractor=replace(front_end, padded=front_end.padded + 2))
    ears = (b["extractor"].get_predict_feat((clip(1), 22050))[None] for b in (bundle, longer))
    answers = [bundles._probabilities(bundle, features) for features in ears]
    np.testing.assert_allclose(*answers, atol=1e-4)


def test_a_network_without_attention_has_none(saved):
    assert bundles.attention((clip(), 22050), serlib.load_bundle(saved)) is None


@pytest.mark.parametrize(
    "name", [n for n, s in systems.SYSTEMS.items() if s.offered and s.network == "bigru_attention"]
)
def test_two_more_seconds_of_padding_move_no_answer_of_a_system_that_uses_the_mask(name):
    bundle = open_bundle(name)
    padded = bundle["extractor"].padded + 2
    longer = bundle | dict(extractor=replace(bundle["extractor"], padded=padded))
    for k in range(3):
        answers = [
            list(bundles.predict_proba((clip(k), 22050), b).values()) for b in (bundle, longer)
        ]
        np.testing.assert_allclose(*answers, atol=1e-4)
