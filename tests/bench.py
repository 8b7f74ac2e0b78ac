"""Speed, by `make bench`: this project, the published projects' way and the floor, in turns.

Writes artifacts/metrics/speed.json, and the README's table of it. CPU seconds are compared: they
depend less than a clock on what else a machine does. No test asserts a time.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from statistics import median

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # for all alike, as `serlib predict` has it

import numpy as np
import pandas as pd
import rival
import soundfile as sf
import soxr
from tqdm import tqdm

from serlib.audio import synthesise
from serlib.corpora import CLIP_COLUMNS
from serlib.features import Means, Statistics, VoiceStatistics, extract_arrays
from serlib.files import sha256, write_json
from serlib.inference import answer, offered, open_bundle
from serlib.paths import CHECKOUT
from serlib.recordings import answers, predict_timeline
from serlib.workflow import speed

SR = 48_000  # Hz, of the clips, as RAVDESS has them: they are to be resampled
CLIPS, ROWS, MINUTES = 50, 10, 2
TIMELINES = ("conv1d", "any_voice", "best")


@dataclass
class Item:
    """What is measured: ways to do one thing, each a call, of this process or of a fresh one.

    Parameters
    ----------
    name, unit : str
    ways : dict, "ours", "rival", "floor" -> call; a list is the command of a fresh process
    amount : float, how many units one call does: the unit is one "per s" then
    clock : bool, compare by the clock: what several processes do is no CPU time of this one
    repeated : bool, measure it several times, after once to warm up; what takes minutes is not
    """

    name: str
    unit: str
    ways: dict[str, Callable | list]
    amount: float = 0.0
    clock: bool = False
    repeated: bool = True
    costs: dict[str, list[tuple]] = field(default_factory=dict)

    def once(self) -> None:
        """Measure each way once more."""
        for way, call in self.ways.items():
            measure = fresh if isinstance(call, list) else here
            self.costs.setdefault(way, []).append(measure(call))

    def record(self) -> dict:
        """Return what was measured, medians; the spread is of the ratio of rival to ours."""
        took = {way: [cost[self.clock] for cost in costs] for way, costs in self.costs.items()}
        wall, memory = (median(cost[k] for cost in self.costs["ours"]) for k in (1, 2))
        ratios = [b / a for a, b in zip(took["ours"], took.get("rival", []), strict=False)]
        found = {way: self._in_unit(median(took[way])) if way in took else None for way in WAYS}
        found |= dict(name=self.name, unit=self.unit, repeats=len(took["ours"]))
        found |= dict(ratio=round(median(ratios), 2) if ratios else None)
        found |= dict(spread=[round(f(ratios), 2) for f in (min, max)] if ratios else None)
        return found | dict(wall=self._in_unit(wall), memory_mb=round(memory) or None)

    def _in_unit(self, seconds: float) -> float:
        value = self.amount / seconds if self.amount else seconds
        return float(f"{value * (1000 if self.unit == 'ms' else 1):.3g}")


WAYS = ("ours", "rival", "floor")


def here(call: Callable) -> tuple[float, float, float]:
    """Return what a call costs: CPU s, s, and nothing for memory, which is of a process."""
    cpu, wall = time.process_time(), time.perf_counter()
    call()
    return time.process_time() - cpu, time.perf_counter() - wall, 0.0


# Who starts a process and waits for it; a small one: Linux counts the starter's memory, too
_STARTER = """
import os, sys, time
began = time.perf_counter()
_, status, used = os.wait4(os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ), 0)
took = time.perf_counter() - began
print(used.ru_utime + used.ru_stime, took, used.ru_maxrss, os.waitstatus_to_exitcode(status))
"""


def fresh(command: list[str]) -> tuple[float, float, float]:
    """Return what a process costs: CPU s, s, peak memory in MB."""
    done = subprocess.run([sys.executable, "-c", _STARTER, *command], capture_output=True)
    cpu, wall, memory, status = map(float, done.stdout.splitlines()[-1].split())
    if status:
        raise subprocess.CalledProcessError(int(status), command, stderr=done.stderr)
    return cpu, wall, memory / (2**20 if sys.platform == "darwin" else 2**10)


def items(folder: Path, hours: float = 0.0) -> list[Item]:
    """Return what is measured; recordings, synthetic ones, are written to a folder.

    Parameters
    ----------
    folder : Path
    hours : float, how long a recording is to be followed to its end; of 0 hours none is
    """
    clips = [_clip(folder / f"{k:03}.wav", k) for k in range(CLIPS)]
    clip, python = clips[0], [sys.executable]
    other = [*python, rival.__file__]
    bundles = {name: open_bundle(name) for name, path in offered().items() if path}
    by_rival, found = rival.answerer(), []
    for name, bundle in bundles.items():
        published = name == "conv1d"  # the rival's network is this one
        cold = [*python, "-m", "serlib", "predict", "--system", name, str(clip)]
        ways = dict(ours=cold, floor=[*other, "floor", str(clip)])
        ways |= dict(rival=[*other, "rival", str(clip)]) if published else {}
        found.append(Item(f"cold {name}", "s", ways))
        ways = dict(ours=partial(answer, clip, bundle), floor=partial(rival.floor, clip))
        ways |= dict(rival=partial(by_rival, clip)) if published else {}
        found.append(Item(f"warm {name}", "ms", ways))
    for name in TIMELINES[:2]:
        ways = dict(
            ours=lambda name=name: [*answers.predict_files([*map(str, clips)], bundles[name])],
            rival=lambda: [by_rival(clip) for clip in clips],
            floor=lambda: [rival.floor(clip) for clip in clips],
        )
        found.append(Item(f"folder {name}", "clips per s", ways, amount=CLIPS))
    talk = folder / "talk.wav"
    sf.write(talk, np.resize(np.concatenate([sf.read(c)[0] for c in clips]), 60 * MINUTES * SR), SR)
    for name in TIMELINES:
        ways = dict(
            ours=partial(predict_timeline, talk, bundles[name]), floor=partial(rival.floor, talk)
        )
        found.append(Item(f"timeline {name}", "times real time", ways, amount=60 * MINUTES))
    for name in TIMELINES[: 2 * bool(hours)]:
        file = _hours(folder / "hours.flac", clips, hours)
        ways = dict(ours=[*python, "-m", "serlib", "predict", "--timeline", "--csv", "--system"])
        ways["ours"] += [name, str(file)]
        unit = "times real time"
        long = dict(amount=3600 * hours, repeated=False)
        found.append(Item(f"{hours:g} hours {name}", unit, ways, **long))
    number = count()
    for name, some, jobs in (("rows", clips[:ROWS], 1), ("rows, 2 processes", clips, 2)):
        ways = dict(
            ours=partial(_rows, some, folder, number, jobs),
            rival=lambda some=some: [rival.rows_of(clip) for clip in some],
            floor=lambda some=some: [rival.floor(clip, copies=3) for clip in some],
        )
        found.append(Item(name, "rows per s", ways, amount=3 * len(some), clock=jobs > 1))
    for front_end in (Statistics(), VoiceStatistics()):
        voice = isinstance(front_end, VoiceStatistics)
        ways = dict(
            ours=partial(front_end.get_predict_feat, clip),
            rival=partial(rival.statistics_of, clip, voice=voice),
            floor=partial(rival.floor, clip),
        )
        found.append(Item(f"features {front_end.name}", "ms", ways))
    paths = [path for path in offered().values() if path]
    ways = dict(
        ours=lambda: [open_bundle(name) for name in bundles],
        floor=lambda: [sha256(path) for path in paths],
    )
    return [*found, Item(f"load {len(paths)} bundles", "ms", ways)]


def _clip(path: Path, k: int) -> Path:
    """Write a clip of a synthetic voice."""
    emotion = ("happy", "sad", "angry", "fear", "neutral")[k % 5]
    how = dict(speaker=f"{1 + k % 24:02}", sentence="kids", sr=SR)
    sf.write(path, synthesise(emotion, rng=np.random.default_rng(k), **how), SR)
    return path


def _hours(path: Path, clips: list[Path], hours: float) -> Path:
    """Write clips again and again, a second of silence between, until so many hours are full."""
    if not path.exists():
        rate = 16_000
        parts = [soxr.resample(sf.read(clip)[0], SR, rate) for clip in clips]
        talk = np.concatenate([np.pad(part, (0, rate)) for part in parts])
        with sf.SoundFile(path, "w", rate, 1) as file:
            for left in range(int(3600 * hours * rate), 0, -len(talk)):
                file.write(talk[:left])
    return path


def _rows(clips: list[Path], folder: Path, number: count, n_jobs: int) -> None:
    """Compute S2's rows of clips, in so many processes, into a cache that is new."""
    table = pd.DataFrame([dict(clip_id=c.stem, path=c.name, audio_md5=c.stem) for c in clips])
    table = table.reindex(columns=[*CLIP_COLUMNS], fill_value="")
    cache = folder / f"{next(number)}.sqlite"
    extract_arrays(table, folder, cache=cache, front_end=Means(), n_jobs=n_jobs)


def main() -> None:
    """Measure everything in turns, so that a busy minute meets all ways alike."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--only", default="", help="what the names of items begin with")
    parser.add_argument("--hours", type=float, default=0, help="of a recording heard to its end")
    parser.add_argument("--out", type=Path, default=speed.SPEED)
    how = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        wanted = [item for item in items(Path(folder), how.hours) if item.name.startswith(how.only)]
        turns = [i for k in range(how.repeats + 1) for i in wanted if i.repeated or not k]
        for item in (bar := tqdm(turns)):
            bar.set_description(item.name)
            item.once()
    for item in wanted:  # the first time warms up
        item.costs = {way: costs[item.repeated :] for way, costs in item.costs.items()}
    found = dict(machine=speed.machine(), records=[item.record() for item in wanted])
    write_json(how.out, found)
    print(speed.speed_text(found))
    readme = CHECKOUT / "README.md"
    if how.out == speed.SPEED and speed.START in readme.read_text():
        speed.update(readme, how.out)


if __name__ == "__main__":
    main()
