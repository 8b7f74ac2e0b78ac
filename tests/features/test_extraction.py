"""Extraction: what is cached is what is computed, in any order, whoever is killed."""

import os
import signal
import sqlite3
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from distributed import LocalCluster

from serlib import features
from serlib.audio import variant
from serlib.corpora import index_clips
from serlib.errors import TableError
from serlib.features import FEATURE_COLUMNS, Means, MfccDeltas

# Waits for ever at the sixth clip; to the cache its front end is that of everyone.
RUN = """
import sys
from pathlib import Path
from serlib import corpora, features
class Waiting(features.Means):
    loaded = []
    def load(self, source):
        self.loaded.append(source)
        if len(self.loaded) == 6:
            print("here", flush=True)
            sys.stdin.read()
        return super().load(source)
root, cache = map(Path, sys.argv[1:3])
clips, _ = corpora.index_clips(root, n_jobs=1)
features.extract(clips.head(12), root, cache=cache, front_end=Waiting(), n_jobs=1)
"""


class Dying(Means):
    """The front end of S2; the first worker that loads a clip with it is killed."""

    def __init__(self, marker):
        super().__init__()
        object.__setattr__(self, "marker", marker)

    def __reduce__(self):
        return Dying, (self.marker,)

    def load(self, source):
        if str(os.getpid()) != OWN and not self.marker.exists():
            self.marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().load(source)


OWN = os.environ.setdefault("SERLIB_TEST_OWNER", str(os.getpid()))


@pytest.fixture
def clips(corpus):
    return index_clips(corpus, n_jobs=1)[0].head(12)


@pytest.fixture
def counting():
    """A front end like S2's that knows which clips it has loaded, not from the cache."""

    class Counting(Means):
        loaded = []  # noqa: RUF012

        def load(self, source):
            self.loaded.append(source.name)
            return super().load(source)

    return Counting


def csv(tmp_path, table):
    features.write_features(table, tmp_path / "out.csv", Means(), seed=0)
    return (tmp_path / "out.csv").read_bytes()


def test_rows_are_the_front_ends(clips, corpus, tmp_path):
    table, problems = features.extract(clips, corpus, cache=tmp_path / "c", n_jobs=1)
    assert len(table) == 3 * len(clips) and problems.empty
    row = table[table.variant == "original"].iloc[7]
    x = Means().get_predict_feat(corpus / row.path)
    np.testing.assert_allclose(row[FEATURE_COLUMNS].to_numpy(dtype=np.float32), x, 1e-5, 1e-6)
    # Rows of one clip differ, and a stretched row is what librosa makes of the clip.
    y = Means().load(corpus / row.path)
    x = Means().extract_features(variant(y, "stretch_pitch", sr=22050, rng=None))
    same = (table.clip_id == row.clip_id) & (table.variant == "stretch_pitch")
    np.testing.assert_allclose(table.loc[same, FEATURE_COLUMNS].to_numpy()[0], x, 1e-5, 1e-6)


def test_arrays_keep_the_shape_of_any_front_end(clips, corpus, tmp_path):
    how = dict(cache=tmp_path / "c", front_end=MfccDeltas(), variants=("original",), n_jobs=1)
    for _ in range(2):  # computed, then from the cache
        rows, X, _ = features.extract_arrays(clips.head(3), corpus, **how)
        assert X.shape == (3, *MfccDeltas().shape) and X.dtype == np.float32
        for row, x in zip(rows.itertuples(), X, strict=True):
            expected = MfccDeltas().get_predict_feat(corpus / row.path)
            np.testing.assert_allclose(x, expected, 1e-5, 1e-4)


def test_neither_workers_nor_order_matter(clips, corpus, tmp_path):
    one, _ = features.extract(clips, corpus, cache=tmp_path / "1", n_jobs=1)
    shuffled = clips.sample(frac=1, random_state=3)
    two, _ = features.extract(shuffled, corpus, cache=tmp_path / "2", n_jobs=2)
    assert csv(tmp_path, one) == csv(tmp_path, two)


def test_noise_differs_between_clips_and_seeds(clips, corpus, tmp_path):
    few = clips.head(2)
    tables = [
        features.extract(few, corpus, cache=tmp_path / "c", seed=s, n_jobs=1)[0] for s in (0, 1)
    ]
    noisy = [t[t.variant == "noise"][FEATURE_COLUMNS].to_numpy() for t in tables]
    plain = [t[t.variant == "original"][FEATURE_COLUMNS].to_numpy() for t in tables]
    assert np.array_equal(*plain) and not np.isclose(noisy[0], noisy[1]).all(axis=1).any()


def test_only_what_is_new_or_changed_is_computed(clips, corpus, tmp_path, counting):
    how = dict(cache=tmp_path / "c", n_jobs=1)
    names = [path.split("/")[-1] for path in clips.path]
    features.extract(clips.head(10), corpus, front_end=counting(), **how)
    features.extract(clips.head(12), corpus, front_end=counting(), **how)
    assert counting.loaded == names[:12]
    counting.loaded.clear()
    changed = clips.head(12).assign(audio_md5=["another", *clips.audio_md5[1:12]])
    features.extract(changed, corpus, front_end=counting(), **how)
    assert counting.loaded == names[:1]
    counting.loaded.clear()
    features.extract(clips.head(3), corpus, front_end=counting(offset=0.5), **how)
    assert counting.loaded == names[:3]


def test_other_variants_share_a_cache(clips, corpus, tmp_path):
    cache = tmp_path / "c"
    features.extract(clips.head(3), corpus, cache=cache, n_jobs=1)
    variants = ("original", "noise", "stretch_pitch", "shift")
    four, _ = features.extract(clips.head(3), corpus, cache=cache, variants=variants, n_jobs=1)
    assert len(four) == 12


def test_the_order_of_variants_does_not_matter(clips, corpus, tmp_path, counting):
    how = dict(cache=tmp_path / "c", front_end=counting(), n_jobs=1)
    one, _ = features.extract(clips.head(2), corpus, variants=("original", "noise"), **how)
    two, _ = features.extract(clips.head(2), corpus, variants=("noise", "original"), **how)
    pd.testing.assert_frame_equal(one, two)
    assert len(counting.loaded) == 2


def test_two_runs_at_once_share_a_cache(clips, corpus, tmp_path):
    """The second begins and ends while the first computes its first clip."""
    how = dict(cache=tmp_path / "c", n_jobs=1)
    second = []

    class Interrupted(Means):
        def load(self, source):
            if not second:
                second.append(features.extract(clips.head(4), corpus, **how)[0])
            return super().load(source)

    first, _ = features.extract(clips.head(4), corpus, front_end=Interrupted(), **how)
    pd.testing.assert_frame_equal(first, second[0])


def test_a_bad_clip_is_listed_and_the_rest_completes(clips, corpus, tmp_path):
    victim = clips.path[5]
    (corpus / victim).write_bytes(b"not audio")
    table, problems = features.extract(clips, corpus, cache=tmp_path / "c", n_jobs=1)
    assert problems.path.to_list() == [victim] and "cannot be read" in problems.problem[0]
    assert table.clip_id.nunique() == len(clips) - 1


def test_killed_and_started_again_it_ends_with_the_same_bytes(clips, corpus, tmp_path, counting):
    cache = tmp_path / "killed" / "c.sqlite"
    pipes = dict(stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    with subprocess.Popen([sys.executable, "-c", RUN, corpus, cache], **pipes) as process:
        assert process.stdout.readline().strip() == b"here"
        process.kill()
    with sqlite3.connect(cache) as store:
        assert store.execute("SELECT count(*) FROM features").fetchone() == (5,)
    again, _ = features.extract(clips, corpus, cache=cache, front_end=counting(), n_jobs=1)
    assert len(counting.loaded) == len(clips) - 5
    whole, _ = features.extract(clips, corpus, cache=tmp_path / "whole", n_jobs=1)
    assert csv(tmp_path, again) == csv(tmp_path, whole)


def test_a_cluster_ends_with_the_same_bytes_though_a_worker_is_killed(
    clips, corpus, tmp_path, monkeypatch
):
    here, _ = features.extract(clips, corpus, cache=tmp_path / "here", n_jobs=1)
    marker = tmp_path / "killed"
    front_end = Dying(marker)
    with LocalCluster(n_workers=2, threads_per_worker=2, dashboard_address=None) as cluster:
        monkeypatch.setenv("SERLIB_DASK", cluster.scheduler_address)
        there, problems = features.extract(
            clips, corpus, cache=tmp_path / "there", front_end=front_end
        )
    assert marker.exists() and problems.empty
    assert csv(tmp_path, here) == csv(tmp_path, there)


def test_a_cache_where_none_can_be_is_told_in_a_sentence(clips, corpus, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(TableError, match=r"cannot be read or written to .*SERLIB_CACHE"):
        features.extract(clips, corpus, cache=tmp_path / "file" / "c.sqlite", n_jobs=1)


def test_a_damaged_cache_is_told_in_a_sentence(clips, corpus, tmp_path):
    cache = tmp_path / "c.sqlite"
    cache.write_bytes(b"no database" * 1000)
    with pytest.raises(TableError, match=r"c\.sqlite: cannot be read or written to"):
        features.extract(clips, corpus, cache=cache, n_jobs=1)
