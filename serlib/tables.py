"""The two tables, `emotion_path.csv` and `features.csv`: columns, checks, reading, writing."""

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

from .augment import KNOWN
from .emotions import EMOTIONS
from .errors import TableError
from .features import FEATURE_COLUMNS, Means
from .files import replacing, sha256, write_json
from .index import CLIP_COLUMNS

KEY_COLUMNS = ["clip_id", "path", "corpus", "speaker", "emotion", "variant"]
_VERSIONS = ("librosa", "numpy", "soxr")  # what the numbers depend on


def write_clips(clips: pd.DataFrame, path: Path) -> None:
    """Write the clip table, sorted by path, atomically."""
    _write(clips[CLIP_COLUMNS].sort_values("path"), path)


def read_clips(path: Path) -> pd.DataFrame:
    """Read and check a clip table.

    Raises
    ------
    TableError
        Missing, without a column, with an unknown emotion or a clip twice.
    """
    clips = _read(path, "serlib run --only 01")
    _check(clips, CLIP_COLUMNS, ["clip_id"], path, "serlib run --only 01")
    return clips


def write_features(features: pd.DataFrame, path: Path, front_end: Means, seed: int) -> None:
    """Write the features table, sorted by clip and variant, and beside it what made it."""
    _write(features[KEY_COLUMNS + FEATURE_COLUMNS].sort_values(["clip_id", "variant"]), path)
    made_by = dict(settings=front_end.settings(), seed=seed, versions=versions())
    write_json(path.with_suffix(".json"), made_by | {"sha256": sha256(path)})


def read_features(path: Path, front_end: Means | None = None) -> pd.DataFrame:
    """Read and check a features table.

    Parameters
    ----------
    path : Path, of the CSV; its settings lie beside it as JSON
    front_end : Means, whose settings the table must have been made with; default: S2's

    Raises
    ------
    TableError
        Missing, altered, made with other settings or versions, without a column, with
        values that are not finite, unknown labels or a row twice. The message says what
        remakes it.
    """
    remake = "serlib run --only 03"
    features = _read(path, remake)
    _check(features, KEY_COLUMNS + FEATURE_COLUMNS, ["clip_id", "variant"], path, remake)
    values = features[FEATURE_COLUMNS].apply(pd.to_numeric, errors="coerce")
    if not np.isfinite(values.to_numpy(dtype=float)).all():
        raise TableError(f"{path}: holds values that are not finite numbers. Remake it: {remake}")
    _check_made_by(path, front_end or Means(), remake)
    return features


def _check_made_by(path: Path, front_end: Means, remake: str) -> None:
    try:
        made_by = json.loads(path.with_suffix(".json").read_text())
    except (OSError, ValueError) as error:
        raise TableError(
            f"{path}: the file of its settings, {path.stem}.json, is missing or damaged, so nobody "
            f"knows how it was made. Remake it: {remake}"
        ) from error
    for what, expected in (("settings", front_end.settings()), ("versions", versions())):
        if made_by.get(what) != expected:
            raise TableError(
                f"{path}: made with other {what}: {made_by.get(what)}, expected {expected}. "
                f"Remake it: {remake}"
            )
    if made_by.get("sha256") != sha256(path):
        raise TableError(f"{path}: was changed after it was made. Remake it: {remake}")


def _read(path: Path, remake: str) -> pd.DataFrame:
    if not path.is_file():
        raise TableError(f"{path}: no such table. Make it: {remake}")
    try:
        return pd.read_csv(path)
    except (ValueError, UnicodeDecodeError) as error:
        raise TableError(f"{path}: is no CSV table ({error}). Remake it: {remake}") from error


def _check(
    table: pd.DataFrame, columns: list[str], key: list[str], path: Path, remake: str
) -> None:
    if missing := [c for c in columns if c not in table.columns]:
        raise TableError(
            f"{path}: lacks the column {missing[0]!r} and {len(missing) - 1} others. "
            f"Remake it: {remake}"
        )
    checks = [("emotion", EMOTIONS)] + [("variant", KNOWN)] * ("variant" in key)
    for column, known in checks:
        if unknown := sorted({str(v) for v in table[column] if v not in known}):
            raise TableError(
                f"{path}: bad {column} {unknown[0]!r}, expected one of {list(known)}. "
                f"Remake it: {remake}"
            )
    if (twice := table.duplicated(key)).any():
        row = table.loc[twice.idxmax(), key].to_list()
        raise TableError(f"{path}: holds {row} twice. Remake it: {remake}")


def versions() -> dict[str, str]:
    """Return the versions of the libraries that the features depend on."""
    return {name: version(name) for name in _VERSIONS}


def _write(table: pd.DataFrame, path: Path) -> None:
    with replacing(path) as temporary:
        table.to_csv(temporary, index=False, float_format="%.6g", lineterminator="\n")
