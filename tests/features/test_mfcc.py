"""MFCC and their deltas, frame by frame, against librosa."""

import librosa
import numpy as np
import pytest

from serlib.audio import SR, synthesise
from serlib.features import MfccDeltas


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
