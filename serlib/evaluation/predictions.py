"""Predictions: the files of out-of-fold answers, their columns and names, and their averages.

One file per system, data and protocol, ``<system>__<data>__<protocol>.csv.gz``, holds all seeds.
What a system with members answers is computed from theirs, and stored nowhere.
"""

import gzip
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from ..corpora import DATA, PROTOCOLS
from ..errors import TableError
from ..files import replacing
from ..systems import SYSTEMS, Key, geometric_mean, get, members_of

_ROW_COLUMNS = ["clip_id", "variant", "path", "corpus", "speaker", "emotion"]
_ORDER = ["clip_id", "variant", "fold", "seed"]
Predictions = dict[Key, pd.DataFrame]


def file_name(key: Key) -> str:
    """Return the name of the file that holds a key's predictions, and those of its other seeds."""
    return f"{'__'.join(key.row)}.csv.gz"


def answered(
    rows: pd.DataFrame, fold: int | str, proba: np.ndarray, classes: Sequence[str]
) -> pd.DataFrame:
    """Return the predictions of a fold.

    Parameters
    ----------
    rows : DataFrame with `_ROW_COLUMNS`, what was scored
    fold : int or str, its name
    proba : np.ndarray [shape=(rows, classes)]
    classes : sequence of str

    Returns
    -------
    DataFrame
        `_ROW_COLUMNS`, fold, predicted, and a column p_<emotion> per class
    """
    predicted = np.array(classes)[proba.argmax(axis=1)]
    columns = {f"p_{emotion}": proba[:, i] for i, emotion in enumerate(classes)}
    ids = rows[_ROW_COLUMNS].assign(fold=fold, predicted=predicted)
    names = [*_ROW_COLUMNS[:-1], "fold", "emotion", "predicted"]
    return ids[names].assign(**columns)


def drawn(fold: int | str, draw: int) -> int | str:
    """Return how a fold is called whose clips are scored several times over, after other draws."""
    if isinstance(fold, int):
        return fold + 10 * draw
    return f"{fold} {draw}" if draw else fold


def trained_on(folds: pd.Series) -> pd.Series:
    """Return the corpora that folds of `corpora` are trained on, whatever the draw."""
    return folds.astype(str).str.split(" ").str[0]


def probabilities(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return the probability columns, named by their emotions."""
    return predictions.filter(regex="^p_").rename(columns=lambda name: name.removeprefix("p_"))


def write(key: Key, folds: Iterable[pd.DataFrame], folder: Path) -> pd.DataFrame:
    """Write the predictions of a key's folds beside those of its other seeds; return them."""
    table = pd.concat([*folds], ignore_index=True)
    _write({key: table}, folder)
    return table.sort_values(_ORDER[:-1], ignore_index=True)


def merge(source: Path, folder: Path) -> None:
    """Bring a file of a system's predictions to another folder; seeds that are only there stay.

    Those of an ingredient (`serlib.systems.INGREDIENTS`) are left: its figures alone are kept.
    """
    tables = {key: table for key, table in _seeds(source).items() if key.system in SYSTEMS}
    if tables:
        _write(tables, folder)


def read(folder: Path, systems: Iterable[str] = SYSTEMS) -> Predictions:
    """Read all predictions of systems that a folder holds, averages computed.

    Returns
    -------
    dict, key -> table, sorted by clip, variant and fold
    """
    systems, names = list(systems), set()
    for name in systems:
        names |= {name, *(member for member, _ in get(name).members)}
    found: Predictions = {}
    for path in sorted(folder.glob("*.csv.gz")):
        if path.name.split("__")[0] in names:
            found |= _seeds(path)
    for name in systems:
        found |= _averages(name, found)
    return {key: table for key, table in found.items() if key.system in systems}


def over(newer: Predictions, older: Predictions) -> Predictions:
    """Return predictions of two origins; seeds of one system, data and protocol are of one.

    Where there are newer ones, older seeds are left out: they may be of other clips or settings.
    """
    rows = {key.row for key in newer}
    both = {key: table for key, table in older.items() if not rows & _rows(key)} | newer
    for name in {key.system for key in (*older, *newer)} & set(SYSTEMS):
        both |= _averages(name, both)  # of members of which one may be newer
    return both


def average(tables: Sequence[pd.DataFrame], temperature: float = 1.0) -> pd.DataFrame:
    """Average out-of-fold predictions of the same clips, as `serlib.systems.join` does.

    Raises
    ------
    ValueError
        If the tables are not of the same clips in the same folds.
    """
    keys = _ORDER[:-1]
    tables = [table.sort_values(keys, ignore_index=True) for table in tables]
    first = tables[0]
    for table in tables[1:]:
        if not table[keys].equals(first[keys]):
            raise ValueError("expected predictions of the same clips in the same folds")
    probas = [probabilities(table) for table in tables]
    mean = geometric_mean([proba.to_numpy() for proba in probas], temperature)
    emotions = probas[0].columns.to_numpy()
    averaged = {f"p_{emotion}": column for emotion, column in zip(emotions, mean.T, strict=True)}
    return first.assign(predicted=emotions[mean.argmax(axis=1)], **averaged)


def _averages(name: str, found: Predictions) -> Predictions:
    """Return the averages of a system with members, of every seed whose members are all there."""
    system, averages = get(name), {}
    for data, protocol in system.scored if system.members else ():
        key = Key(name, data, protocol, 0)
        while set(parts := members_of(key)) <= set(found):
            try:
                averages[key] = average([found[part] for part in parts], system.temperature)
            except ValueError:
                print(f"left out: {key}: its members were scored on other clips; fit them again")
                break
            drawn = not all(get(member).estimator for member, _ in system.members)
            if not drawn:
                break
            key = key._replace(seed=key.seed + 1)
    return averages


def _rows(key: Key) -> set[tuple[str, str, str]]:
    """Return the rows that a key's predictions are computed of: its own, and its members'."""
    members = members_of(key) if key.system in SYSTEMS else []
    return {key.row, *(member.row for member in members)}


def _seeds(path: Path) -> Predictions:
    row = path.name.removesuffix(".csv.gz").split("__")
    try:
        whole = pd.read_csv(path)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise TableError(f"{path}: cannot be read ({error}). Delete it and run again.") from error
    known = len(row) == 3 and row[1] in DATA and row[2] in PROTOCOLS
    if not known or not {*_ROW_COLUMNS, *_ORDER, "predicted"} <= set(whole):
        raise TableError(
            f"{path}: is no file of predictions: expected <system>__<data>__<protocol>.csv.gz with "
            f"the columns {[*_ROW_COLUMNS, 'fold', 'seed', 'predicted']}. Delete it and run again."
        )
    return {
        Key(*row, int(seed)): table.drop(columns="seed").reset_index(drop=True)
        for seed, table in whole.groupby("seed")
    }


def _scored(table: pd.DataFrame) -> set[tuple]:
    return set(zip(table.clip_id, table.variant, table.fold.astype(str), strict=True))


def _write(tables: Predictions, folder: Path) -> None:
    """Write one row's seeds: gzip without name or time, byte-stable.

    Seeds in the folder stay if they are of the same clips in the same folds.
    """
    path = folder / file_name(next(iter(tables)))
    scored = _scored(next(iter(tables.values())))
    older = _seeds(path) if path.exists() else {}
    older = {key: table for key, table in older.items() if _scored(table) == scored}
    tables = older | tables
    whole = pd.concat([table.assign(seed=key.seed) for key, table in tables.items()])
    ids = [name for name in whole if not name.startswith("p_") and name != "seed"]
    ids.insert(ids.index("fold") + 1, "seed")
    whole = whole[[*ids, *whole.filter(regex="^p_")]].sort_values(_ORDER, ignore_index=True)
    with replacing(path) as temporary:
        text = whole.to_csv(index=False, float_format="%.4f", lineterminator="\n")
        temporary.write_bytes(gzip.compress(text.encode(), mtime=0))
