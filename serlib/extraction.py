"""From a clip table to a features table: parallel, incremental, safe to kill at any moment."""

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from .augment import VARIANTS, variant
from .errors import AudioError
from .features import FEATURE_COLUMNS, Means
from .index import PROBLEM_COLUMNS
from .tables import KEY_COLUMNS, versions


def extract(
    clips: pd.DataFrame,
    root: Path,
    *,
    cache: Path,
    front_end: Means | None = None,
    variants: Sequence[str] = VARIANTS,
    seed: int = 0,
    n_jobs: int = -1,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Compute the features of every variant of every clip, or take them from the cache.

    The cache, an SQLite file, is keyed by clip, checksum of the audio, variant, seed and
    settings, and written row by row: only what is new or changed is computed. A random
    variant is seeded by its clip's id, so neither order nor workers matter.

    Parameters
    ----------
    clips : DataFrame with `CLIP_COLUMNS`
    root : Path, the data root that the clips' paths are relative to
    cache : Path, of the SQLite file
    front_end : Means, default S2's
    variants : sequence of str, names that `serlib.augment.variant` knows
    seed : int
    n_jobs : int, worker processes, as joblib counts them

    Returns
    -------
    features : DataFrame with `KEY_COLUMNS` and `FEATURE_COLUMNS`, sorted
    problems : DataFrame with `PROBLEM_COLUMNS`: clips without features, and why
    """
    front_end = front_end or Means()
    keys = {row.clip_id: _key(row, front_end, variants, seed) for row in clips.itertuples()}
    problems = []
    cache.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(cache)) as store:
        store.execute("CREATE TABLE IF NOT EXISTS features (key TEXT PRIMARY KEY, x BLOB)")
        done = {key for (key,) in store.execute("SELECT key FROM features")}
        todo = clips[[keys[clip_id] not in done for clip_id in clips.clip_id]]
        jobs = (
            delayed(_compute)(root / row.path, row.clip_id, front_end, variants, seed)
            for row in todo.itertuples()
        )
        results = Parallel(n_jobs=n_jobs, return_as="generator")(jobs)
        progress = tqdm(results, total=len(todo), desc="extracting features", unit="clip")
        for row, x in zip(todo.itertuples(), progress, strict=True):
            if isinstance(x, str):
                problems.append((row.path, x.replace(str(root / row.path), row.path)))
                continue
            with store:
                entry = (keys[row.clip_id], x.tobytes())
                store.execute("INSERT INTO features VALUES (?, ?)", entry)
        features = pd.concat(_rows(clips, keys, store, variants), ignore_index=True)
    features = features.sort_values(["clip_id", "variant"], ignore_index=True)
    return features, pd.DataFrame(problems, columns=PROBLEM_COLUMNS)


def _rows(
    clips: pd.DataFrame, keys: dict[str, str], store: sqlite3.Connection, variants: Sequence[str]
) -> Iterator[pd.DataFrame]:
    wanted = set(keys.values())  # the cache holds those of other settings too
    x = {
        key: np.frombuffer(blob, dtype="<f4").reshape(len(variants), -1)
        for key, blob in store.execute("SELECT key, x FROM features")
        if key in wanted
    }
    here = clips[[keys[clip_id] in x for clip_id in clips.clip_id]]
    for i, name in enumerate(variants):
        table = here[KEY_COLUMNS[:-1]].assign(variant=name).reset_index(drop=True)
        values = np.stack([x[keys[clip_id]][i] for clip_id in here.clip_id])
        yield pd.concat([table, pd.DataFrame(values, columns=FEATURE_COLUMNS)], axis=1)


def _key(row, front_end: Means, variants: Sequence[str], seed: int) -> str:
    what = [row.clip_id, row.audio_md5, front_end.settings(), [*variants], seed, versions()]
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()


def _compute(
    path: Path, clip_id: str, front_end: Means, variants: Sequence[str], seed: int
) -> np.ndarray | str:
    """Return the features [shape=(variants, 162)], float32, or what is wrong with the clip."""
    try:
        y = front_end.load(path)
    except AudioError as error:
        return str(error)
    rows = []
    # A matrix product on two threads rounds otherwise than on one, and how many a worker has
    # depends on the number of workers.
    with threadpool_limits(1):
        for name in variants:
            digest = hashlib.sha256(f"{clip_id} {name}".encode()).digest()
            rng = np.random.default_rng([seed, *np.frombuffer(digest, dtype="<u4").tolist()])
            rows.append(front_end.extract_features(variant(y, name, sr=front_end.sr, rng=rng)))
    return np.stack(rows).astype("<f4")
