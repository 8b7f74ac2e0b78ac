"""The voice: formants, periodicity by band and the cepstral peak of sounds that are known."""

import librosa
import numpy as np
import pytest
from scipy.signal import lfilter

from serlib.audio import SR, synthesise
from serlib.features import Statistics, VoiceStatistics, voice
from serlib.features.descriptors import Pitch
from serlib.features.voice import BANDS

HOP = 512
INSIDE = slice(6, -6)  # frames whose window lies within the signal


def vowel(f0, resonances, seconds=1.0):
    """Pulses of a glottis through the resonances (Hz, width in Hz) of a vocal tract."""
    y = np.zeros(int(seconds * SR))
    y[:: round(SR / f0)] = 1
    for hz, width in resonances:
        r = np.exp(-np.pi * width / SR)
        y = lfilter([1], [1, -2 * r * np.cos(2 * np.pi * hz / SR), r * r], y)
    return (y / np.abs(y).max()).astype(np.float32)


@pytest.mark.parametrize("f0", [90, 120])  # the harmonics of higher voices hide resonances
@pytest.mark.parametrize("hz", [(700, 1200, 2600), (300, 2200, 3000), (350, 800, 2400)])
def test_the_formants_of_a_vowel(f0, hz):
    y = vowel(f0, zip(hz, (60, 90, 150), strict=True))
    found, widths = voice.formants(y, SR, hop_length=HOP)
    # No finer than the harmonics that sample them
    np.testing.assert_allclose(np.median(found[INSIDE], axis=0), hz, atol=0.75 * f0)
    assert np.median(widths[INSIDE]) < 300


def test_silence_has_the_formants_of_a_neutral_vowel():
    found, widths = voice.formants(np.zeros(SR, np.float32), SR, hop_length=HOP)
    assert (found == voice.FORMANTS).all() and (widths == voice.WIDEST).all()


def test_a_breathy_band_is_less_periodic_and_the_others_are_not():
    y = vowel(150, [(500, 60), (1500, 90), (2500, 120)])
    spectrum = np.fft.rfft(np.random.default_rng(0).standard_normal(SR))
    hz = np.fft.rfftfreq(SR, 1 / SR)
    breath = np.fft.irfft(np.where(hz > 1600, spectrum, 0), SR).astype(np.float32)
    clean, breathy = (Pitch.of(x, SR, HOP) for x in (y, y + 0.3 * breath))
    before, after = (
        [np.median(voice.harmonicity(pitch, SR, band)[INSIDE]) for band in BANDS]
        for pitch in (clean, breathy)
    )
    assert min(before) > 0.9
    np.testing.assert_allclose(after[:2], before[:2], atol=0.03)
    assert max(after[2:]) < 0.5


def test_the_cepstral_peak_of_a_voice_rises_above_that_of_noise():
    y = vowel(150, [(500, 60), (1500, 90), (2500, 120)])
    noise = np.random.default_rng(0).standard_normal(SR).astype(np.float32)
    loud, mixed, none = (
        np.median(voice.prominence(Pitch.of(x, SR, HOP), SR)[INSIDE])
        for x in (y, y + 0.05 * noise, noise)
    )
    assert loud > mixed + 3 > none + 6


def test_the_other_descriptors_are_the_same_and_stand_last():
    y = synthesise("happy", speaker="02", sentence="kids", rng=np.random.default_rng(0))
    more, plain = (front_end.describe(y, SR) for front_end in (VoiceStatistics(), Statistics()))
    np.testing.assert_array_equal(more[:, -plain.shape[1] :], plain)
    assert more.shape[1] == VoiceStatistics().count == plain.shape[1] + 11


def test_linear_prediction_is_librosas():
    frames = np.random.default_rng(0).standard_normal((20, 352)).cumsum(axis=1)
    frames[3] = 0
    expected = librosa.lpc(frames, order=12, axis=1)
    np.testing.assert_allclose(voice.linear_prediction(frames, order=12), expected, rtol=1e-9)
