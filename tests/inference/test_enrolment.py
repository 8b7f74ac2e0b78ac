"""How a voice is taken off features, and a bundle that knows a voice."""

import joblib
import keras
import numpy as np
import pytest

from serlib import inference, load_bundle, predict_proba
from serlib.audio import synthesise
from serlib.errors import AudioError
from serlib.features import DurationLoudness, LogMel, Means, MfccDeltas
from serlib.features.scaling import PRIOR

EMOTIONS = ("happy", "sad")


def frames(n, seed):
    """Sequences of five coefficients and a mask, of 3 to 8 frames."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, 8, 6)).astype(np.float32) + 1
    X[..., -1] = np.arange(8) < rng.integers(3, 9, size=n)[:, None]
    return X * X[..., -1:]


CASES = {
    "numbers": (Means(), lambda n, s: np.random.default_rng(s).normal(2, 3, (n, 7))),
    "frames": (MfccDeltas(), frames),
    "pictures": (LogMel(), lambda n, s: np.random.default_rng(s).normal(2, 3, (n, 4, 9))),
}


@pytest.mark.parametrize("kind", CASES)
def test_a_speakers_offset_goes_with_the_number_of_clips(kind):
    """An offset of every feature is gone but for PRIOR / (clips + PRIOR) of it."""
    front_end, make = CASES[kind]
    scaler = front_end.scaler().fit(make(500, 0))
    for n in (1, 5, 200):
        X = make(n, 1)
        inside = X[..., -1:] if kind == "frames" else np.ones_like(X[..., :1])
        moved = X + 10 * inside
        if kind == "frames":
            moved[..., -1] = X[..., -1]
        left = scaler.for_speaker(moved).transform(moved) - scaler.for_speaker(X).transform(X)
        whole = scaler.transform(moved) - scaler.transform(X)
        if kind == "pictures":  # a band has one shift, its cells each a scale
            left, whole = left.mean(axis=2), whole.mean(axis=2)
        np.testing.assert_allclose(left, whole * PRIOR / (n + PRIOR), atol=2e-5)


def test_padding_and_mask_stay():
    scaler, X = MfccDeltas().scaler().fit(frames(99, 0)), frames(6, 1)
    Z = scaler.for_speaker(X).transform(X)
    np.testing.assert_array_equal(Z[..., -1], X[..., -1])
    assert not Z[X[..., -1] == 0].any()


@pytest.fixture(scope="module")
def clips():
    return [
        (synthesise(e, speaker="02", sentence="kids", rng=np.random.default_rng(k)), 22050)
        for k, e in enumerate(EMOTIONS)
    ]


@pytest.fixture(scope="module")
def path(clips, tmp_path_factory):
    front_end = DurationLoudness()
    X = np.stack([front_end.get_predict_feat(c) for c in clips])
    network = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, activation="softmax")])
    parts = dict(model=network, scaler=front_end.scaler().fit(X), classes=EMOTIONS)
    path = tmp_path_factory.mktemp("bundle") / "b.joblib"
    parts |= dict(extractor=front_end, reference=clips[0][0], card={})
    inference.save_bundle(path, **parts)
    return path


def test_a_bundle_knows_a_voice_and_the_bundle_itself_stays_as_it_was(path, clips):
    bundle = load_bundle(path)
    before = predict_proba(clips[0], bundle)
    speaker = inference.EnrolledSpeaker(bundle, clips[1:])
    answer = speaker.predict_proba(clips[0])
    assert answer != before == predict_proba(clips[0], bundle)
    answers = speaker.predict_proba(clips)
    assert speaker.get_predictions(clips) == [max(p, key=p.get) for p in answers]
    plain = joblib.load(path)  # not checked yet: it is, before its scaler changes
    assert inference.EnrolledSpeaker(plain, clips[1:]).predict_proba(clips[0]) == answer


def test_another_voice_takes_the_place_of_the_one_that_is_known(path, clips):
    bundle = load_bundle(path)
    once = inference.EnrolledSpeaker(bundle, clips[1:])
    twice = inference.EnrolledSpeaker(inference.EnrolledSpeaker(bundle, clips).bundle, clips[1:])
    assert twice.predict_proba(clips[0]) == once.predict_proba(clips[0])


@pytest.mark.parametrize("none", [[], "mine.wav", (np.zeros(9), 22050), np.array(["a", "b"])])
def test_what_is_no_list_of_clips_is_refused(path, none):
    with pytest.raises(AudioError, match="expected a list of the speaker's own clips"):
        inference.EnrolledSpeaker(load_bundle(path), none)
