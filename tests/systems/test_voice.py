"""A voice: what its own clips say of it, and what they must not."""

import numpy as np
import pytest
from scipy.special import softmax

from serlib.systems.voice import PRIOR, Voice

RNG = np.random.default_rng(0)
OFF = np.array([2.0, -1.0, 0.0, -1.0])  # an offset of all answers to one voice


def answers(n, spread, off=OFF):
    return softmax(off + spread * RNG.standard_normal((n, 4)), axis=1)


def test_of_many_clips_of_all_kinds_the_offset_is_taken_off():
    p = answers(400, 2.0)
    left = Voice().hear(p).without(p)
    logs = np.log(left) - np.log(left).mean(axis=1, keepdims=True)
    np.testing.assert_allclose(logs.mean(axis=0), 0, atol=0.05)


def test_of_clips_that_are_alike_nothing_is_taken_off():
    p = answers(400, 0.5)
    voice = Voice().hear(p)
    assert voice.share == 0
    np.testing.assert_allclose(voice.without(p), p, atol=3e-4)


def test_more_clips_count_more_and_one_counts_little():
    p = answers(50, 2.5)
    shares = [Voice().hear(p[:n]).share for n in (1, 3, 10, 50)]
    assert 0 < shares[0] < 0.1 and shares[-1] == pytest.approx(50 / (50 + PRIOR))
    assert Voice().share == 0
    np.testing.assert_allclose(Voice().without(p), p, atol=3e-4)


def test_clips_may_come_one_by_one():
    p = answers(20, 2.0)
    one_by_one = Voice()
    for k in range(len(p)):
        one_by_one.hear(p[k : k + 1])
    np.testing.assert_allclose(one_by_one.without(p), Voice().hear(p).without(p), atol=1e-12)


def test_a_probability_of_nothing_is_no_infinity():
    p = np.array([[1.0, 0, 0, 0], [0, 1.0, 0, 0]])
    assert np.isfinite(Voice().hear(p).without(p)).all()


@pytest.mark.parametrize("n", [2, 10, 1000])
def test_how_far_apart_clips_lie_in_closed_form(n):
    """Half of them say one class, half the other: their mean tells nothing."""
    p = np.tile([[0.8, 0.2], [0.2, 0.8]], (n // 2, 1))
    deviation = np.sqrt(2) * np.log(0.8 / 0.2) / 2
    fair = n / (n - 1)
    assert Voice().hear(p).apart == pytest.approx(np.sqrt(fair) * deviation * fair, rel=1e-6)
    assert Voice().hear(p[:1].repeat(n, axis=0)).apart == pytest.approx(0, abs=1e-6)
