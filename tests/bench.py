"""Speed, by `make bench`: what a clip costs. No test asserts a time."""

import subprocess
import sys
import time

import joblib
import numpy as np

from serlib import load_bundle, predict_proba
from serlib.audio import S2_VARIANTS, synthesise, variant
from serlib.features import Means
from serlib.inference import find_bundle, open_bundle

BUNDLE = find_bundle("conv1d")
COLD = f"""
import numpy as np
from serlib import get_predictions, load_bundle
y = np.random.default_rng(0).standard_normal(3 * 22050).astype("float32") / 10
get_predictions((y, 22050), load_bundle({str(BUNDLE)!r}))
"""


def show(what, call, n=30):
    """Print the median time of a call in ms, after one call to warm up."""
    call()
    times = []
    for _ in range(n):
        start = time.perf_counter()
        call()
        times.append(1000 * (time.perf_counter() - start))
    print(f"{what:44}{np.median(times):9.1f} ms  (fastest {min(times):.1f}, n={n})", flush=True)


rng = np.random.default_rng(0)
front_end = Means()
y = synthesise("happy", speaker="05", sentence="kids", rng=rng)
window = front_end.load((y, 22050))
print(f"{joblib.cpu_count()} cores; one clip of {len(y) / 22050:.1f} s")
show("162 features of a clip", lambda: front_end.extract_features(window))
for name in S2_VARIANTS[1:]:
    show(f"variant {name}", lambda name=name: variant(window, name, sr=22050, rng=rng))
bundle = load_bundle(BUNDLE)
show("prediction, loaded bundle", lambda: predict_proba((y, 22050), bundle))
show("prediction, 32 clips at once", lambda: predict_proba([(y, 22050)] * 32, bundle), n=5)
best = open_bundle("best")
show("prediction, best", lambda: predict_proba((y, 22050), best))
cold = [sys.executable, "-c", COLD]
show("fresh process to first prediction", lambda: subprocess.run(cold, check=True), n=3)
