"""Long recordings of known clips, second by second."""

import numpy as np
import pandas as pd
import pytest
from scipy import signal

from serlib.audio import NO_SPEECH
from serlib.evaluation import by_second, joined, joined_by_speaker, score_seconds
from tests.conftest import vowel, write_clip

SR = 16000


def table(*rows):
    return pd.DataFrame(rows, columns=["start_s", "end_s", "emotion"])


def test_what_is_said_lies_where_the_table_says():
    clips = [(np.pad(f * vowel(sr=SR, seconds=s), SR // 2), SR) for f, s in ((1, 1), (0.5, 2))]
    y, truth = joined(clips, sr=SR, rng=np.random.default_rng(0))
    assert len(truth) == 2 and len(y) / SR > truth.end_s.max()
    for (start, end), seconds, (clip, _) in zip(truth.to_numpy(), (1, 2), clips, strict=True):
        assert end - start == pytest.approx(seconds, abs=0.15)
        found = signal.correlate(y, clip[SR // 2 : -SR // 2], "valid").argmax() / SR
        assert start == pytest.approx(found, abs=0.1)
    pause = y[int(truth.end_s[0] * SR) + 2000 : int(truth.start_s[1] * SR) - 2000]
    assert len(pause) > SR // 2


def test_pauses_and_sounds_are_those_of_the_generator():
    clips = [(vowel(sr=SR), SR)] * 12
    one, again, other = (joined(clips, sr=SR, rng=np.random.default_rng(k))[0] for k in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert len(one) != len(other)


def test_recordings_are_of_one_speaker_and_share_no_clip(tmp_path):
    rows = []
    for speaker, n in (("a", 7), ("b", 2)):
        for k in range(n):
            write_clip(tmp_path / f"{speaker}{k}.wav", seed=k)
            rows.append(dict(path=f"{speaker}{k}.wav", speaker=speaker, emotion="sad"))
    how = dict(count=2, size=3, rng=np.random.default_rng(0))
    found = list(joined_by_speaker(pd.DataFrame(rows), tmp_path, **how))
    assert [name[0] for name, *_ in found] == ["a", "a", "b"]
    paths = [set(truth.path) for *_, truth in found]
    assert [len(p) for p in paths] == [3, 3, 2] and not paths[0] & paths[1]
    for (name, *_), own in zip(found, paths, strict=True):
        assert all(path.startswith(name[0]) for path in own)


def test_each_second_is_what_its_middle_is():
    truth = table((1.0, 2.4, "sad"), (3.6, 5.0, "happy"))
    found = table((0.0, 1.6, NO_SPEECH), (1.6, 4.0, "sad"), (4.0, 5.2, "happy"))
    seconds = by_second(truth, found, "a")
    assert seconds.emotion.tolist() == [NO_SPEECH, "sad", NO_SPEECH, NO_SPEECH, "happy"]
    assert seconds.predicted.tolist() == [NO_SPEECH, NO_SPEECH, "sad", "sad", "happy"]


def test_a_second_that_is_not_heard_is_wrong():
    truth = table((0, 4, "sad"), (6, 8, "happy"))
    found = table((0, 1, "sad"), (1, 2, "happy"), (3, 5, "sad"), (5, 8, NO_SPEECH))
    parts = [by_second(truth, found, name) for name in "abc"]
    score = score_seconds(pd.concat(parts), rng=np.random.default_rng(0))
    assert score["uar"] == pytest.approx((2 / 4 + 0 / 2) / 2)
    assert score["uar_low"] == score["uar_high"] == score["uar"]  # recordings are alike
    assert score["speech_found"] == pytest.approx(3 / 6)
    assert score["speech_made_up"] == pytest.approx(1 / 2)
    assert score["recordings"] == 3 and score["hours"] == pytest.approx(24 / 3600)
