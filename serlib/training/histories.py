"""Histories: loss and accuracy by epoch, kept for the models that bundles hold."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from ..files import write_json
from ..systems import SYSTEMS, Key

History = dict[str, list[float]]


def write_history(key: Key, folds: Sequence[History], folder: Path) -> None:
    """Write the histories of a key's folds beside those of its other seeds."""
    path = folder / f"{'__'.join(key.row)}.json"
    seeds = json.loads(path.read_text()) if path.exists() else {}
    rounded = [{name: [round(v, 5) for v in values] for name, values in f.items()} for f in folds]
    write_json(path, seeds | {str(key.seed): rounded})


def merge_histories(source: Path, folder: Path) -> None:
    """Bring a file of histories to another folder; seeds that are only there stay."""
    path = folder / source.name
    seeds = json.loads(path.read_text()) if path.exists() else {}
    write_json(path, seeds | json.loads(source.read_text()))


def read_histories(folder: Path, systems: Iterable[str] = SYSTEMS) -> dict[Key, list[History]]:
    """Read all histories of systems that a folder holds, one a fold."""
    found = {}
    for path in sorted(folder.glob("*.json")):
        row = path.stem.split("__")
        if row[0] in systems:
            seeds = json.loads(path.read_text())
            found |= {Key(*row, int(seed)): folds for seed, folds in seeds.items()}
    return found
