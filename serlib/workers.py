"""Processes and threads that share a long loop over clips, and what they lend each other."""

import os
import tempfile
import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from functools import cache, wraps
from typing import Any

from joblib import Parallel, delayed, parallel_config
from threadpoolctl import ThreadpoolController
from tqdm import tqdm

from .errors import SerlibError

CLUSTER = "SERLIB_DASK"  # `--dask` sets it, for the processes of notebooks too


def lent(make: Callable[[], Any]) -> Callable[[], AbstractContextManager]:
    """Return what lends a thing to one who asks at a time: one that nobody has, else a new one.

    For networks of runtimes whose interpreters serve one thread, and hold as much memory as their
    longest clip took. There are as many as were used at once, however many threads come and go.
    """
    idle: deque = deque()  # which threads may share

    @wraps(make)
    @contextmanager
    def lend() -> Iterator[Any]:
        try:
            thing = idle.pop()
        except IndexError:
            thing = make()
        yield thing
        idle.append(thing)  # unless it failed

    return lend


_LOCKS: weakref.WeakSet = weakref.WeakSet()
_held: list[threading.Lock] = []


def lock_across_forks() -> threading.Lock:
    """Return a lock that no forked process finds taken, by a thread that it does not have.

    A fork waits until it is free, so that what it guards is whole in the child too.
    """
    _LOCKS.add(lock := threading.Lock())
    return lock


def _take_all() -> None:
    for lock in list(_LOCKS):
        lock.acquire()
        _held.append(lock)


def _free_all() -> None:
    while _held:
        _held.pop().release()


if hasattr(os, "register_at_fork"):  # Windows has no forks
    os.register_at_fork(before=_take_all, after_in_parent=_free_all, after_in_child=_free_all)


def interpreter(lite: bytes | str):
    """Return an interpreter of LiteRT, of a file's content or path.

    On one thread, so that numbers are the same whatever the machine has.
    """
    from ai_edge_litert.interpreter import Interpreter

    source = dict(model_content=lite) if isinstance(lite, bytes) else dict(model_path=lite)
    with _without(b"INFO: Created TensorFlow Lite XNNPACK delegate"):
        made = Interpreter(**source, num_threads=1)
        made.allocate_tensors()
    return made


@contextmanager
def one_thread() -> Iterator[None]:
    """Give NumPy's matrices one thread: they are small here, and several wait for each other.

    A decorator, too.
    """
    with _libraries().limit(limits=1):
        yield


@cache
def _libraries() -> ThreadpoolController:
    return ThreadpoolController()  # looks through the libraries that are loaded, 3 ms


def ahead(function: Callable, items: Iterable, *, n: int = 0) -> Iterator[Any]:
    """Yield `function` of each item in order, computed on threads, a few items ahead.

    Meanwhile NumPy's matrices have one thread each: more would only wait for each other.

    Parameters
    ----------
    function : callable, that lets other threads run, as NumPy and networks do
    items : iterable
    n : int, threads; 0 for one a core
    """
    n = n or os.cpu_count() or 1
    if n == 1:
        yield from map(function, items)
        return
    waiting: deque = deque()
    with one_thread(), ThreadPoolExecutor(n) as pool:
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) > 2 * n:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


_STDERR = lock_across_forks()  # which threads share


@contextmanager
def _without(line: bytes) -> Iterator[None]:
    """Keep one line off standard error, which a library writes there past Python."""
    try:
        os.fstat(2)
    except OSError:  # there is none
        yield
        return
    with _STDERR, tempfile.TemporaryFile() as said:
        stderr = os.dup(2)
        os.dup2(said.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
            said.seek(0)
            os.write(2, b"".join(text for text in said if not text.startswith(line)))


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
    n_jobs : int, processes, as joblib counts them; a cluster uses all it has
    desc : str, before the bar

    Raises
    ------
    SerlibError
        As `spread`.
    """
    with tqdm(total=len(arguments), desc=desc, unit="clip", disable=not arguments) as bar:
        for first in arguments[:1]:
            yield function(*first)
            bar.update()
        for result in spread(function, arguments[1:], n_jobs=n_jobs):
            yield result
            bar.update()


def spread(function: Callable, arguments: Sequence[tuple], *, n_jobs: int = -1) -> Iterator[Any]:
    """Yield `function` of each tuple of arguments, in order, computed by processes.

    Those of this machine, or, where the environment names the scheduler of a Dask cluster in
    `CLUSTER`, that cluster's: it needs serlib, and the files under the same paths. What a worker
    that ends had not finished goes to the others.

    Raises
    ------
    SerlibError
        If Dask is missing, or the cluster cannot be reached or has no workers.
    """
    jobs = (delayed(function)(*a) for a in arguments)
    if not (clustered() and arguments):
        yield from Parallel(n_jobs=n_jobs, return_as="generator")(jobs)
        return
    with _cluster() as client:
        with parallel_config("dask", client=client):
            pool = Parallel(return_as="generator", pre_dispatch="4*n_jobs")
        try:
            yield from pool(jobs)
        except TimeoutError as error:
            raise _unreachable("has no workers. Start some: dask worker ADDRESS") from error


def clustered() -> bool:
    """Tell whether a Dask cluster is named that shares the work."""
    return bool(os.environ.get(CLUSTER))


@contextmanager
def _cluster() -> Iterator[Any]:
    try:
        from distributed import Client
    except ImportError as error:
        raise _unreachable("needs Dask: pip install -e '.[dask]' in the project") from error
    try:
        client = Client(os.environ[CLUSTER], timeout=10, set_as_default=False)
    except (OSError, ValueError) as error:
        why = f"no scheduler answers there ({error}). Start one: dask scheduler"
        raise _unreachable(why) from error
    with client:
        yield client


def _unreachable(why: str) -> SerlibError:
    return SerlibError(f"--dask {os.environ[CLUSTER]}: {why}")
