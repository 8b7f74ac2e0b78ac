"""Voices that are kept under a name, and those that are learnt by the way."""

import json

import joblib
import numpy as np
import pytest

from serlib import EnrolledSpeaker, predict_proba
from serlib.errors import BundleError, SerlibError
from serlib.inference import Voices, find_bundle, following, gain_of, open_bundle, shipped_card
from serlib.inference.bundle import verify
from serlib.paths import CHECKOUT, Project
from serlib.systems import Followed, Voice

CLIPS = sorted(map(str, (CHECKOUT / "artifacts" / "examples").glob("*.flac")))
PATH = find_bundle("any_voice")


@pytest.fixture(scope="module")
def bundle():
    return open_bundle()


@pytest.fixture
def voices(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return Voices.here()


def answers(n, seed=0):
    return np.random.default_rng(seed).dirichlet(np.ones(7), n)


def test_a_kept_voice_answers_as_the_enrolled_speaker(bundle, voices):
    made = voices.known(bundle, PATH, CLIPS[:3], "anna")
    kept = voices.known(bundle, PATH, [], "anna")
    expected = EnrolledSpeaker(bundle, CLIPS[:3]).predict_proba(CLIPS[3])
    for known in (made, kept, voices.known(bundle, PATH, CLIPS[:3], "")):
        assert predict_proba(CLIPS[3], known) == pytest.approx(expected, abs=1e-6)
    assert voices.names() == ["anna"] and "voice" not in bundle
    assert expected != pytest.approx(predict_proba(CLIPS[3], bundle))
    assert voices.folder.stat().st_mode & 0o077 == 0
    voices.forget("anna")
    assert voices.names() == []


def test_numbers_are_the_voice_and_hold_no_recording():
    voice = Voice().hear(answers(9))
    again = Voice.of_numbers(**json.loads(json.dumps(voice.numbers())))
    np.testing.assert_allclose(again.without(answers(4, 1)), voice.without(answers(4, 1)))
    again.hear(answers(2, 2))
    np.testing.assert_allclose(
        again.without(answers(1, 3)), voice.hear(answers(2, 2)).without(answers(1, 3))
    )
    assert np.shape(voice.numbers()["sums"]) == (4, 7)  # whatever was heard


def test_what_cannot_be_used_is_a_sentence(voices, tmp_path, bundle):
    voice = Voice().hear(answers(2))
    for name in ("../anna", "", "a/b", "x" * 41):
        with pytest.raises(SerlibError, match="Bad voice"):
            voices.keep(name, voice, PATH)
    path = voices.keep("anna", voice, PATH)
    with pytest.raises(
        SerlibError, match=r"'bob', expected one of \['anna'\].*--voice bob --enrol"
    ):
        voices.get("bob", PATH)
    with pytest.raises(SerlibError, match="'bob', expected one of"):
        voices.forget("bob")
    (tmp_path / "other.joblib").write_bytes(b"another")
    with pytest.raises(BundleError, match="another bundle than other"):
        voices.get("anna", tmp_path / "other.joblib")
    for damaged in (
        "{",
        "[]",
        '{"bundle": "a"}',
        path.read_text().replace('"count": 2', '"count": 0'),
    ):
        path.write_text(damaged)
        with pytest.raises(SerlibError, match=r"damaged.*Make it anew"):
            voices.get("anna", PATH)
    with pytest.raises(BundleError, match="only `any_voice` keeps a voice"):
        voices.known(dict(model=None), PATH, [], "anna")


def test_who_is_followed_is_known_by_the_answers_so_far_in_whatever_batches(bundle):
    p, one_by_one = answers(12), Followed()
    singly = [one_by_one.without(row[None])[0] for row in p]
    np.testing.assert_allclose(Followed().without(p), singly)
    for n in (1, 5, 12):
        expected = Voice().hear(p[:n]).without(p[n - 1 : n])[0]
        np.testing.assert_allclose(singly[n - 1], expected)
    begun = following(bundle | dict(voice=Voice().hear(p)))["voice"]
    np.testing.assert_allclose(
        begun.without(p[:1]), Voice().hear(np.concatenate([p, p[:1]])).without(p[:1])
    )
    with pytest.raises(BundleError, match="only `any_voice` learns a voice by the way"):
        following(dict(model=None))


def test_what_follows_a_voice_is_checked_without_it():
    learns = following(joblib.load(PATH.with_suffix(".joblib")))
    verify(learns)
    assert learns["voice"].count == 0


def test_what_own_clips_bring_is_read_from_the_card(tmp_path):
    def row(protocol, uar, **how):
        return (
            dict(data="unheard", corpus="together", trained_on="others")
            | how
            | dict(protocol=protocol, uar=uar)
        )

    card = dict(
        figures=[
            row("corpora", 0.1234),
            row("corpora", 0.9, trained_on="tess"),
            row("corpora+enrolment_10", 0.2345),
            row("corpora+enrolment_10", 0.9, corpus="tess"),
        ]
    )
    assert gain_of(card).endswith("on corpora never heard 0.12 alone, 0.23 after 10 own clips.")
    assert gain_of({}) == "" and gain_of(dict(figures=card["figures"][:2])) == ""
    assert "new speakers of RAVDESS" in gain_of(shipped_card())
    assert shipped_card(project=Project(tmp_path, tmp_path)) == {}
