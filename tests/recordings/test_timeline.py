"""Long recordings second by second."""

import errno
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile as sf

import serlib
from serlib.audio import NO_SPEECH, SR, synthesise
from serlib.errors import AudioError, SerlibError
from serlib.inference import open_bundle
from serlib.recordings import Timeline, answers, overview, predict_timeline, simulated, told
from tests.conftest import write_clip

PAUSE = np.zeros(2 * SR, np.float32)


def voice(emotion, seed=0):
    rng = np.random.default_rng(seed)
    y = synthesise(emotion, speaker="02", sentence="kids", rng=rng).astype(np.float32)
    return y[int(0.55 * SR) : -int(0.1 * SR)]  # without its silent ends


@pytest.fixture(scope="module")
def bundle():
    return open_bundle("mfcc_cnn")


@pytest.fixture(scope="module")
def y():
    """Two sentences, a longer speech of three, and pauses [shape=(n,)]."""
    speech = np.concatenate([voice(e) for e in ("happy", "sad", "angry")])
    return np.concatenate([PAUSE, voice("sad"), PAUSE, voice("angry"), PAUSE, speech, PAUSE])


@pytest.fixture(scope="module")
def table(y, bundle):
    return predict_timeline((y, SR), bundle)


def probabilities(table, bundle):
    return table[[f"p_{emotion}" for emotion in bundle["classes"]]]


def test_a_timeline_is_whole_and_says_what_it_says(table, y, bundle):
    assert list(table)[:3] == ["start_s", "end_s", "emotion"] and list(table)[-1] == "speech"
    assert table.start_s.iloc[0] == 0 and table.end_s.iloc[-1] == round(len(y) / SR, 3)
    np.testing.assert_array_equal(table.start_s[1:], table.end_s[:-1])
    p = probabilities(table, bundle)
    np.testing.assert_allclose(p[table.speech].sum(axis=1), 1, atol=1e-5)
    best = p[table.speech].idxmax(axis=1).str.removeprefix("p_")
    assert (best == table.emotion[table.speech]).all()
    assert p[~table.speech].isna().all(axis=None)
    assert (table.emotion[~table.speech] == NO_SPEECH).all()
    assert (np.diff(table.speech.astype(int)) == 1).sum() == 3  # stretches
    assert (table[table.speech].eval("end_s - start_s") <= 1.5).all()


@pytest.mark.parametrize("size", [700, 5000, 7 * SR])
def test_block_by_block_equals_offline(table, y, bundle, size):
    parts, found = Timeline(bundle), []
    for k in range(0, len(y), size):
        found += parts.hear(y[k : k + size])
    found += parts.hear(y[:0], last=True)
    pd.testing.assert_frame_equal(parts.table(), table, atol=1e-4, check_exact=False)
    assert len(found) == len({(w.start, w.end) for w in found}) and found[-1].y is None


def test_the_end_of_what_is_said_is_answered_before_the_pause_is_over(table, y, bundle):
    timeline, early, found = Timeline(bundle), [], []
    for k in range(0, len(y), 1411):  # 64 ms
        found += timeline.hear(y[k : k + 1411])
        early += [(w.span, w.probabilities, timeline.seconds) for w in timeline.early()]
    pd.testing.assert_frame_equal(timeline.table(), table)
    answers_of = {window.span: window.probabilities for window in found}
    last = [stretch.answered[-1].span for stretch in timeline._windows.stretches]
    assert {span for span, _, _ in early} >= {*last} and len(last) == 3
    for span, p, at in early:
        assert at - span[1] < 0.15  # s of the recording
        if span in answers_of:
            np.testing.assert_array_equal(p, answers_of[span])


def test_a_window_is_answered_as_a_clip_is(table, y, bundle):
    timeline = Timeline(bundle)
    first = timeline.cut(y)[0]
    (said,) = timeline.note([first], [timeline.features(first)])
    begins, ends = round(first.start * SR), round(first.end * SR)
    expected = serlib.predict_proba((y[begins:ends], SR), bundle)
    assert said.probabilities == pytest.approx(list(expected.values()), abs=1e-5)
    row = probabilities(table, bundle)[table.speech].iloc[0]
    assert row.to_list() == pytest.approx(list(expected.values()), abs=1e-4)


def test_long_speech_is_answered_by_the_windows_that_hear_it(table, y, bundle):
    timeline = Timeline(bundle)
    windows = timeline.cut(y)
    windows += timeline.cut(y[:0], last=True)
    long = windows[-1].stretch
    own = timeline.note(windows, [timeline.features(w) for w in windows])
    own = [w for w in own if w.stretch is long]
    assert len(own) >= 3
    at = long.start + 2.0  # the third second is heard by the first three
    logs = np.log([np.maximum(w.probabilities, 1e-4) for w in own[:3]]).mean(axis=0)
    expected = np.exp(logs) / np.exp(logs).sum()
    row = table[table.start_s == round(at, 3)]
    np.testing.assert_allclose(probabilities(row, bundle).iloc[0], expected, atol=1e-3)


def test_how_much_was_heard_is_shown_where_it_is_wanted(y, bundle, table, tmp_path, capsys):
    """In an hour nobody should wonder whether it still runs; a pipe is not filled with bars."""
    sf.write(tmp_path / "y.wav", y, SR, subtype="FLOAT")
    shown = predict_timeline(tmp_path / "y.wav", bundle, progress=True)
    said = capsys.readouterr().err
    assert "y.wav" in said and f"/{int(len(y) / SR)} s" in said
    pd.testing.assert_frame_equal(shown, table, atol=1e-4, check_exact=False)
    predict_timeline((y[: 2 * SR], SR), bundle, progress=None)
    assert not capsys.readouterr().err


def test_where_nobody_speaks_there_is_one_row(bundle):
    table = predict_timeline((np.tile(PAUSE, 5), SR), bundle)
    (row,) = table.itertuples()
    assert (row.start_s, row.end_s, row.emotion, row.speech) == (0, 20 / 2, NO_SPEECH, False)
    assert overview(table).speech_seconds == 0 and sum(overview(table).shares.values()) == 0


def test_what_cannot_be_answered_is_refused(bundle, tmp_path):
    for how in (dict(window=1.0), dict(hop=0.0), dict(window=2.0, hop=3.0)):
        with pytest.raises(SerlibError, match="expected a window of"):
            predict_timeline((PAUSE, SR), bundle, **how)
    with pytest.raises(AudioError, match="no such file"):
        predict_timeline(tmp_path / "none.wav", bundle)


def test_shares_are_of_the_time_with_speech(table):
    whole = overview(table)
    assert sum(whole.shares.values()) == pytest.approx(1)
    for emotion, share in whole.shares.items():
        rows = table[table.emotion == emotion]
        assert share * whole.speech_seconds == pytest.approx((rows.end_s - rows.start_s).sum())
    assert whole.seconds == pytest.approx(table.end_s.max())


def test_a_voice_that_is_known_is_known_in_a_timeline_too(y):
    """What `--same-voice` has learnt from clips holds for a long recording."""
    bundle = open_bundle("any_voice")
    p = np.full((4, len(bundle["classes"])), 0.05)
    p[:, 0] = 0.7
    p[2:] = p[2:, ::-1]
    known = bundle | dict(voice=serlib.systems.Voice().hear(p[:1]))
    first = y[: 4 * SR], SR
    apart, light = predict_timeline(first, bundle), predict_timeline(first, known)
    emotion = f"p_{bundle['classes'][0]}"
    assert (light[emotion][light.speech] < apart[emotion][apart.speech]).all()


def test_a_long_file_is_answered_by_its_shares(y, bundle, table, tmp_path):
    sf.write(tmp_path / "long.wav", y, SR, subtype="FLOAT")
    sf.write(tmp_path / "short.wav", y[: 14 * SR], SR)
    files = [str(tmp_path / f"{name}.wav") for name in ("long", "short")]
    (_, long), (_, short) = answers.predict_files(files, bundle)
    assert long == overview(table, len(y) / SR) and short.emotion in bundle["classes"]


def test_listening_says_what_the_timeline_does(y, bundle, table):
    with simulated((y, SR), SR, pace=0) as live:
        lines = "".join(told.listen(live, bundle, in_place=False)).splitlines()
    windows = [line for line in lines if " to " in line]
    emotions = {line.split()[1] for line in windows}
    assert emotions <= set(bundle["classes"]) and len(windows) >= 5
    spoken = overview(table).speech_seconds
    assert any(f"{spoken:.0f} s of speech in {len(y) / SR:.0f} s" in line for line in lines)
    assert not any("overrun" in line for line in lines)
    with simulated((y, SR), SR, pace=0) as live:
        live.overrun()
        text = "".join(told.listen(live, bundle, in_place=True))
    assert "1 overrun" in text and text.count("\r") > 50


def test_listening_ends_with_a_word_on_ctrl_c(y, bundle):
    def stopped():
        yield y[: 6 * SR]
        raise KeyboardInterrupt

    live = type("Live", (), dict(overruns=0, lost=0.0, behind=lambda self, at: 0.0))()
    type(live).__iter__ = lambda self: stopped()
    assert "s of speech in 6 s" in "".join(told.listen(live, bundle, in_place=False))


def test_a_picture_that_cannot_be_written_leaves_the_one_before(tmp_path, monkeypatch, bundle):
    def half(self, place, **_):
        Path(place).write_bytes(b"half")
        raise OSError(errno.ENOSPC, "full")

    clip, picture = tmp_path / "a.wav", tmp_path / "a.png"
    write_clip(clip)
    picture.write_bytes(b"old")
    monkeypatch.setattr("matplotlib.figure.Figure.savefig", half)
    with pytest.raises(SerlibError, match="there is no room"):
        list(told.timelines([str(clip)], bundle, form="png", png=str(picture)))
    assert picture.read_bytes() == b"old"
