import librosa
import numpy as np
import pytest

from serlib.errors import AudioError
from serlib.sequences import LogMel, MfccDeltas
from serlib.synthesis import synthesise
from serlib.systems import SYSTEMS

SR = 22050


@pytest.fixture(scope="module")
def y():
    return synthesise("happy", speaker="02", sentence="kids", rng=np.random.default_rng(0))


@pytest.mark.parametrize("order", [1, 2])
def test_mfcc_and_deltas_are_librosas(y, order):
    front_end = MfccDeltas(order=order)
    x = front_end.get_predict_feat((y, SR))
    mfcc = librosa.feature.mfcc(y=y, sr=SR, n_mfcc=40)
    deltas = [librosa.feature.delta(mfcc, order=k, mode="nearest") for k in (1, 2)][:order]
    n = mfcc.shape[1]
    assert x.shape == front_end.shape and x.dtype == np.float32
    np.testing.assert_allclose(x[:n, :-1], np.concatenate([mfcc, *deltas]).T, rtol=1e-4, atol=1e-4)
    assert (x[:n, -1] == 1).all() and not x[n:].any()


@pytest.mark.parametrize("seconds", [0.4, 2.0, 9.0])
def test_every_length_gives_the_same_shape(y, seconds):
    clip = np.resize(y, int(seconds * SR))
    for front_end in (MfccDeltas(), MfccDeltas(padded=6.0), LogMel()):
        assert front_end.get_predict_feat((clip, SR)).shape == front_end.shape


def test_more_padding_adds_zeros_and_nothing_else(y):
    x = MfccDeltas(padded=4.0).get_predict_feat((y, SR))
    longer = MfccDeltas(padded=6.0).get_predict_feat((y, SR))
    np.testing.assert_array_equal(longer[: len(x)], x)
    assert not longer[len(x) :].any()


def test_trimming_removes_the_silence_at_the_ends(y):
    hush = np.full(SR // 2, 1e-6, np.float32)
    padded = np.concatenate([hush, y, hush])
    inside = [MfccDeltas(trim_db=35).get_predict_feat((z, SR))[:, -1].sum() for z in (y, padded)]
    assert abs(inside[0] - inside[1]) <= 1


def test_log_mel_is_s4s(y):
    x = LogMel().get_predict_feat((y, SR))
    z = librosa.util.fix_length(y, size=3 * SR)
    mel = librosa.feature.melspectrogram(y=z, sr=SR, n_mels=128)
    expected = librosa.power_to_db(mel, ref=np.max)[:, :128]
    np.testing.assert_allclose(x, expected, rtol=1e-4, atol=1e-3)
    assert x.max() <= 0


FRONT_ENDS = list(dict.fromkeys(system.front_end for system in SYSTEMS.values()))


@pytest.mark.parametrize("front_end", FRONT_ENDS, ids=repr)
def test_no_system_answers_a_moment_or_silence(front_end):
    noise = np.random.default_rng(0).standard_normal(3 * SR).astype(np.float32)
    with pytest.raises(AudioError, match=r"too short|holds no samples"):
        front_end.get_predict_feat((noise[: SR // 10], SR))
    with pytest.raises(AudioError, match="silent throughout"):
        front_end.get_predict_feat((1e-5 * noise, SR))
