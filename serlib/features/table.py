"""`features.csv`: the features table of S2, and beside it what made it."""

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

from ..audio import VARIANTS
from ..corpora import holds, is_demo, read_clips, read_table, write_table
from ..errors import TableError
from ..files import sha256, write_json
from ..paths import Run
from .means import FEATURE_COLUMNS, Means

KEY_COLUMNS = ["clip_id", "path", "corpus", "speaker", "emotion", "variant"]
_VERSIONS = ("librosa", "numpy", "soxr")  # what the numbers depend on
_CLIPS = "emotion_path.csv"
_REMAKE = "serlib run --only feature_extraction"


def write_features(features: pd.DataFrame, path: Path, front_end: Means, seed: int) -> None:
    """Write the features table, sorted by clip and variant, and beside it what made it."""
    write_table(features[KEY_COLUMNS + FEATURE_COLUMNS].sort_values(["clip_id", "variant"]), path)
    made_by = dict(settings=front_end.settings(), seed=seed, versions=versions())
    if (clips := path.with_name(_CLIPS)).exists():
        made_by["clips"] = sha256(clips)
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
    columns = KEY_COLUMNS + FEATURE_COLUMNS
    words = {"variant": VARIANTS}
    features = read_table(path, columns, ["clip_id", "variant"], remake=_REMAKE, words=words)
    values = features[FEATURE_COLUMNS].apply(pd.to_numeric, errors="coerce")
    if not np.isfinite(values.to_numpy(dtype=float)).all():
        raise TableError(f"{path}: holds values that are not finite numbers. Remake it: {_REMAKE}")
    _check_made_by(path, front_end or Means())
    return features


def _check_made_by(path: Path, front_end: Means) -> None:
    try:
        made_by = dict(json.loads(path.with_suffix(".json").read_text()))
    except (OSError, TypeError, ValueError, RecursionError) as error:
        raise TableError(
            f"{path}: the file of its settings, {path.stem}.json, is missing or damaged, so nobody "
            f"knows how it was made. Remake it: {_REMAKE}"
        ) from error
    for what, expected in (("settings", front_end.settings()), ("versions", versions())):
        if made_by.get(what) != expected:
            raise TableError(
                f"{path}: made with other {what}: {made_by.get(what)}, expected {expected}. "
                f"Remake it: {_REMAKE}"
            )
    if made_by.get("sha256") != sha256(path):
        raise TableError(f"{path}: was changed after it was made. Remake it: {_REMAKE}")


def _check_clips(clips: Path, features: Path) -> None:
    """Refuse features of other recordings than the clip table lists today."""
    made_of = json.loads(features.with_suffix(".json").read_text()).get("clips")
    if made_of and made_of != sha256(clips):
        raise TableError(
            f"{features}: the recordings have changed since it was made. Remake it: {_REMAKE}"
        )


def tables_of(run: Run) -> tuple[pd.DataFrame, pd.DataFrame, str]:
    """Return clip table, features table and notice: the run's own, else the shipped ones.

    Those of recordings that have gone since are used, where there are no others. Beside
    recordings tables count that are of them, and no others: data that is named is used.

    Raises
    ------
    TableError
        If there are recordings, and neither the run's own features nor the shipped ones are of
        them, as they are now.
    """
    own = run.out / _CLIPS, run.out / "features.csv"
    if own[1].exists():
        clips = read_clips(own[0])
        mine = holds(run, clips)
        if mine or run.demo or is_demo(run.data):
            features = read_features(own[1])
            _check_clips(*own)
            return clips, features, run.notice if mine else ""
    root = run.project.root
    shipped = read_clips(root / _CLIPS)
    if not (run.demo or is_demo(run.data) or holds(run, shipped)):
        raise TableError(
            f"{run.data}: no features of its recordings are in {run.out}. Make them first: "
            f"{_REMAKE} with the same --data and --out; or leave out --data, for the shipped tables"
        )
    return shipped, read_features(root / "features.csv"), ""


def versions() -> dict[str, str]:
    """Return the versions of the libraries that the features depend on."""
    return {name: version(name) for name in _VERSIONS}
