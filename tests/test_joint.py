import keras
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from serlib import models
from serlib.bundle import load_bundle, predict_proba, save_bundle
from serlib.descriptors import DurationLoudness
from serlib.joint import Joint, JointScaler, average
from serlib.sequences import LogMel, MfccDeltas
from serlib.synthesis import synthesise

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
def members(clips):
    """Two networks over frames, a regression over two numbers, a network over pictures."""
    keras.utils.set_random_seed(0)
    X = [np.stack([f.get_predict_feat(c) for c in clips]) for f in FRONT_ENDS]
    scalers = [f.scaler().fit(x) for f, x in zip(FRONT_ENDS, X, strict=True)]
    logistic = LogisticRegression().fit(scalers[1].transform(X[1]), [0, 1, 2] * 2)
    frames = FRONT_ENDS[0].shape
    networks = [models.bigru_attention(frames, 3), models.mfcc_cnn(frames, 3)]
    pictures = models.bilstm_attention((128, 128, 1), 3)
    return scalers, [([0], networks[0]), ([1], logistic), ([0], networks[1]), ([2], pictures)]


def expected(clips, scalers, members, temperature=1.0):
    """The geometric mean, each member asked by itself."""
    logs = []
    for (index,), model in members:
        front_end, scaler = FRONT_ENDS[index], scalers[index]
        X = np.stack([front_end.get_predict_feat(clip) for clip in clips])
        x = front_end.as_input(scaler.transform(X))
        network = isinstance(model, keras.Model)
        p = model.predict(x, verbose=0) if network else model.predict_proba(x)
        logs.append(np.log(np.maximum(p, 1e-4)))
    mean = np.exp(np.mean(logs, axis=0) / temperature)
    return mean / mean.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("temperature", [1.0, 1.5])
def test_the_joint_network_is_the_members_geometric_mean(clips, members, temperature):
    scalers, fitted = members
    joint = Joint(FRONT_ENDS)
    X = np.stack([joint.get_predict_feat(clip) for clip in clips])
    assert X.shape == (len(clips), *joint.shape)
    model = models.join(joint, fitted, temperature)
    proba = model.predict(JointScaler(joint, scalers).transform(X), verbose=0)
    np.testing.assert_allclose(proba, expected(clips, scalers, fitted, temperature), atol=1e-5)


def test_it_travels_in_a_bundle_like_any_other(clips, members, tmp_path):
    scalers, fitted = members
    joint = Joint(FRONT_ENDS)
    save_bundle(
        tmp_path / "best.joblib",
        model=models.join(joint, fitted),
        scaler=JointScaler(joint, scalers),
        classes=EMOTIONS,
        extractor=joint,
        reference=clips[0][0],
        card={},
    )
    answers = predict_proba(clips, load_bundle(tmp_path / "best.joblib"))
    found = np.array([list(answer.values()) for answer in answers])
    np.testing.assert_allclose(found, expected(clips, scalers, fitted), atol=1e-5)


def table(seed, n=30):
    rng = np.random.default_rng(seed)
    p = rng.dirichlet(np.ones(3), size=n)
    ids = dict(clip_id=[f"ravdess:{k:02d}" for k in range(n)], variant="original", fold=0)
    columns = {f"p_{e}": p[:, i] for i, e in enumerate(EMOTIONS)}
    return pd.DataFrame(ids | dict(emotion="sad", predicted="sad") | columns).sample(
        frac=1, random_state=seed
    )


@pytest.mark.parametrize("temperature", [1.0, 1.5])
def test_predictions_are_averaged_alike(temperature):
    tables = [table(seed) for seed in range(3)]
    mean = average(tables, temperature)
    ps = [t.sort_values("clip_id").filter(regex="^p_").to_numpy() for t in tables]
    product = np.prod(np.maximum(ps, 1e-4), axis=0) ** (1 / 3 / temperature)
    product /= product.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(mean.filter(regex="^p_"), product)
    assert list(mean.predicted) == [EMOTIONS[k] for k in product.argmax(axis=1)]


def test_other_clips_are_not_averaged():
    with pytest.raises(ValueError, match="expected predictions of the same clips"):
        average([table(0), table(1, n=29)])
