"""A bundle that is loaded once and asked elsewhere: `python -m tests.inference.elsewhere WAY`.

Prints "same" if every answer is that of the process which loaded it.
"""

import multiprocessing
import os
import socket
import sys
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import product

import numpy as np
from joblib import Parallel, delayed

from serlib import predict_proba
from serlib.audio import synthesise
from serlib.inference import open_bundle

SHAPES = {"any_voice": (7680,), "conv1d": (162, 1)}  # of what their networks take
SYSTEMS = tuple(SHAPES)
BUNDLES = {}
RNG = np.random.default_rng(0)
CLIP = synthesise("happy", speaker="05", sentence="kids", rng=RNG), 22050


def ask(system):
    """Return what a system says of the clip; a process that has no bundle loads it."""
    if system not in BUNDLES:
        BUNDLES[system] = open_bundle(system)
    return predict_proba(CLIP, BUNDLES[system])


def forked(systems):
    """Pools of forked processes."""
    fork = multiprocessing.get_context("fork")
    with fork.Pool(2) as pool:
        yield from pool.map(ask, systems)
    with ProcessPoolExecutor(2, mp_context=fork) as pool:
        yield from pool.map(ask, systems)


def meanwhile(systems):
    """Forks while other threads ask the same bundles."""
    stop, fork = threading.Event(), multiprocessing.get_context("fork")

    def go_on():
        while not stop.is_set():
            for system, shape in SHAPES.items():  # the networks alone: a fork finds them busy
                BUNDLES[system]["model"].predict_on_batch(np.zeros((64, *shape), np.float32))

    threads = [threading.Thread(target=go_on) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(2):
            with fork.Pool(1) as pool:
                yield from pool.map(ask, systems)
    finally:
        stop.set()


def anew(systems):
    """Processes that begin anew."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        yield from pool.map(ask, systems)
    yield from Parallel(n_jobs=2)(delayed(ask)(system) for system in systems)


def threads(systems):
    """Many threads, both bundles at once."""
    with ThreadPoolExecutor(16) as pool:
        yield from pool.map(ask, systems * 8)
    yield from Parallel(n_jobs=4, backend="threading")(delayed(ask)(s) for s in systems * 2)


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self):
        text = repr(ask(self.path[1:])).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        """Say nothing."""


def server(systems):
    """A web server's workers, forked after the bundles were loaded."""
    waiting, workers = HTTPServer(("127.0.0.1", 0), _Answers), []
    for _ in range(2):
        if not (worker := os.fork()):
            for _ in systems:
                waiting.handle_request()
            os._exit(0)
        workers.append(worker)
    for system, _ in product(systems, workers):
        connection = HTTPConnection("127.0.0.1", waiting.server_port)
        connection.request("GET", f"/{system}")
        yield eval(connection.getresponse().read())  # our own worker's
        connection.close()
    for worker in workers:
        os.waitpid(worker, 0)


if __name__ == "__main__":
    socket.setdefaulttimeout(60)
    way = globals()[sys.argv[1]]
    here = {system: ask(system) for system in SYSTEMS}
    assert all(ask(system) == here[system] for system in SYSTEMS)
    found = list(way(SYSTEMS))
    wanted = [here[system] for _ in range(len(found) // 2) for system in SYSTEMS]
    if way is server:
        wanted = [here[system] for system in SYSTEMS for _ in range(2)]
    print("same" if found == wanted else f"{found}, expected {wanted}")
