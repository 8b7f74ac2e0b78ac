"""The picture of S4 against librosa."""

import librosa
import numpy as np
import pytest

from serlib.audio import SR, synthesise
from serlib.features import LogMel


@pytest.fixture(scope="module")
def y():
    return synthesise("happy", speaker="02", sentence="kids", rng=np.random.default_rng(0))


def test_log_mel_is_s4s(y):
    x = LogMel().get_predict_feat((y, SR))
    z = librosa.util.fix_length(y, size=3 * SR)
    mel = librosa.feature.melspectrogram(y=z, sr=SR, n_mels=128)
    expected = librosa.power_to_db(mel, ref=np.max)[:, :128]
    np.testing.assert_allclose(x, expected, rtol=1e-4, atol=1e-3)
    assert x.max() <= 0


def test_padding_is_as_dark_as_the_darkest_cell(y):
    """130 frames of sound, padded to 150."""
    x = LogMel(frames=150).get_predict_feat((y, SR))
    np.testing.assert_array_equal(x[:, 130:], x.min())
    np.testing.assert_array_equal(x[:, :128], LogMel().get_predict_feat((y, SR)))


def test_a_network_takes_a_picture_with_a_channel():
    X = np.zeros((5, *LogMel().shape), np.float32)
    assert LogMel().as_input(X).shape == (5, 128, 128, 1)
    assert LogMel().span == pytest.approx(128 * 512 / SR)
