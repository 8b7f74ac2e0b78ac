"""Processes that share a long loop over clips, and what each thread has for itself."""

import threading
from collections.abc import Callable, Iterator, Sequence
from functools import wraps
from typing import Any

from joblib import Parallel, delayed
from tqdm import tqdm


def once_a_thread(make: Callable[[], Any]) -> Callable[[], Any]:
    """Return a function that makes a thing when a thread first asks, and then gives it again.

    For networks of runtimes whose interpreters serve one thread.
    """
    here = threading.local()

    @wraps(make)
    def get() -> Any:
        if not hasattr(here, "made"):
            here.made = make()
        return here.made

    return get


def each(
    function: Callable, arguments: Sequence[tuple], *, n_jobs: int = -1, desc: str
) -> Iterator[Any]:
    """Yield `function` of each tuple of arguments, in order, with a progress bar.

    The first is computed in this process: numba compiles librosa's functions when they are
    first used and keeps them on disk, and processes that did so at one time have left files
    there that crash everyone who loads them.

    Parameters
    ----------
    function : callable, importable by name
    arguments : sequence of tuple
    n_jobs : int, processes, as joblib counts them
    desc : str, before the bar
    """
    with tqdm(total=len(arguments), desc=desc, unit="clip", disable=not arguments) as bar:
        for first in arguments[:1]:
            yield function(*first)
            bar.update()
        jobs = (delayed(function)(*a) for a in arguments[1:])
        for result in Parallel(n_jobs=n_jobs, return_as="generator")(jobs):
            yield result
            bar.update()
