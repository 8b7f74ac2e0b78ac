"""Sounds, and a tiny corpus of real file names over them, for tests that need no sense."""

import os
from pathlib import Path

# Before librosa: processes that compile its functions into one cache at a time leave files there
# that crash everyone who loads them. So each process of the tests has a cache of its own.
if worker := os.environ.get("PYTEST_XDIST_WORKER"):
    folder = Path(__file__).parents[1] / ".pytest_cache" / "numba" / worker
    os.environ["NUMBA_CACHE_DIR"] = str(folder)
os.environ["TF_NUM_INTRAOP_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"  # a core each

import numpy as np
import pytest
import soundfile as sf

SR = 22050


def write_clip(path: Path, *, seconds: float = 1.6, seed: int = 0, sr: int = SR) -> Path:
    """Write a clip of a harmonic sound in noise, its pitch and level from the seed."""
    rng = np.random.default_rng(seed)
    t = np.arange(int(seconds * sr)) / sr
    f0 = rng.uniform(90, 300)
    y = sum(np.sin(2 * np.pi * k * f0 * t) / k for k in range(1, 12))
    y = rng.uniform(0.05, 0.2) * y + 0.005 * rng.standard_normal(t.size)
    path.parent.mkdir(parents=True, exist_ok=True)
    sf.write(path, y, sr)
    return path


def vowel(seconds=3.0, sr=22050, f0=150.0):
    """A gliding harmonic sound with some noise [shape=(n,)]."""
    t = np.arange(int(seconds * sr)) / sr
    phase = 2 * np.pi * (f0 * t + 20 * t**2)
    y = sum(np.sin(k * phase) / k for k in range(1, 20))
    rng = np.random.default_rng(1)
    return (0.1 * y + 0.01 * rng.standard_normal(t.size)).astype(np.float32)


# The longest files, so that no process is left alone with one at the end
_LONG = ("pipeline", "own", "worker", "app", "contributing", "plan", "saving", "single", "shipped")


def pytest_collection_modifyitems(items):
    """Begin with the longest files."""
    order = {f"test_{name}": k for k, name in enumerate(_LONG)}
    items.sort(key=lambda item: order.get(item.path.stem, len(_LONG)))


@pytest.fixture
def corpus(tmp_path):
    """Four RAVDESS actors and both women of TESS, a clip per emotion: 60 files."""
    root = tmp_path / "data"
    for actor in (1, 2, 3, 10):
        for emotion in range(1, 9):
            stem = f"03-01-{emotion:02d}-01-01-01-{actor:02d}"
            write_clip(root / f"Actor_{actor:02d}" / f"{stem}.wav", seed=100 * actor + emotion)
    for speaker in ("OAF", "YAF"):
        for k, emotion in enumerate(("angry", "disgust", "fear", "happy", "neutral", "ps", "sad")):
            for word in ("back", "bean"):
                path = root / f"{speaker}_{emotion}" / f"{speaker}_{word}_{emotion}.wav"
                write_clip(path, seed=1000 + 10 * k + len(path.stem))
    return root


@pytest.fixture
def real_root():
    """The folder of the real corpora; tests that need it are skipped without."""
    if not os.environ.get("SER_DATA"):
        pytest.skip("the real corpora are not here: SER_DATA is not set")
    return Path(os.environ["SER_DATA"])
