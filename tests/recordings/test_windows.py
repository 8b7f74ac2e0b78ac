"""Speech cut into windows."""

import numpy as np
import pytest

from serlib.audio import SR, synthesise
from serlib.recordings.windows import Windows

VOICE = synthesise("happy", speaker="02", sentence="kids", rng=np.random.default_rng(0))
VOICE = VOICE[int(0.55 * SR) : -int(0.1 * SR)].astype(np.float32)  # without its silent ends
PAUSE = np.zeros(2 * SR, np.float32)
LENGTH = len(VOICE) / SR


def cut(y, size=None, **how):
    windows = Windows(SR, **(dict(window=3.0, hop=1.0) | how))
    size = size or len(y)
    found = [window for k in range(0, len(y), size) for window in windows.cut(y[k : k + size])]
    return windows, found + windows.cut(y[:0], last=True)


@pytest.fixture(scope="module")
def long():
    """A sentence, then six without a pause between [shape=(n,)]."""
    return np.concatenate([PAUSE, VOICE, PAUSE, *[VOICE] * 6, PAUSE]).astype(np.float32)


def test_stretches_lie_where_somebody_speaks(long):
    windows, _ = cut(long)
    first, second = windows.stretches
    assert first.start == pytest.approx(2, abs=0.5)
    assert first.end == pytest.approx(2 + LENGTH, abs=0.5)
    assert second.start == pytest.approx(4 + LENGTH, abs=0.5)
    assert second.end == pytest.approx(4 + 7 * LENGTH, abs=0.5)
    assert windows.seconds == len(long) / SR


@pytest.mark.parametrize("size", [500, 4096, 3 * SR])
def test_windows_do_not_depend_on_the_parts(long, size):
    for a, b in zip(cut(long)[1], cut(long, size)[1], strict=True):
        assert (a.start, a.end) == (b.start, b.end)
        np.testing.assert_array_equal(a.y, b.y)


def test_windows_are_those_samples_and_cover_their_stretch(long):
    windows, found = cut(long)
    for window in found:
        begins = round(window.start * SR)
        np.testing.assert_array_equal(window.y, long[begins : begins + len(window.y)])
    inside = [w for w in found if w.stretch is windows.stretches[1]]
    starts = np.array([w.start for w in inside])
    assert np.allclose(np.diff(starts)[:-1], 1.0) and 0 < np.diff(starts)[-1] <= 1.0
    assert {round(w.end - w.start, 6) for w in inside} == {3.0}
    assert starts[0] == windows.stretches[1].start
    assert windows.stretches[1].end - inside[-1].end < 0.26


def test_a_word_is_answered_with_what_is_around_it():
    word = VOICE[: SR * 3 // 4]
    y = np.concatenate([PAUSE, word, PAUSE]).astype(np.float32)
    _, (window,) = cut(y)
    assert window.end - window.start >= 1.0 and window.start < 2 < window.end
    _, (alone,) = cut(word.astype(np.float32))
    assert len(alone.y) == len(word)


def test_of_silence_and_noise_there_is_no_window():
    noise = np.random.default_rng(0).standard_normal(5 * SR).astype(np.float32) / 50
    for y in (PAUSE, noise):
        windows, found = cut(y, 1000)
        assert found == [] and windows.stretches == []


def test_what_is_past_is_forgotten(long):
    windows = Windows(SR, window=3.0, hop=1.0)
    for _ in range(4):
        windows.cut(long)
        held = sum(v.nbytes for v in vars(windows).values() if isinstance(v, np.ndarray))
        assert held < 6 * SR * 4
