import numpy as np
import pytest

from serlib.systems import Training
from serlib.training.batches import Batches, mask, mix, warp

SETTINGS = Training(batch_size=8, time_warp=0.2, time_masks=2, mixup=0.3)


def clip(inside=40, frames=60, columns=3):
    """A ramp over time in every column, so that a frame says where it was."""
    x = np.zeros((frames, columns + 1), np.float32)
    x[:inside, :-1] = np.arange(1, inside + 1)[:, None]
    x[:inside, -1] = 1
    return x


def batches(**how):
    X = np.stack([clip(20 + k) for k in range(30)])
    Y = np.eye(2)[np.arange(30) % 2]
    return Batches(X, Y, SETTINGS, **dict(seed=0) | how)


def test_an_epoch_is_the_same_whoever_asks_and_the_next_is_another():
    first, again, later = batches(), batches(), batches(epoch=3)
    for _ in range(3):
        first.on_epoch_end()
    for k in range(len(first)):
        np.testing.assert_array_equal(first[k][0], later[k][0])
    assert not np.array_equal(again[0][0], first[0][0])


def test_every_clip_is_there_once_an_epoch():
    seen = batches().order
    assert sorted(seen) == list(range(30)) and sum(len(batches()[k][1]) for k in range(4)) == 30


def test_clips_of_like_length_share_a_batch_without_further_padding():
    lengths = np.random.default_rng(0).permutation(np.arange(20, 60))
    X = np.stack([clip(n, frames=80) for n in lengths])
    Y = np.eye(40, dtype=np.float32)
    how = dict(batch_size=6, bucket_by_length=True)
    one, later = (Batches(X, Y, Training(**how), seed=0, epoch=k) for k in (0, 1))
    for batches in (one, later):
        parts = [batches[k] for k in range(len(batches))]
        seen = np.concatenate([y.argmax(axis=1) for _, y in parts])
        assert sorted(seen) == list(range(40))
        assert parts[0][0].shape[1] == 80  # what Keras asks first
        for x, y in parts[1:]:
            inside = lengths[y.argmax(axis=1)]
            assert inside.max() <= x.shape[1] < inside.max() + 8 and np.ptp(inside) <= 20
        assert lengths[parts[1][1].argmax(axis=1)].max() <= 30  # and second: another length
    assert not np.array_equal(one.order, later.order)
    assert not (np.diff(lengths[one.order].reshape(-1, 4).mean(axis=1)) >= 0).all()


@pytest.mark.parametrize("seed", range(5))
def test_warping_a_ramp_gives_a_ramp_of_the_drawn_slope(seed):
    x = clip()
    z = warp(x, 0.3, np.random.default_rng(seed))
    rate = np.random.default_rng(seed).uniform(0.7, 1.3)
    inside = int(z[:, -1].sum())
    assert inside == min(int(39 / rate) + 1, 60)
    expected = 1 + rate * np.arange(inside)
    np.testing.assert_allclose(z[:inside, 0], expected, rtol=1e-4)
    assert not z[inside:].any()


def test_masks_silence_at_most_their_share_and_keep_the_mask_column():
    x = mask(clip(), 2, np.random.default_rng(1))
    assert (x[:40, 0] == 0).sum() <= 8 and x[:, -1].sum() == 40


def test_mixtures_lie_between_their_parts():
    X = np.stack([clip(30), clip(50)])
    Z, Y = mix(X.copy(), np.eye(2), 0.4, np.random.default_rng(0))
    np.testing.assert_allclose(Y.sum(axis=1), 1)
    assert (Y.max(axis=1) >= 0.5).all() and (Y.argmax(axis=1) == [0, 1]).all()
    assert (X.max(axis=0) + 1e-6 >= Z).all()


def test_nothing_asked_nothing_changed():
    x, rng = clip(), np.random.default_rng(0)
    np.testing.assert_array_equal(mask(warp(x.copy(), 0, rng), 0, rng), x)
