"""Hours of predictions and visitors: memory, open files and temporary files stay as they are."""

import multiprocessing
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import psutil
from tqdm import tqdm

from serlib import get_predictions
from serlib.errors import AudioError
from serlib.inference import open_bundle
from serlib.recordings import simulated
from serlib.recordings.told import listen

from . import seeds
from .mutate import mutate
from .visitors import visited

_WARM = 60  # predictions, after which nothing may grow


def soak(folder: Path, hours: float, seed: int = 0) -> dict:
    """Predict whole and damaged files and listen to a stream for some hours, beside a page.

    Returns
    -------
    dict, how many predictions; memory [MB], open files and temporary files after the first sixty
        and at the end, and memory each sixth of the time; `page`, as `visited` gives it
    """
    whole = seeds.write("recordings", seed, folder / "whole")
    contents = [path.read_bytes() for path in whole]
    over, apart = folder / "over", multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, apart) as pool:  # what visitors hold is not counted here
        page = pool.submit(visited, folder / "page", contents, seed, over)
        try:
            found = _predict(whole, contents, hours, np.random.default_rng(seed))
        finally:
            over.touch()
        return found | dict(page=page.result())


def _predict(
    whole: list[Path], contents: list[bytes], hours: float, rng: np.random.Generator
) -> dict:
    bundle = open_bundle("any_voice")
    found, first, since = dict(predicted=0, refused=0, streams=0, mb=[]), None, 0.0
    began = time.monotonic()
    with tqdm(total=round(hours * 3600), desc="predicting", unit="s") as bar:
        while not first or time.monotonic() < since + 3600 * hours:
            k = found["predicted"] + found["refused"]
            content = contents[k % len(contents)]
            source = mutate(content, contents, rng) if k % 2 else whole[k // 2 % len(whole)]
            try:
                get_predictions(source, bundle)
                found["predicted"] += 1
            except AudioError:
                found["refused"] += 1
            if k % 20 == 0:
                with simulated(whole[0], bundle["extractor"].sr, pace=0) as live:
                    list(listen(live, bundle, in_place=False))
                found["streams"] += 1
            if k == _WARM:
                first, since = _used(), time.monotonic()
            if first and time.monotonic() > since + 600 * hours * (1 + len(found["mb"])):
                found["mb"].append(_used()["mb"])
            bar.n = min(round(time.monotonic() - began), bar.total)
            bar.refresh()
    last = _used()
    return found | dict(hours=hours, after_sixty=first, at_the_end=last)


def _used() -> dict[str, float]:
    process = psutil.Process()
    here = [path for path in Path(tempfile.gettempdir()).iterdir() if "serlib" in path.name]
    memory = round(process.memory_info().rss / 1e6)
    return dict(mb=memory, open_files=process.num_fds(), temporary=len(here))
