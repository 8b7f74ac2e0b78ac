"""Fits in processes of their own."""

import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pandas as pd
import psutil

from serlib.corpora import Fold
from serlib.features import MfccDeltas
from serlib.paths import CHECKOUT
from serlib.systems import System, Training, networks
from serlib.training import Inputs
from serlib.training.fold import FoldTask
from serlib.training.progress import Progress
from serlib.training.train import read_state
from serlib.training.worker import fit_folds

FRONT_END = MfccDeltas(padded=0.5, n_mfcc=4)
PART = np.arange(64)
FLY = Training(batch_size=16, cosine=True, mixup=0.3, time_masks=2, time_warp=0.1)


def task(folder, epochs, seed=0):
    """Return a fold of 64 clips of noise for a network of convolutions and a recurrent layer."""
    X = np.random.default_rng(0).standard_normal((64, *FRONT_END.shape)).astype(np.float32)
    rows = pd.DataFrame(dict(emotion=["happy", "sad"] * 32, clip_id=PART, path="", corpus=""))
    rows = rows.assign(variant="original", speaker="")
    training = replace(FLY, epochs=epochs)
    system = System("s", "", "ours", networks.cnn_lstm, (), FRONT_END, training=training)
    fold = Fold(0, PART, PART, PART)
    return FoldTask(system, fold, seed, Inputs(rows, X), ("happy", "sad"), folder / str(seed))


def test_a_killed_run_leaves_nobody_training(tmp_path):
    script = f"""
from pathlib import Path
from tests.training.test_worker import fit_folds, task
fit_folds([task(Path({str(tmp_path)!r}), 3000)], n_jobs=2)
"""
    command = [sys.executable, "-c", script]
    run = psutil.Popen(command, stderr=subprocess.DEVNULL, cwd=CHECKOUT)
    unfinished = tmp_path / "0" / "unfinished"
    deadline = time.monotonic() + 120
    while read_state(unfinished)["epochs"] < 2:
        assert run.poll() is None and time.monotonic() < deadline
        time.sleep(0.05)
    children = run.children(recursive=True)
    trains = max(children, key=lambda child: child.cpu_times().user)  # others wait for work
    run.kill()
    run.wait()
    _, alive = psutil.wait_procs([trains], timeout=30)
    for child in children:
        if child.is_running():
            child.kill()
    assert not alive
    epochs = read_state(unfinished)["epochs"]
    assert epochs < 3000
    before, left = read_state(unfinished)["history"]["loss"], task(tmp_path, epochs + 1)
    fit_folds([left], n_jobs=1)  # goes on after the last whole epoch
    assert left.result().history["loss"][:-1] == before and len(before) == epochs


def test_the_number_of_processes_changes_no_bit(tmp_path):
    of = {}
    for n_jobs in (1, 2):
        tasks = [task(tmp_path / str(n_jobs), 2, seed) for seed in (0, 1)]
        fit_folds(tasks, n_jobs=n_jobs)
        of[n_jobs] = [one.result() for one in tasks]
    for a, b in zip(of[1], of[2], strict=True):
        pd.testing.assert_frame_equal(a.predictions, b.predictions, check_exact=True)
        assert a.history == b.history
        for one, two in zip(a.model.get_weights(), b.model.get_weights(), strict=True):
            np.testing.assert_array_equal(one, two)
    assert not of[1][0].predictions.equals(of[1][1].predictions)  # seeds do change them


def test_the_bar_counts_what_is_left_to_fit(tmp_path):
    done, new = (task(tmp_path, 2, seed) for seed in (0, 1))
    fit_folds([done], n_jobs=1)
    progress = Progress(4)
    fit_folds([done, new, new], progress, n_jobs=1)
    assert (progress.bar.n, progress.bar.total) == (2, 2)
