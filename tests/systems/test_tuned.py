"""One's own clips beside what the shipped system says."""

import numpy as np
import pytest

from serlib import load_bundle
from serlib.features import Scaler
from serlib.paths import Project
from serlib.systems import get
from serlib.systems.classical import FIRST, Tuned
from serlib.systems.discriminant import VoiceDiscriminant

NAMES = ("neutral", "calm", "sad", "angry", "boredom")


@pytest.fixture(scope="module")
def shipped():
    return load_bundle(Project.here().artifacts / "bundles" / "any_voice.joblib")


@pytest.fixture
def clips(shipped):
    """Features of another place and width than those that the shipped system was trained on."""
    rng, theirs = np.random.default_rng(0), shipped["scaler"]
    X = theirs.mean_ + theirs.scale_ * (0.3 + 2 * rng.standard_normal((60, len(theirs.mean_))))
    y = np.arange(60) % len(NAMES)
    return X.astype(np.float32), y, np.array([f"own:{k // 15}" for k in range(60)])


def test_it_lies_between_its_own_and_the_shipped_answers(shipped, clips):
    """By `FIRST` speakers against those that there are, whatever scaled the features."""
    X, y, speakers = clips
    scaler = Scaler().fit(X)
    Z = scaler.transform(X).astype(np.float32)
    found = Tuned().fit(Z, y, speakers, scaler=scaler, names=NAMES)
    logits = Z @ found.coef_.T + found.intercept_
    own = VoiceDiscriminant().fit(Z, y, speakers)
    coef, intercept = (part.T for part in shipped["model"].get_weights())
    theirs = shipped["scaler"].transform(X) @ coef.T + intercept
    theirs -= theirs.mean(axis=1, keepdims=True)
    known = [shipped["classes"].index(name) for name in ("neutral", "neutral", "sad", "angry")]
    expected = np.hstack([theirs[:, known], np.zeros((60, 1))])  # boredom: neither yes nor no
    share = FIRST / (FIRST + 4)
    expected = share * expected + (1 - share) * (Z @ own.coef_.T + own.intercept_)
    np.testing.assert_allclose(logits, expected, atol=2e-3)


def test_a_fit_is_of_one_shipped_bundle():
    start = get("any_voice_tuned").network().get_params()["start"]
    assert (
        len(start) == 64
        and start in (Project.here().artifacts / "bundles" / "any_voice.json").read_text()
    )
