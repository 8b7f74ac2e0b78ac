from dataclasses import replace

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.preprocessing import StandardScaler

from serlib import baselines, fits, fitting
from serlib.bundle import load_bundle, predict_proba, save_bundle
from serlib.descriptors import DurationLoudness
from serlib.enrolment import PRIOR, EnrolledSpeaker, SpeakerScaler, enrol
from serlib.errors import AudioError
from serlib.fits import DRAWS
from serlib.inputs import Inputs
from serlib.joint import Joint, JointScaler, Played
from serlib.models import join
from serlib.scaling import CellScaler, FrameScaler
from serlib.sequences import LogMel, MfccDeltas
from serlib.splits import ENROLMENTS, Fold
from serlib.synthesis import synthesise
from serlib.systems import System, Training

EMOTIONS = ("happy", "sad")


def frames(n, seed):
    """Sequences of five coefficients and a mask, of 3 to 8 frames."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, 8, 6)).astype(np.float32) + 1
    X[..., -1] = np.arange(8) < rng.integers(3, 9, size=n)[:, None]
    return X * X[..., -1:]


CASES = {
    "numbers": (StandardScaler(), lambda n, s: np.random.default_rng(s).normal(2, 3, (n, 7))),
    "frames": (FrameScaler(), frames),
    "pictures": (CellScaler(), lambda n, s: np.random.default_rng(s).normal(2, 3, (n, 4, 9))),
}


@pytest.mark.parametrize("kind", CASES)
def test_a_speakers_offset_goes_with_the_number_of_clips(kind):
    """An offset of every feature is gone but for PRIOR / (clips + PRIOR) of it."""
    scaler, make = CASES[kind]
    scaler.fit(make(500, 0))
    for n in (1, 5, 200):
        X = make(n, 1)
        inside = X[..., -1:] if kind == "frames" else np.ones_like(X[..., :1])
        moved = X + 10 * inside
        if kind == "frames":
            moved[..., -1] = X[..., -1]
        left = enrol(scaler, moved).transform(moved) - enrol(scaler, X).transform(X)
        whole = scaler.transform(moved) - scaler.transform(X)
        if kind == "pictures":  # a band has one shift, its cells each a scale
            left, whole = left.mean(axis=2), whole.mean(axis=2)
        np.testing.assert_allclose(left, whole * PRIOR / (n + PRIOR), atol=2e-5)


def test_padding_and_mask_stay():
    scaler = FrameScaler().fit(frames(99, 0))
    X = frames(6, 1)
    Z = SpeakerScaler(scaler, X).transform(X)
    np.testing.assert_array_equal(Z[..., -1], X[..., -1])
    assert not Z[X[..., -1] == 0].any()


def test_the_parts_of_a_joint_scaler_are_enrolled_each():
    joint = Joint((DurationLoudness(), LogMel(n_mels=4, frames=9)))
    numbers, pictures = np.random.default_rng(0).normal(2, 3, (50, 3)), CASES["pictures"][1](50, 0)
    scalers = [StandardScaler().fit(numbers), CellScaler().fit(pictures)]
    X = np.concatenate([numbers, pictures.reshape(50, -1)], axis=1)
    found = joint.split(enrol(JointScaler(joint, scalers), X[:5]).transform(X))
    np.testing.assert_allclose(
        found[0], SpeakerScaler(scalers[0], numbers[:5]).transform(numbers), rtol=1e-5
    )
    np.testing.assert_allclose(
        found[1], SpeakerScaler(scalers[1], pictures[:5]).transform(pictures), rtol=1e-5
    )


@pytest.fixture
def task(tmp_path):
    """Four speakers of twelve clips; the first feature tells emotion, and the two tested apart."""
    rng = np.random.default_rng(0)
    speaker = np.repeat([f"ravdess:{k:02d}" for k in range(1, 5)], 12)
    emotion = np.tile(["neutral", "sad"], 24)
    X = rng.normal(0, 0.3, (48, 3)).astype(np.float32)
    X[:, 0] += 3 * np.repeat([0, 0, -1, 1], 12) + 2 * (emotion == "sad")
    rows = pd.DataFrame(dict(clip_id=[f"{k:02d}" for k in range(48)], variant="original"))
    rows = rows.assign(path="", corpus="ravdess", speaker=speaker, emotion=emotion)
    system = System("s", "logistic", (), "07", DurationLoudness(), training=Training(epochs=1))
    fold = Fold(0, np.arange(24), np.arange(0), np.arange(24, 48))
    inputs, names = Inputs(rows, X), ("neutral", "sad")
    task = fits.Task(system, baselines.logistic, fold, 0, inputs, names, tmp_path / "fit")
    fitting.fit_all([task], n_jobs=1)
    return task


@pytest.mark.parametrize("protocol", ENROLMENTS)
def test_clips_that_enrol_are_not_scored(task, protocol, monkeypatch):
    """What the shift is computed of, clip by clip, against what is scored."""
    X, ids, drawn = task.inputs.X, task.inputs.rows.clip_id, []

    def spy(scaler, given):
        drawn.append([ids[int(np.flatnonzero((x == X).all(axis=1))[0])] for x in given])
        return enrol(scaler, given)

    monkeypatch.setattr(fits, "enrol", spy)
    count, emotion = ENROLMENTS[protocol]
    table = task.enrolled(protocol)
    assert list(table.columns) == list(task.result().predictions.columns)
    tested = task.result().predictions
    draws = [group for _, group in table.groupby("fold")]
    assert len(draws) == (1 if count is None else DRAWS)
    for group, enrolling in zip(draws, np.split(np.array(drawn), len(draws)), strict=True):
        assert len(group) == (24 if count is None else 24 - 2 * count)
        enrolled_ids = {clip for clips in enrolling for clip in clips}
        assert count is None or not enrolled_ids & set(group.clip_id)
        gone = tested[~tested.clip_id.isin(group.clip_id)]
        assert count is None or set(gone.clip_id) == enrolled_ids
        assert emotion is None or set(gone.emotion) == {emotion}


def test_a_speaker_without_enough_clips_is_left_out(task, tmp_path):
    few = np.r_[24:27, 36:48]  # of the first tested speaker three clips, two of them neutral
    fold = Fold(0, np.arange(24), np.arange(0), few)
    task = replace(task, fold=fold, folder=tmp_path / "few")
    fitting.fit_all([task], n_jobs=1)
    for protocol in ("speakers+enrolment_3", "speakers+enrolment_neutral3"):
        table = task.enrolled(protocol)
        assert set(table.speaker) == {"ravdess:04"}


def test_a_recording_equal_to_one_that_enrols_is_not_scored(task, tmp_path):
    task.inputs.X[36:47] = task.inputs.X[36]  # all but one that the second speaker says
    task = replace(task, folder=tmp_path / "equal")
    fitting.fit_all([task], n_jobs=1)
    table = task.enrolled("speakers+enrolment_1")
    sizes = table.groupby(["speaker", "fold"]).size()
    assert set(sizes["ravdess:03"]) == {11} and set(sizes["ravdess:04"]) <= {1, 11}
    task.inputs.X[47] = task.inputs.X[36]
    assert set(task.enrolled("speakers+enrolment_1").speaker) == {"ravdess:03"}


def test_enrolment_helps_where_speakers_differ_by_an_offset(task):
    plain = task.result().predictions
    table = task.enrolled("speakers+enrolment")
    right = [(t.emotion == t.predicted).mean() for t in (plain, table)]
    assert right[1] > right[0] + 0.2


@pytest.mark.parametrize("heard", [(), ("speed_110",)])
def test_what_is_scored_is_what_a_user_gets(tmp_path, heard):
    """The predictions of the protocol are those of `EnrolledSpeaker` over the same clips."""
    clips = [
        (synthesise(emotion, speaker=s, sentence="kids", rng=np.random.default_rng(k)), 22050)
        for s in ("02", "03", "05")
        for k in range(2)
        for emotion in EMOTIONS
    ]
    plain = MfccDeltas(n_mfcc=5, padded=2.5, duration=2.5)
    front_ends = plain, *(Played(plain, name) for name in heard)
    X = [np.stack([f.get_predict_feat(clip) for clip in clips]) for f in front_ends]
    speaker = np.repeat(["ravdess:02", "ravdess:03", "ravdess:05"], 4)
    rows = pd.DataFrame(dict(clip_id=[f"{k:02d}" for k in range(12)], speaker=speaker))
    rows = rows.assign(path="", corpus="ravdess", emotion=[*EMOTIONS] * 6)
    rows = pd.concat([rows.assign(variant=name) for name in ("original", *heard)])
    system = System("s", "logistic", (), "07", plain, training=Training(epochs=1), also_heard=heard)
    fold = Fold(0, np.arange(8), np.arange(0), np.arange(8, 12))
    inputs = Inputs(rows.reset_index(drop=True), np.concatenate(X))
    task = fits.Task(system, baselines.logistic, fold, 0, inputs, EMOTIONS, tmp_path / "fit")
    fitting.fit_all([task], n_jobs=1)
    scored = task.enrolled("speakers+enrolment")
    fit, joint = task.result(), Joint(front_ends)
    bundle = dict(scaler=JointScaler(joint, [fit.scaler] * len(front_ends)), encoder=None)
    bundle |= dict(model=join(joint, [(range(len(front_ends)), _flat(fit.model, plain.shape))]))
    bundle |= dict(extractor=joint, classes=list(EMOTIONS), reference={}, versions={})
    speaker = EnrolledSpeaker(bundle | dict(verified=True), clips[8:])
    found = [list(answer.values()) for answer in speaker.predict_proba(clips[8:])]
    np.testing.assert_allclose(found, scored.filter(regex="^p_"), atol=1e-5)


def _flat(model, shape):
    """Return a logistic regression of two classes as a network over frames."""
    import keras

    dense = keras.layers.Dense(2, activation="softmax")
    network = keras.Sequential([keras.Input(shape), keras.layers.Flatten(), dense])
    dense.set_weights(
        [
            np.stack([-model.coef_[0], model.coef_[0]], 1) / 2,
            np.array([-1, 1]) * model.intercept_ / 2,
        ]
    )
    return network


def test_a_bundle_knows_a_voice_and_the_bundle_itself_stays_as_it_was(tmp_path):
    import keras

    front_end = DurationLoudness()
    clips = [
        (synthesise(e, speaker="02", sentence="kids", rng=np.random.default_rng(k)), 22050)
        for k, e in enumerate(EMOTIONS)
    ]
    X = np.stack([front_end.get_predict_feat(c) for c in clips])
    network = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, activation="softmax")])
    parts = dict(model=network, scaler=front_end.scaler().fit(X), classes=EMOTIONS)
    path = tmp_path / "b.joblib"
    save_bundle(path, **parts, extractor=front_end, reference=clips[0][0], card={})
    bundle = load_bundle(path)
    before = predict_proba(clips[0], bundle)
    speaker = EnrolledSpeaker(bundle, clips[1:])
    assert speaker.predict_proba(clips[0]) != before == predict_proba(clips[0], bundle)
    assert speaker.get_predictions(clips) == [
        max(p, key=p.get) for p in speaker.predict_proba(clips)
    ]
    for none in ([], "mine.wav", (np.zeros(9), 22050)):
        with pytest.raises(AudioError, match="expected a list of the speaker's own clips"):
            EnrolledSpeaker(bundle, none)
    plain = joblib.load(path)  # not checked yet: it is, before its scaler changes
    assert EnrolledSpeaker(plain, clips[1:]).predict_proba(clips[0]) == speaker.predict_proba(
        clips[0]
    )
