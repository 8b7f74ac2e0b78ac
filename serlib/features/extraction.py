"""From a clip table to a features table: parallel, incremental, safe to kill at any moment."""

import hashlib
import json
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from threading import Lock

import numpy as np
import pandas as pd

from ..audio import S2_VARIANTS, spectrum, variant
from ..corpora import PROBLEM_COLUMNS
from ..errors import AudioError, TableError
from ..workers import each, one_thread
from .base import FrontEnd
from .means import FEATURE_COLUMNS, Means
from .table import KEY_COLUMNS, versions

_ONE_AT_A_TIME = Lock()


def extract(
    clips: pd.DataFrame, root: Path, *, front_end: Means | None = None, **how: object
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Compute the features table of S2; parameters are those of `extract_arrays`.

    Returns
    -------
    features : DataFrame with `KEY_COLUMNS` and `FEATURE_COLUMNS`, sorted
    problems : DataFrame with `PROBLEM_COLUMNS`: clips without features, and why
    """
    rows, X, problems = extract_arrays(clips, root, front_end=front_end or Means(), **how)
    return pd.concat([rows, pd.DataFrame(X, columns=FEATURE_COLUMNS)], axis=1), problems


def extract_arrays(
    clips: pd.DataFrame,
    root: Path,
    *,
    cache: Path,
    front_end: FrontEnd,
    variants: Collection[str] = S2_VARIANTS,
    seed: int = 0,
    n_jobs: int = -1,
) -> tuple[pd.DataFrame, np.ndarray, pd.DataFrame]:
    """Compute the features of every variant of every clip, or take them from the cache.

    The cache, an SQLite file, is keyed by clip, checksum of the audio, variants, seed, and the
    front end's settings and version, and written clip by clip: only what is new or changed is
    computed. A random variant is seeded by its clip's id, so neither order nor workers matter.

    Parameters
    ----------
    clips : DataFrame with `CLIP_COLUMNS`
    root : Path, the data root that the clips' paths are relative to
    cache : Path, of the SQLite file
    front_end : FrontEnd
    variants : names that `serlib.audio.variant` knows
    seed : int
    n_jobs : int, worker processes, as joblib counts them

    Returns
    -------
    rows : DataFrame with `KEY_COLUMNS`, sorted
    X : np.ndarray [shape=(rows, *front_end.shape)], float32
    problems : DataFrame with `PROBLEM_COLUMNS`: clips without features, and why

    Raises
    ------
    TableError
        If the cache cannot be read or written to: it is damaged, or the disk is full.
    """
    variants = sorted(variants)  # one key in the cache, whatever their order
    how = [front_end.settings(), variants, seed, versions()]
    keys = {row.clip_id: _key(row, how) for row in clips.itertuples()}
    with _opened(cache) as store:
        problems = _fill(store, clips, keys, root, (front_end, variants, seed), n_jobs)
        done = _done(store)
        here = clips[[keys[clip_id] in done for clip_id in clips.clip_id]].sort_values("clip_id")
        X = np.empty((len(here), len(variants), *front_end.shape), dtype=np.float32)
        for x, clip_id in zip(X, here.clip_id, strict=True):
            x[:] = np.frombuffer(_stored(store, keys[clip_id]), dtype="<f4").reshape(x.shape)
    rows = here[KEY_COLUMNS[:-1]].loc[here.index.repeat(len(variants))].reset_index(drop=True)
    rows["variant"] = np.tile(variants, len(here))
    X = X.reshape(-1, *front_end.shape)
    return rows, X, pd.DataFrame(problems, columns=PROBLEM_COLUMNS)


@contextmanager
def _opened(cache: Path) -> Iterator[sqlite3.Connection]:
    try:
        cache.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(cache)) as store:
            store.execute("PRAGMA synchronous = OFF")  # a cache: who is killed loses nothing
            store.execute("CREATE TABLE IF NOT EXISTS features (key TEXT PRIMARY KEY, x BLOB)")
            yield store
    except (sqlite3.Error, OSError) as error:
        raise TableError(
            f"{cache}: cannot be read or written to ({error}). Make room on the disk, or name "
            "another folder in SERLIB_CACHE; if it is damaged, delete it: it is made again."
        ) from error


def _done(store: sqlite3.Connection) -> set[str]:
    return {key for (key,) in store.execute("SELECT key FROM features")}


def _stored(store: sqlite3.Connection, key: str) -> bytes:
    return store.execute("SELECT x FROM features WHERE key = ?", (key,)).fetchone()[0]


def _fill(
    store: sqlite3.Connection,
    clips: pd.DataFrame,
    keys: dict[str, str],
    root: Path,
    how: tuple[FrontEnd, list[str], int],
    n_jobs: int,
) -> list[tuple[str, str]]:
    """Compute what the cache lacks; return the clips that cannot be used, and why."""
    done = _done(store)
    todo = clips[[keys[clip_id] not in done for clip_id in clips.clip_id]]
    clips_of = [(root / row.path, row.clip_id, *how) for row in todo.itertuples()]
    results = each(_compute, clips_of, n_jobs=n_jobs, desc="extracting features")
    problems = []
    for row, x in zip(todo.itertuples(), results, strict=True):
        if isinstance(x, str):
            problems.append((row.path, x.replace(str(root / row.path), row.path)))
            continue
        with store:
            entry = (keys[row.clip_id], x.tobytes())
            store.execute("INSERT OR REPLACE INTO features VALUES (?, ?)", entry)
    return problems


def _key(row, how: list) -> str:
    what = [row.clip_id, row.audio_md5, *how]
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()


@cache
def _keep_memory() -> None:
    """Make this process ready for many clips."""
    # Having freed this once glibc keeps what later clips free, up to twice as much. Else the
    # kernel takes it back, and gives it anew page by page, a tenth of the time that a clip takes.
    np.empty(2**24, np.uint8)


def _compute(
    path: Path, clip_id: str, front_end: FrontEnd, variants: list[str], seed: int
) -> np.ndarray | str:
    """Return the features [shape=(variants, *front_end.shape)], or what is wrong with the clip."""
    try:
        y = front_end.load(path)
    except AudioError as error:
        return str(error)
    _keep_memory()
    rows = []
    # A matrix product on two threads rounds otherwise than on one, and how many a worker has
    # depends on the number of workers. A Dask worker computes several clips at a time.
    # The stretch begins with the transform that the clip as it is has, too.
    with _ONE_AT_A_TIME, one_thread(), spectrum.kept(y):
        for name in variants:
            digest = hashlib.sha256(f"{clip_id} {name}".encode()).digest()
            rng = np.random.default_rng([seed, *np.frombuffer(digest, dtype="<u4").tolist()])
            rows.append(front_end.extract_features(variant(y, name, sr=front_end.sr, rng=rng)))
    return np.stack(rows).astype("<f4")
