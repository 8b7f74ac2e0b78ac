import librosa
import numpy as np
import pytest

from serlib.augment import noise, pitch, shift, stretch, variant
from serlib.errors import AudioError
from serlib.features import FEATURE_COLUMNS, Means


def vowel(seconds=3.0, sr=22050, f0=150.0):
    """A gliding harmonic sound with some noise [shape=(n,)]."""
    t = np.arange(int(seconds * sr)) / sr
    phase = 2 * np.pi * (f0 * t + 20 * t**2)
    y = sum(np.sin(k * phase) / k for k in range(1, 20))
    rng = np.random.default_rng(1)
    return (0.1 * y + 0.01 * rng.standard_normal(t.size)).astype(np.float32)


def by_librosa(y, sr):
    """The 162 features as S2's source computes them."""
    magnitude = np.abs(librosa.stft(y))
    features = (
        librosa.feature.zero_crossing_rate(y=y),
        librosa.feature.chroma_stft(S=magnitude, sr=sr),
        librosa.feature.mfcc(y=y, sr=sr),
        librosa.feature.rms(y=y),
        librosa.feature.melspectrogram(y=y, sr=sr),
    )
    return np.concatenate([f.T.mean(axis=0) for f in features])


@pytest.mark.parametrize("name", ["original", "noise", "stretch_pitch", "shift"])
@pytest.mark.parametrize("seconds", [0.75, 1.4, 3.2])
def test_features_are_librosas(name, seconds):
    y = variant(vowel(seconds), name, sr=22050, rng=np.random.default_rng(0))
    x = Means().extract_features(y, 22050)
    assert x.shape == (162,) == (len(FEATURE_COLUMNS),)
    np.testing.assert_allclose(x, by_librosa(y, 22050), rtol=1e-5, atol=1e-6)


def test_prediction_sees_the_window_of_training(tmp_path):
    y = vowel(4.0)
    front_end = Means()
    window = y[int(0.6 * 22050) :][: int(2.5 * 22050)]
    np.testing.assert_array_equal(
        front_end.get_predict_feat((y, 22050)), front_end.extract_features(window)
    )


def test_normalised_features_ignore_the_level():
    y, front_end = vowel(), Means(normalise=True)
    loud, soft = (front_end.get_predict_feat((level * y, 22050)) for level in (1, 1 / 7))
    np.testing.assert_allclose(loud, soft, rtol=1e-3)


def test_trimming_removes_silence():
    hush = np.full(30000, 1e-6, np.float32)
    y = np.concatenate([hush, vowel(1.0), hush])
    trimmed = Means(trim_db=35).load((y, 22050))
    assert len(trimmed) < 0.7 * len(Means().load((y, 22050)))


@pytest.mark.parametrize("seconds", [0.05, 0.61, 0.95])
def test_a_moment_after_the_start_is_refused(seconds):
    with pytest.raises(AudioError, match=r"too short|holds no samples"):
        Means().get_predict_feat((vowel(seconds), 22050))


@pytest.mark.parametrize("name", ["noise", "shift", "stretch_pitch", "original"])
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


def test_shift_is_circular_and_bounded():
    y = np.arange(20000.0)
    rolls = {int(shift(y, rng=np.random.default_rng(s))[0]) for s in range(200)}
    assert all(r <= 5000 or r >= 15000 for r in rolls)
    assert max(r for r in rolls if r <= 5000) > 4500
