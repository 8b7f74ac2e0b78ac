"""Visitors who speak: what the page shows of it is what the timeline says."""

import re
from base64 import b64encode

import numpy as np
import pytest
import soundfile as sf

from serlib.inference import following, open_bundle
from serlib.paths import Project
from serlib.recordings import overview, predict_timeline, speaking
from serlib.recordings.page import examples
from serlib.recordings.speaking import Visits

SR = 48_000


@pytest.fixture(scope="module")
def bundle():
    return open_bundle()


@pytest.fixture(scope="module")
def said():
    """Seconds of two voices at the rate of a browser, 16-bit."""
    found = examples(Project.here())
    y = np.concatenate([sf.read(found[name])[0] for name in ("angry", "fear")])
    return np.round(np.repeat(y, SR // 16_000) * 32767).astype("<i2")


def part(samples, name="a", last=False, **more):
    return dict(id=name, sr=SR, samples=b64encode(samples.tobytes()).decode(), last=last) | more


def shares(html):
    return sorted((round(float(w)) for w in re.findall(r"width:([\d.]+)%", html)), reverse=True)


def in_parts(bundle, said, learn):
    visits, size = Visits(lambda: bundle), SR // 2
    starts = range(0, len(said), size)
    told = (part(said[k : k + size], last=k == starts[-1], learn=learn) for k in starts)
    return [visits.hear(one) for one in told]


def test_a_voice_is_learnt_if_it_shall(bundle, said):
    plain, learnt = (in_parts(bundle, said, learn) for learn in (False, True))
    bars = [[shares(one["shown"]) for one in parts] for parts in (plain, learnt)]
    assert bars[0] != bars[1]


@pytest.mark.parametrize("learn", [False, True])
def test_parts_come_to_what_the_timeline_of_the_whole_says(bundle, said, learn):
    parts = in_parts(bundle, said, learn)
    known = following(bundle) if learn else bundle
    whole = overview(predict_timeline((said / 32768, SR), known))
    assert [p["ended"] for p in parts] == [False] * (len(parts) - 1) + [True]
    wanted = sorted((round(100 * s, 1) for s in whole.shares.values()), reverse=True)
    assert shares(parts[-1]["shown"]) == pytest.approx(wanted, abs=0.6)
    assert any("s heard; of" in p["shown"] for p in parts[:-1])


def test_visitors_do_not_hear_each_other(bundle, said):
    visits = Visits(lambda: bundle)
    one = visits.hear(part(said[:SR], "one"))
    visits.hear(part(said[:SR], "two"))
    assert visits.hear(part(said[SR : 2 * SR], "two"))["shown"].count("2 s heard") == 1
    assert "1 s heard" in one["shown"]
    assert "2 s heard" in visits.hear(part(said[SR : 2 * SR], "one"))["shown"]


def test_of_too_many_visitors_the_one_silent_longest_is_forgotten(bundle, said):
    visits = Visits(lambda: bundle)
    for k in range(17):
        visits.hear(part(said[:SR], f"v{k}"))
    assert "2 s heard" in visits.hear(part(said[:SR], "v16"))["shown"]
    assert "1 s heard" in visits.hear(part(said[:SR], "v0"))["shown"]


def test_nobody_is_heard_for_longer_than_the_limit(bundle, monkeypatch):
    monkeypatch.setattr(speaking, "MOST_SECONDS", 2)
    visits, silence = Visits(lambda: bundle), np.zeros(SR, "<i2")
    answers = [visits.hear(part(silence)) for _ in range(3)]  # the resampler is a little behind
    assert [a["ended"] for a in answers] == [False, False, True]
    assert "nobody spoke" in answers[-1]["shown"]


@pytest.mark.parametrize(
    "bad",
    [
        dict(sr=7),
        dict(sr="fast"),
        dict(sr=float("inf")),
        dict(samples="no base64!"),
        dict(samples="AA=="),  # an odd number of bytes
        dict(samples=None),
        dict(samples="A" * 2**23 + "AAAA"),
    ],
)
def test_what_is_no_sound_is_a_sentence(bundle, said, bad):
    answer = Visits(lambda: bundle).hear(part(said[:10]) | bad)
    assert answer["ended"] and 'role="alert"' in answer["shown"]
    assert Visits(lambda: bundle).hear(None)["ended"]
