"""Fits in processes of their own."""

import subprocess
import sys
import time

from serlib.training import read_state

SCRIPT = """
import sys
from pathlib import Path
import numpy as np, pandas as pd
from serlib import fitting, fits, models
from serlib.inputs import Inputs
from serlib.sequences import MfccDeltas
from serlib.splits import Fold
from serlib.systems import System, Training

front_end = MfccDeltas(padded=0.5, n_mfcc=4)
X = np.random.default_rng(0).standard_normal((64, *front_end.shape)).astype(np.float32)
rows = pd.DataFrame(dict(emotion=["happy", "sad"] * 32))
system = System("s", "mfcc_cnn", (), "05", front_end, training=Training(epochs=3000, cosine=True))
part = np.arange(64)
fold = Fold(0, part, part, part)
task = fits.Task(
    system, models.mfcc_cnn, fold, 0, Inputs(rows, X), ("happy", "sad"), Path(sys.argv[1])
)
fitting.fit_all([task], n_jobs=2)
"""


def test_a_killed_run_leaves_nobody_training(tmp_path):
    run = subprocess.Popen([sys.executable, "-c", SCRIPT, str(tmp_path)], stderr=subprocess.DEVNULL)
    unfinished = tmp_path / "unfinished"
    while read_state(unfinished)["epochs"] < 2:
        assert run.poll() is None
        time.sleep(0.1)
    run.kill()
    run.wait()
    time.sleep(2)
    epochs = read_state(unfinished)["epochs"]
    time.sleep(2)
    assert read_state(unfinished)["epochs"] == epochs < 3000
