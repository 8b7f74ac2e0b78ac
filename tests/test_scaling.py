import numpy as np
from sklearn.preprocessing import StandardScaler

from serlib.scaling import CellScaler, FrameScaler


def sequences(lengths, frames=30, seed=0):
    rng = np.random.default_rng(seed)
    X = np.zeros((len(lengths), frames, 5), np.float32)
    for x, n in zip(X, lengths, strict=True):
        x[:n, :-1] = 3 + 2 * rng.standard_normal((n, 4))
        x[:n, -1] = 1
    return X


def test_frames_inside_the_mask_are_standardised_and_padding_stays_zero():
    X = sequences([30, 12, 20])
    Z = FrameScaler().fit(X).transform(X)
    inside = X[..., -1] > 0
    expected = StandardScaler().fit_transform(X[inside][:, :-1])
    np.testing.assert_allclose(Z[inside][:, :-1], expected, atol=1e-5)
    np.testing.assert_array_equal(Z[..., -1], X[..., -1])
    assert not Z[~inside].any() and Z.dtype == np.float32


def test_more_padding_changes_no_fit():
    short, long = sequences([10, 12], frames=12), sequences([10, 12], frames=40)
    np.testing.assert_allclose(FrameScaler().fit(short).mean_, FrameScaler().fit(long).mean_)


def test_every_cell_has_its_own_mean_and_deviation():
    X = np.random.default_rng(0).standard_normal((50, 6, 7)).astype(np.float32)
    X *= np.arange(1, 8)
    Z = CellScaler().fit(X).transform(X)
    assert Z.shape == X.shape and Z.dtype == np.float32
    np.testing.assert_allclose(Z.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(Z.std(axis=0), 1, atol=1e-4)
