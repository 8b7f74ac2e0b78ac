"""Processes killed at random moments: begun again they end with the same bytes, and none is half.

Each job runs in a forked process, so that it begins at once. It is killed by SIGKILL at a moment
drawn from the time that it needs, and run again; then each of its files is that of a job which was
let alone.
"""

import hashlib
import json
import os
import shutil
import signal
import time
import traceback
import zipfile
from collections.abc import Callable
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
from tqdm import tqdm

from serlib.corpora import index_clips, read_clips, write_clips
from serlib.features import extract, write_features
from serlib.features.means import Means
from serlib.paths import Project, Run
from serlib.systems import Key
from serlib.training import run_keys
from serlib.workflow import notebooks
from serlib.workflow.pipeline import publish_run

from ..conftest import write_clip
from .full import WRITERS
from .publisher import fetch_from, serve

_TIMES = 10  # kills of each job: fifty in all
_MOST = 5  # times as many attempts, since some jobs are finished first


def _extraction(data: Path, folder: Path) -> None:
    clips, _ = index_clips(data, n_jobs=1)
    write_clips(clips, folder / "emotion_path.csv")
    how = dict(cache=folder / "cache" / "features.sqlite", n_jobs=1)
    features, _ = extract(clips.head(6), data, **how)
    write_features(features, folder / "features.csv", Means(), 0)


def _training(data: Path, folder: Path) -> None:
    """Two systems of a benchmark: features, fits, predictions."""
    run = Run(Project(folder, folder / "cache"), data, folder / "out", "synthetic")
    keys = [Key(name, "ravdess", "speakers") for name in ("duration_loudness", "means_logreg")]
    run_keys(keys, run, n_jobs=1)


def _saving(_: Path, folder: Path) -> None:
    """What a publishing run replaces: tables, a bundle with its card, a figure."""
    for name in ("json", "clips", "features", "bundle"):
        WRITERS[name](folder, 1)


def _shipped(folder: Path) -> None:
    """Copy some of what is shipped, and the executed notebooks, as a run leaves them."""
    here = Project.here()
    shutil.copytree(here.notebooks, folder / "notebooks")
    shutil.copy(here.root / "emotion_path.csv", folder)
    for part in ("predictions/duration_*", "predictions/majority*", "histories/mfcc_cnn*"):
        _copied(here.artifacts, part, folder)
    for part in ("bundles/mfcc_cnn.*", "figures/0*.png", "metrics/conv1d.json"):
        _copied(here.artifacts, part, folder)


def _copied(here: Path, part: str, folder: Path) -> None:
    for path in here.glob(part):
        target = folder / path.relative_to(here)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)


def _older(folder: Path) -> None:
    """Make a project whose files are other ones than those to be published."""
    here = Project.here()
    shutil.copytree(here.notebooks, folder / "notebooks")
    for path in (folder / "notebooks").iterdir():
        path.write_text(path.read_text().replace("# ", "## ", 1))
    shutil.copy(here.root / "README.md", folder)
    write_clips(read_clips(here.root / "emotion_path.csv").head(9), folder / "emotion_path.csv")
    WRITERS["json"](folder / "artifacts" / "metrics", 1)
    _copied(here.artifacts, "predictions/means_svm*", folder / "artifacts")


def _publishing(made: Path, folder: Path) -> None:
    """What `serlib run --publish` does when its notebooks have succeeded."""
    project = Project(folder, folder / "cache")
    publish_run(Run(project, made, made), notebooks.choose(project.notebooks))


def kills(folder: Path, seed: int, share: float = 1.0) -> dict:
    """Kill each job at random moments; return what was not as it should be."""
    data = _corpus(folder / "data")
    with serve() as url:
        jobs = dict(extraction=partial(_extraction, data), training=partial(_training, data))
        jobs |= dict(saving=partial(_saving, data), download=partial(fetch_from, url))
        _shipped(folder / "made")
        jobs |= dict(publishing=partial(_publishing, folder / "made"))
        rng, found = np.random.default_rng(seed), {}
        for name, job in jobs.items():
            start = _older if name == "publishing" else Path.mkdir
            found[name] = _kill(job, start, folder / name, max(int(_TIMES * share), 1), rng)
    return found


def _corpus(root: Path) -> Path:
    """Write clips of two actors, of two folds; joblib would leave processes no fork can use."""
    for actor, emotion, statement in product((1, 2), range(1, 9), (1, 2)):
        stem = f"03-01-{emotion:02d}-01-{statement:02d}-01-{actor:02d}"
        write_clip(root / f"Actor_{actor:02d}" / f"{stem}.wav", seed=100 * actor + emotion)
    return root


def _kill(
    job: Callable, start: Callable, folder: Path, times: int, rng: np.random.Generator
) -> dict:
    folder.mkdir()
    start(folder / "whole")
    older = _digests(folder / "whole")
    _finish(_begin(job, folder / "whole"))
    whole, began = _digests(folder / "whole"), time.monotonic()
    here = folder / "killed"
    start(here)
    _finish(_begin(job, here))  # the first time everything is colder, and lasts longer
    lasts = time.monotonic() - began
    assert _digests(here) == whole, f"{folder.name}: not the same bytes, let alone twice"
    found = dict(killed=0, finished_first=0, files=len(whole), left_over=0, failed=[])
    for moment in tqdm(rng.uniform(0, lasts, _MOST * times), f"killing {folder.name}"):
        if found["killed"] == times:
            break
        shutil.rmtree(here, ignore_errors=True)
        start(here)
        child = _begin(job, here)
        time.sleep(moment)
        os.kill(child, signal.SIGKILL)
        died = os.waitpid(child, 0)[1] == signal.SIGKILL
        found["killed" if died else "finished_first"] += 1
        left = _digests(here)
        other = [n for n in sorted(left) if left[n] not in (whole.get(n), older.get(n))]
        half = [n for n in other if _is_half(here / n)]
        status = _finish(_begin(job, here))
        after = _digests(here)
        found["left_over"] += sum(_is_rest(path) for path in here.rglob("*"))
        if half or status or after != whole:
            other = sorted(n for n in {*after, *whole} if after.get(n) != whole.get(n))
            found["failed"].append(dict(half=half, status=status, other=other))
    return found


def _begin(job: Callable, folder: Path) -> int:
    """Run a job in a forked process; return its id."""
    if child := os.fork():
        return child
    try:
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        job(folder)
    except BaseException:
        (folder.parent / "error.txt").write_text(traceback.format_exc())
        os._exit(1)
    os._exit(0)


def _finish(child: int) -> int:
    return os.waitpid(child, 0)[1]


def _is_half(path: Path) -> bool:
    """Tell whether a file that is not that of the end is whole: an earlier record, an archive."""
    try:
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                return archive.testzip() is not None
        json.loads(path.read_text())
        return False
    except (ValueError, OSError, zipfile.BadZipFile):
        return True


def _is_rest(path: Path) -> bool:
    return path.is_file() and path.name.startswith((".writing-", "tmp"))


def _digests(folder: Path) -> dict[str, str]:
    """Return the checksum of each file, without the cache and what kills left over."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and not _is_rest(path) and path.relative_to(folder).parts[0] != "cache"
    }
