"""The phase vocoder: librosa's, to the last bit; angles that are NumPy's or are not used."""

import platform
from itertools import product

import librosa
import numpy as np
import pytest

from serlib.audio import vocoder
from serlib.audio.vocoder import angles, pitch, stretch
from tests.conftest import vowel


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


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="sines of glibc are computed")
def test_a_stretch_of_a_stretch_is_librosas_to_the_last_bit():
    y = vowel(1.3)
    expected = librosa.effects.time_stretch(librosa.effects.time_stretch(y, rate=0.8), rate=0.96)
    np.testing.assert_array_equal(stretch(stretch(y), rate=0.96), expected)


def numbers():
    """Complex numbers round all the borders of the angles, of every sign, and thousands between."""
    some = [0.0, 1e-40, 1.0, 0.4375, 0.6875, 1.1875, 2.4375, 2.0**24, 2.0**26, 1e20, 1e30]
    some = [sign * x for x in some for sign in (1, -1)]
    rng = np.random.default_rng(3)
    others = rng.standard_normal((2, 5000)) * 10 ** rng.uniform(-6, 6, (2, 5000))
    found = np.empty(len(some) ** 2 + 5000, np.complex64)
    found.real, found.imag = np.hstack([np.array([*product(some, some)]).T, others])
    return found[None]


def test_compiled_angles_are_those_of_the_mathematical_library():
    D = numbers()
    np.testing.assert_array_equal(angles(D), np.angle(D))
    with np.errstate(over="ignore"):
        np.testing.assert_allclose(vocoder._angles(D[:, ::40]), np.angle(D[:, ::40]), rtol=3e-7)


def test_where_numpys_angles_are_others_they_are_taken(monkeypatch):
    D = numbers()
    expected = np.nextafter(np.angle(D), np.float32(9))
    monkeypatch.setattr(
        np, "angle", lambda D: np.nextafter(np.arctan2(D.imag, D.real), np.float32(9))
    )
    vocoder._are_numpys.cache_clear()
    try:
        np.testing.assert_array_equal(angles(D), expected)
    finally:
        vocoder._are_numpys.cache_clear()


def test_angles_in_double_precision_stay_so():
    D = numbers().astype(complex)
    assert angles(D).dtype == float
    np.testing.assert_array_equal(angles(D), np.angle(D))
