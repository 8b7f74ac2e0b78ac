import keras
import numpy as np
import pytest
import soundfile as sf
from sklearn.linear_model import LogisticRegression

from serlib.audio import decode, synthesise
from serlib.errors import AudioError
from serlib.features import DurationLoudness, LogMel, Means, MfccDeltas
from serlib.systems import AtSpeed, Ensemble, EnsembleScaler, join, networks

FRONT_ENDS = MfccDeltas(n_mfcc=13, padded=2.5, duration=2.5), DurationLoudness(), LogMel()
EMOTIONS = ["happy", "sad", "angry"]


@pytest.fixture(scope="module")
def clips():
    speak = dict(speaker="02", sentence="kids")
    return [
        (synthesise(emotion, **speak, rng=np.random.default_rng(k)), 22050)
        for k in range(2)
        for emotion in EMOTIONS
    ]


@pytest.fixture(scope="module")
def features(clips):
    return [np.stack([f.get_predict_feat(c) for c in clips]) for f in FRONT_ENDS]


@pytest.fixture(scope="module")
def members(features):
    """Two networks over frames, a regression over three numbers, a network over pictures."""
    keras.utils.set_random_seed(0)
    scalers = [f.scaler().fit(x) for f, x in zip(FRONT_ENDS, features, strict=True)]
    logistic = LogisticRegression().fit(scalers[1].transform(features[1]), [0, 1, 2] * 2)
    dense = keras.layers.Dense(3, activation="softmax")
    linear = keras.Sequential([keras.Input((3,)), dense])
    dense.set_weights([logistic.coef_.T, logistic.intercept_])
    frames = FRONT_ENDS[0].shape
    made = [networks.bigru_attention(frames, 3), linear, networks.mfcc_cnn(frames, 3)]
    made.append(networks.bilstm_attention((128, 128, 1), 3))
    return scalers, list(zip(([0], [1], [0], [2]), made, strict=True))


def expected(features, scalers, members, temperature=1.0):
    """The geometric mean, each member asked by itself."""
    logs = []
    for (index,), model in members:
        x = FRONT_ENDS[index].as_input(scalers[index].transform(features[index]))
        logs.append(np.log(np.maximum(model.predict(x, verbose=0), 1e-4)))
    mean = np.exp(np.mean(logs, axis=0) / temperature)
    return mean / mean.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("temperature", [1.0, 1.5])
def test_the_joined_network_is_the_members_geometric_mean(clips, features, members, temperature):
    scalers, fitted = members
    answers = expected(features, scalers, fitted, temperature)
    ensemble = Ensemble(FRONT_ENDS)
    X = np.stack([ensemble.get_predict_feat(clip) for clip in clips])
    assert X.shape == (len(clips), *ensemble.shape)
    model = join(ensemble, fitted, temperature)
    proba = model.predict(EnsembleScaler(ensemble, scalers).transform(X), verbose=0)
    np.testing.assert_allclose(proba, answers, atol=1e-5)


def test_the_parts_of_a_scaler_are_enrolled_each():
    ensemble = Ensemble((DurationLoudness(), LogMel(n_mels=4, frames=9)))
    rng = np.random.default_rng(0)
    parts = [rng.normal(2, 3, (50, *front_end.shape)) for front_end in ensemble.front_ends]
    scalers = [f.scaler().fit(x) for f, x in zip(ensemble.front_ends, parts, strict=True)]
    X = np.concatenate([part.reshape(50, -1) for part in parts], axis=1)
    scaler = EnsembleScaler(ensemble, scalers)
    found = ensemble.split(scaler.for_speaker(X[:5]).transform(X))
    for one, part, Z in zip(scalers, parts, found, strict=True):
        own = one.for_speaker(part[:5]).transform(part)
        np.testing.assert_allclose(Z, own, rtol=1e-4, atol=1e-6)
        assert not np.allclose(Z, one.transform(part))


@pytest.fixture
def ensemble():
    return Ensemble((Means(), AtSpeed(DurationLoudness(), "speed_110"), DurationLoudness()))


def test_loading_and_extracting_are_the_features_of_a_clip(ensemble, tmp_path):
    """As S2's users call them, for a file at another rate too."""
    y = synthesise("sad", speaker="03", sentence="dogs", rng=np.random.default_rng(2))
    sf.write(tmp_path / "a.wav", np.repeat(y, 2), 44100)
    for source in ((y, 22050), tmp_path / "a.wav", decode(tmp_path / "a.wav")):
        whole = ensemble.get_predict_feat(source)
        in_two = ensemble.extract_features(ensemble.load(source), ensemble.sr)
        np.testing.assert_array_equal(whole, in_two)
        alone = [f.get_predict_feat((ensemble.load(source), 22050)) for f in ensemble.front_ends]
        np.testing.assert_array_equal(whole, np.concatenate(alone))
    fast, plain = (alone[1][0], alone[2][0])
    assert fast == pytest.approx(plain / 1.1, rel=0.02)


def test_a_clip_is_decoded_once_for_all_front_ends(ensemble, tmp_path, monkeypatch):
    y = synthesise("sad", speaker="03", sentence="dogs", rng=np.random.default_rng(2))
    sf.write(tmp_path / "a.wav", y, 22050)
    opened = []

    class Counting(sf.SoundFile):
        def __init__(self, *how, **more):
            opened.append(how)
            super().__init__(*how, **more)

    monkeypatch.setattr(sf, "SoundFile", Counting)
    ensemble.get_predict_feat(tmp_path / "a.wav")
    assert len(opened) == 1


def test_an_error_names_the_file(ensemble, tmp_path):
    rng = np.random.default_rng(0)
    for name, seconds in (("short.wav", 0.2), ("shorter_than_its_offset.wav", 0.7)):
        sf.write(tmp_path / name, rng.uniform(-0.5, 0.5, int(seconds * 22050)), 22050)
        with pytest.raises(AudioError, match=name):
            ensemble.get_predict_feat(tmp_path / name)
