import signal
import sqlite3
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest

from serlib import extraction
from serlib.augment import variant
from serlib.features import FEATURE_COLUMNS, Means
from serlib.index import index_clips
from serlib.tables import write_features

RUN = """
import sys
from pathlib import Path
from serlib import extraction, index
root, cache = map(Path, sys.argv[1:3])
clips, _ = index.index_clips(root, n_jobs=1)
extraction.extract(clips, root, cache=cache, n_jobs=1)
"""


@pytest.fixture
def clips(corpus):
    return index_clips(corpus, n_jobs=1)[0]


@pytest.fixture
def computed(monkeypatch):
    """The clips whose features are computed, not taken from the cache, in this process."""
    calls = []

    def spy(path, clip_id, *rest):
        calls.append(clip_id)
        return compute(path, clip_id, *rest)

    compute = extraction._compute
    monkeypatch.setattr(extraction, "_compute", spy)
    return calls


def csv(tmp_path, features):
    write_features(features, tmp_path / "out.csv", Means(), seed=0)
    return (tmp_path / "out.csv").read_bytes()


def test_rows_are_the_front_ends(clips, corpus, tmp_path):
    features, problems = extraction.extract(clips, corpus, cache=tmp_path / "c", n_jobs=1)
    assert len(features) == 3 * len(clips) and problems.empty
    row = features[features.variant == "original"].iloc[7]
    np.testing.assert_allclose(
        row[FEATURE_COLUMNS].to_numpy(dtype=np.float32),
        Means().get_predict_feat(corpus / row.path),
        rtol=1e-5,
        atol=1e-6,
    )
    # Rows of one clip differ, and a stretched row is what librosa makes of the clip.
    y = Means().load(corpus / row.path)
    x = Means().extract_features(variant(y, "stretch_pitch", sr=22050, rng=None))
    same = (features.clip_id == row.clip_id) & (features.variant == "stretch_pitch")
    np.testing.assert_allclose(features.loc[same, FEATURE_COLUMNS].to_numpy()[0], x, 1e-5, 1e-6)


def test_neither_workers_nor_order_matter(clips, corpus, tmp_path):
    one, _ = extraction.extract(clips, corpus, cache=tmp_path / "1", n_jobs=1)
    shuffled = clips.sample(frac=1, random_state=3)
    two, _ = extraction.extract(shuffled, corpus, cache=tmp_path / "2", n_jobs=2)
    assert csv(tmp_path, one) == csv(tmp_path, two)


def test_noise_differs_between_clips_and_seeds(clips, corpus, tmp_path):
    few = clips.head(2)
    tables = [
        extraction.extract(few, corpus, cache=tmp_path / "c", seed=s, n_jobs=1)[0] for s in (0, 1)
    ]
    noisy = [t[t.variant == "noise"][FEATURE_COLUMNS].to_numpy() for t in tables]
    plain = [t[t.variant == "original"][FEATURE_COLUMNS].to_numpy() for t in tables]
    assert np.array_equal(*plain) and not np.isclose(noisy[0], noisy[1]).all(axis=1).any()


def test_only_what_is_new_or_changed_is_computed(clips, corpus, tmp_path, computed):
    cache = tmp_path / "c"
    extraction.extract(clips.head(10), corpus, cache=cache, n_jobs=1)
    extraction.extract(clips.head(12), corpus, cache=cache, n_jobs=1)
    assert computed == list(clips.clip_id[:12])
    computed.clear()
    changed = clips.head(12).assign(audio_md5=["another", *clips.audio_md5[1:12]])
    extraction.extract(changed, corpus, cache=cache, n_jobs=1)
    assert computed == [clips.clip_id[0]]
    computed.clear()
    extraction.extract(clips.head(3), corpus, cache=cache, front_end=Means(offset=0.5), n_jobs=1)
    assert len(computed) == 3


def test_other_variants_share_a_cache(clips, corpus, tmp_path):
    cache = tmp_path / "c"
    extraction.extract(clips.head(3), corpus, cache=cache, n_jobs=1)
    variants = ("original", "noise", "stretch_pitch", "shift")
    four, _ = extraction.extract(clips.head(3), corpus, cache=cache, variants=variants, n_jobs=1)
    assert len(four) == 12


def test_the_order_of_variants_does_not_matter(clips, corpus, tmp_path, computed):
    how = dict(cache=tmp_path / "c", n_jobs=1)
    one, _ = extraction.extract(clips.head(2), corpus, variants=("original", "noise"), **how)
    two, _ = extraction.extract(clips.head(2), corpus, variants=("noise", "original"), **how)
    pd.testing.assert_frame_equal(one, two)
    assert len(computed) == 2


def test_two_runs_at_once_share_a_cache(clips, corpus, tmp_path, monkeypatch):
    """The second begins and ends while the first computes its first clip."""
    how = dict(cache=tmp_path / "c", n_jobs=1)
    second = []

    def interrupted(*arguments):
        monkeypatch.setattr(extraction, "_compute", compute)
        second.append(extraction.extract(clips.head(4), corpus, **how)[0])
        return compute(*arguments)

    compute = extraction._compute
    monkeypatch.setattr(extraction, "_compute", interrupted)
    first, _ = extraction.extract(clips.head(4), corpus, **how)
    pd.testing.assert_frame_equal(first, second[0])


def test_a_bad_clip_is_listed_and_the_rest_completes(clips, corpus, tmp_path):
    victim = clips.path[5]
    (corpus / victim).write_bytes(b"not audio")
    features, problems = extraction.extract(clips, corpus, cache=tmp_path / "c", n_jobs=1)
    assert problems.path.to_list() == [victim] and "cannot be read" in problems.problem[0]
    assert features.clip_id.nunique() == len(clips) - 1


def test_killed_and_started_again_it_ends_with_the_same_bytes(clips, corpus, tmp_path, computed):
    cache = tmp_path / "killed" / "c.sqlite"
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, corpus, cache], stderr=subprocess.DEVNULL
    )
    rows = 0
    while rows < 5:
        assert process.poll() is None, "finished before it could be killed"
        time.sleep(0.02)
        if cache.exists():
            try:
                with sqlite3.connect(cache) as store:
                    rows = store.execute("SELECT count(*) FROM features").fetchone()[0]
            except sqlite3.OperationalError:  # the table is not there yet
                continue
    process.send_signal(signal.SIGKILL)
    process.wait()
    again, _ = extraction.extract(clips, corpus, cache=cache, n_jobs=1)
    assert 0 < len(computed) <= len(clips) - 5
    whole, _ = extraction.extract(clips, corpus, cache=tmp_path / "whole", n_jobs=1)
    assert csv(tmp_path, again) == csv(tmp_path, whole)
