"""Fits in processes of their own."""

import subprocess
import sys
import time

import numpy as np
import pandas as pd

from serlib import fits, fitting, models
from serlib.inputs import Inputs
from serlib.progress import Progress
from serlib.sequences import MfccDeltas
from serlib.splits import Fold
from serlib.systems import System, Training
from serlib.training import read_state

FRONT_END = MfccDeltas(padded=0.5, n_mfcc=4)
PART = np.arange(64)
FLY = Training(cosine=True, mixup=0.3, masks=2, stretch=0.1)


def task(folder, epochs, seed=0):
    """Return a fold of 64 clips of noise for a network of convolutions and a recurrent layer."""
    X = np.random.default_rng(0).standard_normal((64, *FRONT_END.shape)).astype(np.float32)
    rows = pd.DataFrame(dict(emotion=["happy", "sad"] * 32, clip_id=PART, path="", corpus=""))
    rows = rows.assign(variant="original", speaker="")
    training = Training(**vars(FLY) | dict(epochs=epochs, batch_size=16))
    system = System("s", "cnn_lstm", (), "05", FRONT_END, training=training)
    fold = Fold(0, PART, PART, PART)
    return fits.Task(
        system, models.cnn_lstm, fold, seed, Inputs(rows, X), ("happy", "sad"), folder / str(seed)
    )


def test_a_killed_run_leaves_nobody_training(tmp_path):
    script = f"""
import sys
from pathlib import Path
sys.path.insert(0, {str(__file__.rpartition("/")[0])!r})
from test_fitting import fitting, task
fitting.fit_all([task(Path({str(tmp_path)!r}), 3000)], n_jobs=2)
"""
    run = subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.DEVNULL)
    unfinished = tmp_path / "0" / "unfinished"
    while read_state(unfinished)["epochs"] < 2:
        assert run.poll() is None
        time.sleep(0.1)
    run.kill()
    run.wait()
    time.sleep(2)
    epochs = read_state(unfinished)["epochs"]
    time.sleep(2)
    assert read_state(unfinished)["epochs"] == epochs < 3000
    before, left = read_state(unfinished)["history"]["loss"], task(tmp_path, epochs + 1)
    fitting.fit_all([left], n_jobs=1)  # goes on after the last whole epoch
    assert left.result().history["loss"][:-1] == before and len(before) == epochs


def test_the_number_of_processes_changes_no_bit(tmp_path):
    of = {}
    for n_jobs in (1, 2):
        tasks = [task(tmp_path / str(n_jobs), 2, seed) for seed in (0, 1)]
        fitting.fit_all(tasks, n_jobs=n_jobs)
        of[n_jobs] = [one.result() for one in tasks]
    for a, b in zip(of[1], of[2], strict=True):
        pd.testing.assert_frame_equal(a.predictions, b.predictions, check_exact=True)
        assert a.history == b.history
        for one, two in zip(a.model.get_weights(), b.model.get_weights(), strict=True):
            np.testing.assert_array_equal(one, two)
    assert not of[1][0].predictions.equals(of[1][1].predictions)  # seeds do change them


def test_the_bar_counts_what_is_left_to_fit(tmp_path):
    done, new = (task(tmp_path, 2, seed) for seed in (0, 1))
    fitting.fit_all([done], n_jobs=1)
    progress = Progress(4)
    fitting.fit_all([done, new, new], progress, n_jobs=1)
    assert (progress.bar.n, progress.bar.total) == (2, 2)
