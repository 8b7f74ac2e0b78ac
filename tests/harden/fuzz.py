"""Damaged files through loading and prediction, in a process that may die of them."""

import json
import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
from tqdm import tqdm

from serlib.corpora import write_demo_clip

from . import seeds
from .mutate import mutate

# The share of each kind; what a file may cost
SHARES = dict(labels=0.07, clips_tables=0.06, features_tables=0.05, bundles=0.06)
SHARES |= dict(parameters=0.06, recordings=0.7)
_CPU_S, _WALL_S, _MB = 10, 120, 1024
_ROUNDS = 100  # in which the kinds take turns, and what was found is told
_VOICE = dict(emotion="happy", speaker="05", sentence="dog", key=0)
_COMPANIONS = {".csv": ".json", ".json": ".csv", ".joblib": ".json"}


class Worker:
    """A process that is asked for files one by one, and begun anew when it dies."""

    def __init__(self, kind: str):
        self.kind, self._process = kind, None

    def ask(self, path: Path) -> dict:
        """Return what came of a file: result, wrong, MB and seconds of CPU."""
        if not self._process or self._process.poll() is not None:
            command = [sys.executable, "-m", "tests.harden.worker", self.kind]
            pipes = dict(stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            self._process = subprocess.Popen(command, **pipes)
            self._known, self.first = psutil.Process(self._process.pid), True
        before, began = self._cpu(), time.monotonic()
        self._process.stdin.write(os.fsencode(path) + b"\n")
        self._process.stdin.flush()
        most = _CPU_S + 30 * self.first, _WALL_S * (1 + self.first)  # the first loads libraries
        while not select.select([self._process.stdout], [], [], 1)[0]:
            if self._cpu() - before > most[0] or time.monotonic() - began > most[1]:
                self.end()
                return dict(result="hang", wrong="no answer", mb=0, seconds=self._cpu() - before)
        line, spent = self._process.stdout.readline(), self._cpu() - before
        if not line:
            died = f"crash: exit status {self._process.wait()}"
            return dict(result=died, wrong=died, mb=0, seconds=spent)
        seconds, self.first = 0.0 if self.first else spent, False
        return json.loads(line) | dict(seconds=seconds)

    def _cpu(self) -> float:
        try:
            return sum(self._known.cpu_times()[:2])
        except psutil.Error:
            return 0.0

    def end(self) -> None:
        """End the process."""
        if self._process:
            self._process.kill()
            self._process.wait()


def fuzz(
    files: int, seed: int, folder: Path, kept: Path, only: str = ""
) -> Iterator[tuple[str, dict]]:
    """Damage files of every kind and read them.

    Yields
    ------
    kind : str
    found : dict, counts, worst cases and what failed, so far
    """
    rounds = {
        kind: _fuzz_kind(kind, max(int(files * share), 8), seed, folder / kind, kept)
        for kind, share in SHARES.items()
        if only in ("", kind)
    }
    with tqdm(total=len(rounds) * _ROUNDS, desc="damaged files", unit="round") as bar:
        while rounds:
            for kind in list(rounds):
                found = next(rounds[kind], None)
                if found is None:
                    del rounds[kind]
                else:
                    yield kind, found
                    bar.update()


def _fuzz_kind(kind: str, count: int, seed: int, folder: Path, kept: Path) -> Iterator[dict]:
    whole = seeds.write(kind, seed, folder / "whole")
    write_demo_clip(folder / "0.wav", _VOICE)
    contents = [path.read_bytes() for path in whole]
    told = dict(files=0, formats=len(whole), answered=0, refused=0, asked_twice=0, failed=[])
    worst, worker = dict(seconds=0.0, mb=0.0), Worker(kind)
    for k in range(count):
        path = _damaged(kind, whole[k % len(whole)], contents, (seed, k), folder / "damaged")
        answer = worker.ask(path)
        if answer["result"] == "hang":  # once may be the machine's fault
            told["asked_twice"] += 1
            answer = worker.ask(path)
        too_much = answer["mb"] > _MB and f"{answer['mb']:.0f} MB"
        slow = answer["seconds"] > _CPU_S and f"{answer['seconds']:.0f} s"
        told["files"] += 1
        if problem := answer["wrong"] or too_much or slow:
            name = whole[k % len(whole)].name
            shutil.copy(path, kept / f"{kind}-{k}-{name}")
            (kept / f"{kind}-{k}-{name}.txt").write_text(problem)
            told["failed"].append(dict(k=k, file=name, problem=_last_line(problem)))
            tqdm.write(f"{kind} {k}: {_last_line(problem)}")
        else:
            told[answer["result"]] += 1
        worst = {name: round(max(worst[name], answer[name]), 2) for name in worst}
        if (k + 1) * _ROUNDS // count > k * _ROUNDS // count:
            yield told | {f"worst_{name}": value for name, value in worst.items()}
    worker.end()


def _last_line(problem: str) -> str:
    return problem.strip().splitlines()[-1][:200]


def _damaged(
    kind: str, path: Path, contents: list[bytes], seeds: tuple[int, int], folder: Path
) -> Path:
    """Write a damaged file, with its whole companion beside it where it has one."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    companion = path.with_suffix(_COMPANIONS.get(path.suffix, path.suffix))
    if companion != path and companion.exists():
        shutil.copy(companion, folder)
    name = path.name
    if kind == "labels":  # beside a clip that it lists
        name = name.split("-")[1]
        (folder / "clips").mkdir()
        shutil.copy(folder.parent / "0.wav", folder / "clips")
    text = path.suffix in (".csv", ".json", ".txt")
    content = mutate(path.read_bytes(), contents, np.random.default_rng(seeds), text=text)
    (folder / name).write_bytes(content)
    return folder / name
