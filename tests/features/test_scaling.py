"""Scalers: scikit-learn's where there is nothing to pad, and the shift of a voice."""

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from serlib.features import Scaler
from serlib.features.scaling import PRIOR, SCALERS, CellScaler, ClippedScaler, FrameScaler


def numbers(n, seed=0):
    return np.random.default_rng(seed).normal(2, 3, (n, 7)).astype(np.float32)


def frames(n, seed=0, shape=(30, 4)):
    """Sequences of four coefficients and a mask, of 3 frames to all."""
    rng = np.random.default_rng(seed)
    X = np.ones((n, shape[0], shape[1] + 1), np.float32)
    X[..., :-1] = 3 + 2 * rng.standard_normal((n, *shape))
    X[..., -1] = np.arange(shape[0]) < rng.integers(3, 1 + shape[0], size=n)[:, None]
    return X * X[..., -1:]


def pictures(n, seed=0):
    return np.random.default_rng(seed).normal(2, 3, (n, 4, 9)).astype(np.float32)


MAKE = {Scaler: numbers, ClippedScaler: numbers, FrameScaler: frames, CellScaler: pictures}


def test_every_scaler_is_tested_here():
    assert set(SCALERS.values()) == set(MAKE)


def test_numbers_are_standardised_as_scikit_learn_does():
    X = numbers(50)
    expected = StandardScaler().fit_transform(X)
    np.testing.assert_allclose(Scaler().fit(X).transform(X), expected)
    far = np.clip((10 * X - X.mean(axis=0)) / X.std(axis=0), -3, 3)
    np.testing.assert_allclose(ClippedScaler().fit(X).transform(10 * X), far, rtol=1e-4)


@pytest.mark.parametrize("kind", SCALERS.values())
def test_to_fit_and_transform_at_once_leaves_it_fitted(kind):
    X, scaler = MAKE[kind](50), kind()
    np.testing.assert_array_equal(scaler.fit_transform(X), scaler.transform(X))


def test_frames_inside_the_mask_are_standardised_and_padding_stays_zero():
    X = frames(3)
    Z = FrameScaler().fit(X).transform(X)
    inside = X[..., -1] > 0
    expected = StandardScaler().fit_transform(X[inside][:, :-1])
    np.testing.assert_allclose(Z[inside][:, :-1], expected, atol=1e-5)
    np.testing.assert_array_equal(Z[..., -1], X[..., -1])
    assert not Z[~inside].any() and Z.dtype == np.float32


def test_more_padding_changes_no_fit():
    short = frames(2, shape=(12, 4))
    long = np.pad(short, ((0, 0), (0, 28), (0, 0)))
    np.testing.assert_allclose(FrameScaler().fit(short).mean_, FrameScaler().fit(long).mean_)


def test_every_cell_has_its_own_mean_and_deviation():
    X = np.random.default_rng(0).standard_normal((50, 6, 7)).astype(np.float32)
    X *= np.arange(1, 8)
    Z = CellScaler().fit(X).transform(X)
    assert Z.shape == X.shape and Z.dtype == np.float32
    np.testing.assert_allclose(Z.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(Z.std(axis=0), 1, atol=1e-4)


@pytest.mark.parametrize("kind", [Scaler, FrameScaler, CellScaler])
@pytest.mark.parametrize("n", [1, 5, 200])
def test_a_speakers_offset_goes_with_the_number_of_clips(kind, n):
    """An offset of every feature is gone but for PRIOR / (clips + PRIOR) of it."""
    scaler = kind().fit(MAKE[kind](500))
    X = MAKE[kind](n, 1)
    moved = X + 10
    if kind is FrameScaler:
        moved = X + 10 * X[..., -1:]
        moved[..., -1] = X[..., -1]
    left = scaler.for_speaker(moved).transform(moved) - scaler.for_speaker(X).transform(X)
    whole = scaler.transform(moved) - scaler.transform(X)
    if kind is CellScaler:  # a band has one shift, its cells each a scale
        left, whole = left.mean(axis=2), whole.mean(axis=2)
    np.testing.assert_allclose(left, whole * PRIOR / (n + PRIOR), atol=2e-5)


@pytest.mark.parametrize("kind", MAKE)
def test_a_shift_for_a_speaker_keeps_shape_dtype_and_the_scaler_itself(kind):
    scaler, X = kind().fit(MAKE[kind](99)), MAKE[kind](6, 1)
    before = scaler.transform(X)
    Z = scaler.for_speaker(X).transform(X)
    assert Z.shape == X.shape and Z.dtype == np.float32
    np.testing.assert_array_equal(scaler.transform(X), before)
    if kind is FrameScaler:
        np.testing.assert_array_equal(Z[..., -1], X[..., -1])
        assert not Z[X[..., -1] == 0].any()
