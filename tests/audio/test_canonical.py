"""One signal of any recording: level, offset and hum have no say, nor has what lies above."""

import numpy as np
import pytest
from scipy import signal

from serlib.audio import CANONICAL_SR as SR
from serlib.audio import (
    Recording,
    canonical,
    corruptions,
    load,
    synthesise,
    unclipped,
    without_waiting,
)
from serlib.audio.canonical import HIGHEST, LOWEST, in_band
from serlib.features import Whisper
from tests.conftest import vowel

T = np.arange(2 * SR) / SR


def tone(hz, seconds=2.0):
    return np.sin(2 * np.pi * hz * np.arange(int(seconds * SR)) / SR)


@pytest.mark.parametrize("factor", [1e-3, 0.1, 20, -1])
def test_any_multiple_of_a_signal_is_the_same(factor):
    y = vowel(sr=SR)
    same = canonical(factor * y.astype(float))
    np.testing.assert_allclose(np.sign(factor) * same, canonical(y), atol=1e-6)


def test_an_offset_and_hum_are_taken_out():
    y = vowel(sr=SR)
    hum = 0.2 * y.std() * tone(50, len(y) / SR)
    for change in (np.full(len(y), 0.3), hum):
        left = canonical(y + change)
        n = min(len(left), len(canonical(y)))
        assert np.corrcoef(left[SR // 2 : n], canonical(y)[SR // 2 : n])[0, 1] > 0.995


def test_the_band_ends_where_the_narrowest_corpus_does():
    inside, outside = canonical(tone(1000) + tone(5600)), canonical(tone(1000))
    np.testing.assert_allclose(inside[4000:20000], outside[4000:20000], atol=1e-3)
    kept = canonical(tone(1000) + tone(4500))
    assert np.abs(np.fft.rfft(kept))[int(4500 * len(kept) / SR)] > 0.2 * len(kept) * kept.std()


def test_silent_ends_are_cut_and_the_level_is_one():
    y = np.concatenate([np.zeros(SR), vowel(sr=SR), np.zeros(2 * SR)])
    left = canonical(y)
    assert len(left) == pytest.approx(3 * SR, abs=0.06 * SR) and left.dtype == np.float32
    frames = np.sqrt((left[: SR * 2].reshape(-1, 400) ** 2).mean(axis=1))
    assert np.percentile(frames, 90) == pytest.approx(0.1, rel=0.1)


@pytest.mark.parametrize("sr", [8000, 22050, 44100, 48000])
@pytest.mark.parametrize("noise", [0, 1e-4])
def test_a_minute_of_waiting_changes_nothing(sr, noise):
    y = vowel(sr=sr)
    rng = np.random.default_rng(0)
    before, after = (noise * rng.standard_normal(s * sr).astype("f4") for s in (60, 45))
    recording = Recording(np.concatenate([before, y, after]), sr, "a.wav")
    left = without_waiting(recording)
    assert len(left.y) / sr == pytest.approx(5, abs=0.03) and left[1:] == recording[1:]
    whole, short = (canonical(load(r, sr=SR)) for r in (recording, left))
    assert len(short) == pytest.approx(len(whole), abs=160)
    assert np.sum(short**2) == pytest.approx(np.sum(whole**2), rel=1e-2)
    stereo = Recording(np.stack([recording.y, recording.y / 2], axis=1), sr)
    np.testing.assert_array_equal(without_waiting(stereo).y[:, 0], left.y)


@pytest.mark.parametrize("sr", [8000, 16000, 22050, 44100])
def test_how_long_nobody_speaks_changes_no_sample(sr):
    y = vowel(sr=sr)
    left = [without_waiting(Recording(np.pad(y, (round(s * sr), 0)), sr)).y for s in (1, 3.1, 61.3)]
    for z in left[1:]:
        assert len(z) == pytest.approx(len(left[0]), abs=sr // 100)  # as finely as it is looked for
        np.testing.assert_array_equal(z[-len(y) :], left[0][-len(y) :])


def test_what_has_no_long_silence_is_left_as_it_is():
    y = vowel(sr=SR)
    around = np.concatenate([np.zeros(2 * SR), y, np.zeros(2 * SR)])
    pause = np.concatenate([y, np.zeros(10 * SR), y])
    for z in (y, around, pause, np.zeros(9 * SR), np.zeros(0)):
        assert len(without_waiting(Recording(z, SR)).y) == len(z)


@pytest.mark.parametrize("n", [1, 700, 48_000, 70_001])
def test_the_band_is_scipys(n):
    """Butterworth and Chebyshev filters, sample after sample, to the last digits."""
    how = dict(fs=SR, output="sos")
    low = signal.butter(4, LOWEST, "highpass", **how)
    high = signal.cheby2(12, 60, HIGHEST * 1.1, **how)
    y = np.random.default_rng(n).standard_normal(n) + 0.5
    expected = signal.sosfilt(np.concatenate([low, high]), y)
    np.testing.assert_allclose(in_band(y), expected, atol=1e-11)


def spoken(sr=22050):
    return synthesise("happy", speaker="05", sentence="dogs", rng=np.random.default_rng(2), sr=sr)


def distance_db(y, expected):
    return 10 * np.log10(np.sum((y - expected) ** 2) / np.sum(expected**2))


@pytest.mark.parametrize("gain", [1.0, 1e-3])
@pytest.mark.parametrize("sr", [8000, 48000])
def test_peaks_that_were_cut_off_are_continued(sr, gain):
    y = gain * spoken(sr).astype(np.float32)
    clipped = corruptions.clipped(y, db=6)
    mended = unclipped(clipped, sr)
    assert mended.dtype == y.dtype and len(mended) == len(y)
    assert distance_db(mended, y) < distance_db(clipped, y) - 5
    cut = np.abs(clipped) > 0.999 * np.abs(clipped).max()
    np.testing.assert_array_equal(mended[~cut], clipped[~cut])
    assert (np.sign(mended[cut]) == np.sign(clipped[cut])).all()
    assert (np.abs(mended[cut]) >= np.abs(clipped[cut])).all()


@pytest.mark.parametrize(
    "y",
    [
        spoken(),  # whole
        np.zeros(22050, np.float32),
        np.full(22050, 0.3, np.float32),
        np.sign(np.sin(np.arange(22050) / 20)),  # nothing is left of it
        np.pad([1.0, -1.0], 500),  # two clicks
    ],
)
def test_what_lost_no_peaks_or_all_of_them_stays_as_it_is(y):
    np.testing.assert_array_equal(unclipped(y, 22050), y)


def test_what_is_cut_everywhere_for_a_while_is_left_there():
    y = 0.5 * spoken()
    y[1000:1500] = 1.0
    mended = unclipped(y, 22050)
    assert np.isfinite(mended).all() and (mended[1100:1400] == 1).all()


def test_a_recording_is_mended_before_it_is_heard_and_what_is_learnt_from_is_not():
    y = spoken(48000).astype(np.float32)
    clipped = corruptions.clipped(y, db=6)
    heard, whole = (Whisper().get_predict_feat((x, 48000)) for x in (clipped, y))
    learnt = Whisper().extract_features(Whisper().load((clipped, 48000)))
    assert np.linalg.norm(heard - whole) < 0.8 * np.linalg.norm(learnt - whole)
    np.testing.assert_array_equal(whole, Whisper().extract_features(Whisper().load((y, 48000))))
