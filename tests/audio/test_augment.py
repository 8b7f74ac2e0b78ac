"""Augmentations: dtype kept, shape as promised, value right in closed form."""

import librosa
import numpy as np
import pytest

from serlib.audio import S2_VARIANTS, SPEEDS, VARIANTS, noisy_or_masked, variant
from serlib.audio.augment import noise, pitch, shift, speed, stretch
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


def test_stretch_changes_length_and_not_pitch():
    y = vowel(2.0)
    slow = stretch(y)
    assert len(slow) == round(len(y) / 0.8)
    t = np.arange(44100) / 22050
    tone = np.sin(2 * np.pi * 440 * t).astype(np.float32)
    for changed, ratio in ((stretch(tone), 1.0), (pitch(tone, sr=22050), 2 ** (0.7 / 12))):
        spectrum = np.abs(np.fft.rfft(changed * np.hanning(len(changed))))
        peak = spectrum.argmax() * 22050 / len(changed)
        assert peak == pytest.approx(440 * ratio, rel=0.005)


@pytest.mark.parametrize("seconds", [0.05, 0.41, 1.3])
@pytest.mark.parametrize("rate", [0.8, 1.0, 1.37])
def test_stretch_and_pitch_are_librosas(seconds, rate):
    y = vowel(seconds)
    y[len(y) // 2 :][:3000] = 0  # silence has no phase
    close = dict(rtol=0, atol=1e-6 * np.abs(y).max())
    expected = librosa.effects.time_stretch(y, rate=rate)
    np.testing.assert_allclose(stretch(y, rate=rate), expected, **close)
    expected = librosa.effects.pitch_shift(y, sr=22050, n_steps=rate)
    np.testing.assert_allclose(pitch(y, sr=22050, n_steps=rate), expected, **close)


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
