"""What happens to a voice on its way: kept dtype and length, and what each change is for."""

import numpy as np
import pytest

from serlib.audio import corruptions
from serlib.audio.corruptions import on_the_way
from tests.conftest import vowel

SR = 16000
KEEPING = [
    corruptions.room,
    corruptions.background,
    corruptions.microphone,
    corruptions.telephone,
    corruptions.overload,
    corruptions.coded,
]


def generator(seed=0):
    return np.random.default_rng(seed)


def power(y, low, high):
    hz = np.fft.rfftfreq(len(y), 1 / SR)
    return np.sum(np.abs(np.fft.rfft(y)[(hz >= low) & (hz < high)]) ** 2)


@pytest.mark.parametrize("change", KEEPING, ids=lambda change: change.__name__)
@pytest.mark.parametrize("seed", range(3))
def test_dtype_and_length_are_kept_and_the_clip_is_not_written_to(change, seed):
    y = vowel(sr=SR)
    before = y.copy()
    changed = change(y, sr=SR, rng=generator(seed))
    assert changed.dtype == y.dtype and len(changed) == len(y) and np.isfinite(changed).all()
    np.testing.assert_array_equal(y, before)
    assert not np.array_equal(changed, y)


@pytest.mark.parametrize("seed", range(5))
def test_noise_lies_5_to_35_db_below(seed):
    y = vowel(sr=SR)
    noise = corruptions.background(y, sr=SR, rng=generator(seed)) - y
    assert 4.9 <= 10 * np.log10(np.mean(y**2) / np.mean(noise**2)) <= 35.1


def test_a_telephone_keeps_its_band():
    y = generator().standard_normal(4 * SR).astype(np.float32)
    heard = corruptions.telephone(y, sr=SR)
    assert power(heard, 500, 3000) / power(y, 500, 3000) > 0.9
    assert power(heard, 5000, 8000) / power(y, 5000, 8000) < 0.02
    assert power(heard, 0, 120) / power(y, 0, 120) < 0.02


def test_a_room_keeps_the_direct_sound_and_adds_a_tail():
    click = np.zeros(SR, dtype=np.float32)
    click[1000] = 1
    heard = corruptions.room(click, sr=SR, rng=generator())
    assert heard[1000] == pytest.approx(1, abs=1e-3) and not np.abs(heard[:999]).max() > 1e-6
    assert 0 < np.sum(heard[1010:] ** 2) <= 1.01  # at most as loud as the direct sound
    assert np.sum(heard[1000:3000] ** 2) > 10 * np.sum(heard[9000:11000] ** 2)


def test_what_is_overloaded_is_cut_at_its_peak():
    y = vowel(sr=SR)
    cut = corruptions.overload(y, sr=SR, rng=generator(3))
    assert np.mean(np.abs(cut) == np.abs(cut).max()) > 0.001


def test_the_same_seed_gives_the_same_bytes_and_another_others():
    y = vowel(sr=SR)
    first, again, other = (on_the_way(y, sr=SR, rng=generator(k)) for k in (1, 1, 2))
    assert first.tobytes() == again.tobytes() != other.tobytes()
