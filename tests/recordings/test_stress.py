import numpy as np
import pytest

from serlib.audio import load, synthesise
from serlib.inference import open_bundle
from serlib.recordings import STRESSES, Stress, stress


@pytest.fixture(scope="module")
def voices():
    draw = np.random.default_rng(5)
    how = dict(speaker="04", sentence="dogs", rng=draw)
    return [(synthesise(emotion, **how), 22050) for emotion in ("angry", "sad")]


@pytest.mark.parametrize("what", STRESSES)
def test_a_change_keeps_the_length_and_changes_samples(voices, what):
    (y, sr), draw = voices[0], np.random.default_rng(0)
    after = load(STRESSES[what].change(y, sr, draw), sr=sr)
    longer = 2 * sr if "silence" in what else 0
    assert len(after) == pytest.approx(len(y) + longer, abs=0.15 * sr)  # a codec fills its frames
    if not longer:
        assert not np.array_equal(after, y)


@pytest.mark.parametrize(
    ("what", "peak"),
    [("peak at -20 dB", 0.1), ("peak at -60 dB", 1e-3), ("peak at -60 dB of 16 bits", 33 / 32768)],
)
def test_a_peak_is_where_it_is_said_to_be(voices, what, peak):
    after, _ = STRESSES[what].change(*voices[0], np.random.default_rng(0))
    assert np.abs(after).max() == pytest.approx(peak, rel=1e-6)


def test_where_nobody_speaks_what_was_likeliest_is_followed():
    """Silero hears nobody in some real clips too."""
    tone = 0.1 * np.sin(2 * np.pi * 440 * np.arange(32000) / 16000)
    moved = stress(open_bundle("any_voice"), [(tone, 16000)], rng=np.random.default_rng(0))
    assert moved.changed.notna().all()


def test_noise_is_as_far_below_as_it_is_said(voices):
    y, sr = voices[0]
    noisy, _ = STRESSES["noise 10 dB below"].change(y, sr, np.random.default_rng(0))
    assert 10 * np.log10(np.mean(y**2) / np.mean((noisy - y) ** 2)) == pytest.approx(10, abs=1e-3)


def test_levels_move_no_answer_of_any_voice(voices):
    found = stress(open_bundle("any_voice"), voices, rng=np.random.default_rng(0))
    assert list(found.index) == list(STRESSES) and (found.clips == 2).all()
    levels = found.loc[["peak at -20 dB", "peak at -60 dB"]]
    # Not by more than the 8 bits of the encoder do, on processors that round them otherwise
    assert (levels.changed == 0).all() and (levels.moved < 5e-3).all()
    assert found.moved["noise 10 dB below"] > found.moved["peak at -20 dB"]


def test_what_is_refused_counts_as_another_answer(voices, monkeypatch):
    for what in [*STRESSES]:
        monkeypatch.delitem(STRESSES, what)
    monkeypatch.setitem(STRESSES, "none left", Stress(lambda y, sr, rng: (0 * y, sr), 0.5))
    monkeypatch.setitem(STRESSES, "as it is", Stress(lambda y, sr, rng: (y, sr)))
    found = stress(open_bundle("mfcc_cnn"), voices, rng=np.random.default_rng(0))
    assert found.changed.to_dict() == {"none left": 1, "as it is": 0}
    assert found.moved["as it is"] == 0 and np.isnan(found.moved["none left"])
