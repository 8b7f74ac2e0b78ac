"""What prediction computes without librosa is what librosa computes."""

import librosa
import numpy as np
import pytest

from serlib.audio import spectrum
from tests.conftest import SR, vowel


def silent_at_the_ends():
    y = vowel(1.3)
    y[:9000] *= 1e-3
    y[-4000:] = 0
    return y


SOUNDS = [vowel(), vowel(0.5, f0=320.0), silent_at_the_ends()]
FRAMES = [dict(frame_length=2048, hop_length=512), dict(frame_length=1024, hop_length=256)]
both = pytest.mark.parametrize("frames", FRAMES)
each = pytest.mark.parametrize("y", SOUNDS)


def close(found, expected):
    """Within 1e-5 of what librosa gives, relative to the largest."""
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5 * np.abs(expected).max())


def magnitudes(y, frame_length, hop_length):
    return np.abs(librosa.stft(y, n_fft=frame_length, hop_length=hop_length)) + 1e-8


@each
@both
@pytest.mark.parametrize("pad_mode", ["constant", "reflect"])
def test_transform(y, frames, pad_mode):
    how = dict(n_fft=frames["frame_length"], hop_length=frames["hop_length"], pad_mode=pad_mode)
    found = spectrum.stft(y, **how)
    assert found.dtype == np.complex64
    close(np.abs(found), np.abs(librosa.stft(y, **how)))


@each
@both
def test_level_and_zero_crossings(y, frames):
    close(spectrum.rms(y, **frames), librosa.feature.rms(y=y, **frames)[0])
    crossings = librosa.feature.zero_crossing_rate(y, **frames)[0]
    np.testing.assert_array_equal(spectrum.zero_crossing_rate(y, **frames), crossings)


@each
@pytest.mark.parametrize(("n_mels", "fmax"), [(128, None), (64, 8000), (16, 8000)])
def test_mel_decibels_coefficients_and_their_slopes(y, n_mels, fmax):
    S = magnitudes(y, **FRAMES[0]) ** 2
    mel = librosa.feature.melspectrogram(S=S, sr=SR, n_mels=n_mels, fmax=fmax)
    close(spectrum.mel_filters(SR, 2048, n_mels, fmax) @ S, mel)
    close(spectrum.power_to_db(mel), librosa.power_to_db(mel))
    relative = librosa.power_to_db(mel, ref=np.max, top_db=None)
    close(spectrum.power_to_db(mel, ref=mel.max(), top_db=None), relative)
    close(spectrum.amplitude_to_db(mel), librosa.amplitude_to_db(mel))
    mfcc = librosa.feature.mfcc(S=librosa.power_to_db(mel), n_mfcc=13)
    close(spectrum.mfcc(librosa.power_to_db(mel), n_mfcc=13), mfcc)
    for order in (1, 2):
        slopes = librosa.feature.delta(mfcc, order=order, mode="nearest")
        close(spectrum.delta(mfcc, order=order), slopes)


@each
@pytest.mark.parametrize("top_db", [20, 35, 60])
def test_trimming(y, top_db):
    expected, _ = librosa.effects.trim(y, top_db=top_db)
    np.testing.assert_array_equal(spectrum.trim(y, top_db=top_db), expected)


@each
@pytest.mark.parametrize("rates", [(22050, 16000), (16000, 22050), (19845, 22050), (8, 8)])
def test_resampling(y, rates):
    how = dict(zip(("orig_sr", "target_sr"), rates, strict=True))
    np.testing.assert_array_equal(spectrum.resample(y, **how), librosa.resample(y, **how))


@each
@both
def test_shape(y, frames):
    S, of = magnitudes(y, **frames), librosa.feature
    centre, width = spectrum.centroid_and_bandwidth(S, sr=SR)
    close(centre, of.spectral_centroid(S=S, sr=SR)[0])
    close(width, of.spectral_bandwidth(S=S, sr=SR)[0])
    close(spectrum.rolloff(S, sr=SR), of.spectral_rolloff(S=S, sr=SR)[0])
    close(spectrum.flatness(S), of.spectral_flatness(S=S)[0])
    close(spectrum.contrast(S, sr=SR), of.spectral_contrast(S=S, sr=SR))
    close(spectrum.level(S), of.rms(S=S, frame_length=frames["frame_length"])[0])


def test_a_signal_that_is_kept_is_transformed_once(monkeypatch):
    y, whole, calls = vowel(220), spectrum._stft, []
    expected = spectrum.stft(y)
    monkeypatch.setattr(spectrum, "_stft", lambda *of: calls.append(of) or whole(*of))
    with spectrum.kept(y):
        np.testing.assert_array_equal(spectrum.stft(y), expected)
        assert spectrum.stft(y) is spectrum.stft(y)
        assert len(calls) == 1
        with pytest.raises(ValueError, match="read-only"):
            spectrum.stft(y)[0] = 0
        spectrum.stft(y.copy())
        spectrum.stft(y, n_fft=1024)
        assert len(calls) == 3
    assert spectrum.stft(y) is not spectrum.stft(y)
