"""Augmentations: dtype kept, shape as promised, value right in closed form."""

import numpy as np
import pytest

from serlib.audio import S2_VARIANTS, SPEEDS, VARIANTS, noisy_or_masked, variant
from serlib.audio.augment import noise, shift, speed
from tests.conftest import vowel


@pytest.mark.parametrize("name", VARIANTS)
def test_variants_keep_dtype_and_are_seeded(name):
    y = vowel(1.0)
    a, b = (variant(y, name, sr=22050, rng=np.random.default_rng(3)) for _ in range(2))
    assert a.dtype == y.dtype
    np.testing.assert_array_equal(a, b)


def test_unknown_variant_lists_the_known():
    with pytest.raises(ValueError, match=r"'echo'.*stretch_pitch"):
        variant(vowel(1.0), "echo", sr=22050, rng=np.random.default_rng(0))


def test_noise_level_in_closed_form():
    y = vowel(2.0)
    rng = np.random.default_rng(5)
    level = 0.035 * np.random.default_rng(5).uniform() * y.max()
    assert np.std(noise(y, rng=rng) - y) == pytest.approx(level, rel=0.02)


def test_shift_is_circular_and_bounded():
    y = np.arange(20000.0)
    rolls = {int(shift(y, rng=np.random.default_rng(s))[0]) for s in range(200)}
    assert all(r <= 5000 or r >= 15000 for r in rolls)
    assert max(r for r in rolls if r <= 5000) > 4500


@pytest.mark.parametrize("name", SPEEDS)
def test_speed_moves_length_and_pitch_together(name):
    rate = int(name[-3:]) / 100
    t = np.arange(44100) / 22050
    tone = np.sin(2 * np.pi * 440 * t).astype(np.float32)
    changed = variant(tone, name, sr=22050, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(changed, speed(tone, sr=22050, rate=rate))
    assert len(changed) == pytest.approx(len(tone) / rate, abs=1)
    spectrum = np.abs(np.fft.rfft(changed * np.hanning(len(changed))))
    assert spectrum.argmax() * 22050 / len(changed) == pytest.approx(440 * rate, rel=0.005)


def test_a_picture_gets_noise_or_a_mask_of_a_tenth_and_the_other_stays():
    X = np.random.default_rng(0).normal(5, 1, (200, 4, 50)).astype(np.float32)
    before = X.copy()
    Z = noisy_or_masked(X, rng=np.random.default_rng(1))
    np.testing.assert_array_equal(X, before)
    assert Z.shape == X.shape and Z.dtype == X.dtype
    masked = (Z == 0).any(axis=(1, 2))
    assert 70 < masked.sum() < 130
    assert ((Z[masked] == 0).all(axis=1).sum(axis=1) == 5).all()
    assert ((Z == X) | (Z == 0))[masked].all()
    assert np.std((Z - X)[~masked]) == pytest.approx(0.01, rel=0.05)


def test_the_variants_of_s2_are_among_those_there_are():
    assert set(S2_VARIANTS) < set(VARIANTS) and len(set(VARIANTS)) == len(VARIANTS)
