"""Disks that are full: each writer is stopped in its middle, and has to say so."""

import io
import os
import resource
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, redirect_stderr
from functools import partial
from itertools import product
from pathlib import Path

import keras
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from tqdm import tqdm

from serlib.corpora import index_clips, read_clips, write_clips, write_demo_clip
from serlib.errors import SerlibError
from serlib.features import FEATURE_COLUMNS, KEY_COLUMNS, Means, extract_arrays, write_features
from serlib.files import replacing, write_json
from serlib.inference import open_bundle, save_bundle
from serlib.paths import Project, Run

_MB = 8  # of the disk
_VOICE = dict(emotion="happy", speaker="05", sentence="dog")


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """Give a folder that is a disk of a few MB; who may not mount one gets OSError."""
    folder.mkdir(parents=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={_MB}m", "none", str(folder)]
    if os.geteuid() or subprocess.run(command, capture_output=True).returncode:
        raise OSError("only root mounts disks")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def _features(folder: Path, k: int) -> None:
    clips = read_clips(Project.here().root / "emotion_path.csv").head(200)
    numbers = np.random.default_rng(k).standard_normal((200, len(FEATURE_COLUMNS)))
    table = clips.assign(variant="original")[KEY_COLUMNS]
    table = pd.concat([table, pd.DataFrame(numbers, columns=FEATURE_COLUMNS)], axis=1)
    write_features(table, folder / "features.csv", Means(), k)


def _bundle(folder: Path, k: int) -> None:
    bundle = open_bundle("mfcc_cnn")
    parts = {name: bundle[name] for name in ("model", "scaler", "classes", "extractor")}
    y = bundle["reference"]["y"] * (1 - k / 20)
    save_bundle(folder / "a.joblib", **parts, reference=y, card=dict(k=k))


def _figure(folder: Path, k: int) -> None:
    figure, ax = plt.subplots(dpi=300)
    ax.imshow(np.random.default_rng(k).uniform(size=(300, 300)))
    Run(Project.here(), folder, folder).save(figure, "a.png")
    plt.close(figure)


def _cache(folder: Path, k: int) -> None:
    clip, cache = folder.parent / "clips" / "happy" / "0.wav", folder / "features.sqlite"
    if not clip.exists():
        write_demo_clip(clip, _VOICE | dict(key=0))
    clips, _ = index_clips(clip.parents[1], n_jobs=1)
    several = [clips.assign(clip_id=f"own:{k}-{i}") for i in range(48)]
    how = dict(front_end=Means(), n_jobs=1, variants=("original",))
    extract_arrays(pd.concat(several, ignore_index=True), clip.parents[1], cache=cache, **how)


def _network(folder: Path, k: int) -> None:
    model = keras.Sequential([keras.Input((40,)), keras.layers.Dense(200 + k)])
    with replacing(folder / "a.keras") as temporary:
        model.save(temporary)


def _array(folder: Path, k: int) -> None:
    with replacing(folder / "a.npy") as temporary:
        np.save(temporary, np.full((200, 200), k, np.float32))


WRITERS: dict[str, Callable[[Path, int], None]] = dict(
    json=lambda folder, k: write_json(folder / "numbers.json", dict(a=[k] * 200_000)),
    clips=lambda folder, k: write_clips(
        read_clips(Project.here().root / "emotion_path.csv").iloc[k:], folder / "clips.csv"
    ),
    features=_features,
    clip=lambda folder, k: write_demo_clip(folder / "a.wav", _VOICE | dict(key=k)),
    figure=_figure,
    bundle=_bundle,
    cache=_cache,
    network=_network,
    array=_array,
)


def full(folder: Path, seed: int, times: int = 5) -> dict:
    """Stop each writer at several places of its file; return what was not as it should be.

    Each is stopped twice there: by a disk without room, and by a limit of the size of files, which
    is told as a quota is: while the disk has room.
    """
    found = dict(stopped=0, writers=len(WRITERS), failed=[])
    with small_disk(folder / "disk") as disk:
        for name, write in tqdm(WRITERS.items(), desc="full disks", unit="writer"):
            write(disk, 1)
            before = _contents(disk)
            size = max(map(len, before.values()))
            shares = np.random.default_rng(seed).uniform(0, 0.9, times)
            # What is written is new each time: a cache keeps what was finished, and writes no more
            for k, (share, stop) in enumerate(product(shares, (_filled, _limited)), 2):
                fresh = partial(write, disk, k)
                if problem := _stopped(fresh, disk, before, stop(disk, int(share * size))):
                    how = dict(writer=name, by=stop.__name__[1:], share=round(share, 2))
                    found["failed"].append(how | dict(why=problem))
                found["stopped"] += 1
            for path in disk.iterdir():
                path.unlink() if path.is_file() else subprocess.run(["rm", "-r", path])
    return found


@contextmanager
def _filled(disk: Path, room: int) -> Iterator[None]:
    free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
    filler = disk / "filler"
    filler.write_bytes(bytes(max(free - room, 0)))
    try:
        yield
    finally:
        filler.unlink()


@contextmanager
def _limited(_: Path, room: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, before[1]))
    try:
        with redirect_stderr(io.StringIO()):  # a file that progress bars go to is limited, too
            yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def _stopped(
    write: Callable, disk: Path, before: dict[str, bytes], stop: AbstractContextManager
) -> str:
    """Let a writer run out of room; return what is wrong with what it leaves, or nothing."""
    with stop:
        try:
            write()
            said = "it did not notice"
        except SerlibError:
            said = ""  # as it should be; any other is a find
        except Exception as error:
            said = f"{type(error).__name__}: {error}".replace(str(disk), "")[:200]
    after = _contents(disk)
    if not said and (after.keys() != before.keys() or _changed(before, after)):
        said = f"changed: {sorted(after)}"
    return said


def _changed(before: dict[str, bytes], after: dict[str, bytes]) -> bool:
    """Tell whether a file differs; the cache keeps what was finished of the new."""
    return any(after[n] != before[n] for n in before if not n.endswith(".sqlite"))


def _contents(disk: Path) -> dict[str, bytes]:
    """Return every file, but for SQLite's journal, by which the next process mends the cache."""
    files = (p for p in disk.rglob("*") if p.is_file() and not p.name.endswith("-journal"))
    return {str(p.relative_to(disk)): p.read_bytes() for p in files}
