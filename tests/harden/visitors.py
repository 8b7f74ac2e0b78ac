"""The page and a hundred visitors: they upload anything, are slow, go away, and look around."""

import base64
import json
import os
import re
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlparse

import numpy as np
import psutil
import requests

from serlib.corpora import classes_of
from serlib.paths import CHECKOUT

from .mutate import mutate

_VISITORS, _WARM = 100, 2  # at a time; rounds, after which nothing may grow
_PATIENCE = 600  # s, of a visitor who is one of a hundred
_NAMES = ("../../a.wav", "<script>alert(1)</script>.wav", "a" * 300 + ".wav", "..\\a.wav", ".wav")
_PLACES = ("/etc/passwd", str(CHECKOUT / "README.md"), "../README.md", str(CHECKOUT / "tests"))
_FACES = re.compile(r'role="(status|alert)">([^<]*)')


class Page:
    """A page that is served by a process of its own, as a browser sees it.

    Parameters
    ----------
    folder : Path, for what is uploaded
    """

    def __init__(self, folder: Path):
        self.folder, told = folder, dict(os.environ, GRADIO_TEMP_DIR=str(folder))
        command = [sys.executable, "-m", "serlib", "app"]
        pipes = dict(stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.process = subprocess.Popen(command, env=told, **pipes)
        self.address = re.search(r"http://\S+", self.process.stdout.readline())[0].rstrip("/")
        config = requests.get(f"{self.address}/config", timeout=_PATIENCE).json()
        self.api = self.address + config["api_prefix"]
        heard = (part for part in config["components"] if part["props"].get("server_fns"))
        self.live = next(heard)["id"]

    def upload(self, name: str, content: bytes) -> requests.Response:
        """Upload a file under a name."""
        return self.post("upload", files=[("files", (name, content))])

    def ask(self, path: str) -> tuple[str, str]:
        """Ask about a path; return whether it was an answer ("status") or an error, and its text.

        Where the page takes no such path both are empty.
        """
        clip = dict(path=path, meta=dict(_type="gradio.FileData"))
        event = self.post("call/answer", json=dict(data=[clip, "any_voice", False])).json()
        told = requests.get(f"{self.api}/call/answer/{event['event_id']}", timeout=_PATIENCE).text
        *_, complete = told.split("event: complete\ndata: ")  # after signs of life
        if complete == told:
            return "", ""
        return _FACES.search(json.loads(complete)[0]).groups()

    def post(self, where: str, **what) -> requests.Response:
        """Send something, and wait for the answer."""
        return requests.post(f"{self.api}/{where}", timeout=_PATIENCE, **what)

    def used(self) -> dict[str, float]:
        """Return the memory [MB], open files and files of visitors of the process."""
        process = psutil.Process(self.process.pid)
        mb = round(process.memory_info().rss / 1e6)
        files = sum(path.is_file() for path in self.folder.rglob("*"))
        return dict(mb=mb, open_files=process.num_fds(), uploaded=files)

    def elsewhere(self) -> list[str]:
        """Return the other machines that the process talks to."""
        every = psutil.Process(self.process.pid).net_connections("inet")
        hosts = {c.raddr.ip.removeprefix("::ffff:") for c in every if c.raddr}
        return sorted(hosts - {"127.0.0.1", "::1"})


def _clip(page: Page, contents: list[bytes], rng: np.random.Generator) -> None:
    """Be answered, under whichever name."""
    name = _NAMES[rng.integers(len(_NAMES))] if rng.uniform() < 0.5 else "a.wav"
    _told(page, page.upload(name, contents[0]).json()[0], must=True)


def _format(page: Page, contents: list[bytes], rng: np.random.Generator) -> None:
    """Be answered in each format that is read, or be told why not."""
    _told(page, page.upload("a.wav", contents[rng.integers(len(contents))]).json()[0])


def _damaged(page: Page, contents: list[bytes], rng: np.random.Generator) -> None:
    whole = contents[rng.integers(len(contents))]
    content = mutate(whole, contents, rng) or b"\0"
    _told(page, page.upload("a.wav", content).json()[0])


def _told(page: Page, path: str, must: bool = False) -> None:
    kind, said = page.ask(path)
    known = said in (*classes_of("anywhere"), "no speech", "Shares of its speech")
    assert (kind == "status" and known) or (kind == "alert" and not must), (kind, said)
    folders = str(page.folder), str(CHECKOUT), str(Path.home())
    assert not any(folder in said for folder in folders), said


def _large(page: Page, *_) -> None:
    answer = page.upload("a.wav", bytes(21 << 20))
    assert answer.status_code == 413, answer.status_code


def _around(page: Page, _, rng: np.random.Generator) -> None:
    """Look for what lies beside the examples."""
    place = _PLACES[rng.integers(len(_PLACES))]
    answer = requests.get(f"{page.api}/file={place}", timeout=_PATIENCE)
    assert answer.status_code in (403, 404), answer.status_code
    assert page.ask(place)[0] == ""


def _speaks(page: Page, contents: list[bytes], rng: np.random.Generator) -> None:
    """Speak for four seconds, and perhaps go away without a word."""
    y = (3000 * rng.standard_normal(64000)).astype("<i2").tobytes()
    part = dict(id=str(rng.integers(1 << 60)), sr=16000, samples=base64.b64encode(y).decode())
    part |= dict(last=bool(rng.integers(2)))
    about = dict(component_id=page.live, fn_name="hear", session_hash=part["id"], data=part)
    answer = page.post("component_server", json=about).json()
    assert answer["ended"] == part["last"] and "answer" in answer["shown"], answer


def _slow(page: Page, contents: list[bytes], _) -> None:
    """Send a file in parts, one after the other."""
    body, boundary = contents[0], b"--x\r\n"
    head = b'Content-Disposition: form-data; name="files"; filename="a.wav"\r\n\r\n'
    whole, pause = boundary + head + body + b"\r\n--x--\r\n", threading.Event()
    step = len(whole) // 20 + 1

    def parts() -> Iterator[bytes]:
        for at in range(0, len(whole), step):
            pause.wait(0.2)
            yield whole[at : at + step]

    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    _told(page, page.post("upload", data=parts(), headers=headers).json()[0], must=True)


def _cut(page: Page, contents: list[bytes], rng: np.random.Generator) -> None:
    """Go away in the middle of an upload, or before the answer."""
    at = urlparse(page.address)
    head = f"POST /gradio_api/upload HTTP/1.1\r\nHost: {at.netloc}\r\nContent-Length: 99999\r\n"
    head += "Content-Type: multipart/form-data; boundary=x\r\n\r\n"
    with socket.create_connection((at.hostname, at.port), timeout=_PATIENCE) as connection:
        connection.sendall(head.encode() + contents[0][: rng.integers(9999)])


_ACTS = dict(clip=_clip, format=_format, damaged=_damaged, large=_large, around=_around)
_ACTS |= dict(speaks=_speaks, slow=_slow, cut=_cut)
_SHARES = (0.3, 0.2, 0.2, 0.02, 0.08, 0.08, 0.06, 0.06)


def visited(folder: Path, contents: list[bytes], seed: int, over: Path) -> dict:
    """Let a hundred visitors at a time come to a page until there is a file called `over`.

    Returns
    -------
    dict, how many came, by what they did; what failed; other machines that the page talked to;
        its memory [MB], open files and uploads after two rounds and at the end, and memory each
        tenth round
    """
    page, visits, first = Page(folder), Counter(), None
    found = dict(rounds=0, failed=[], elsewhere=[], mb=[])
    with ThreadPoolExecutor(_VISITORS) as pool:
        while found["rounds"] < _WARM or not over.exists():
            rng = np.random.default_rng((seed, found["rounds"]))
            acts = map(str, rng.choice(list(_ACTS), _VISITORS, p=_SHARES))
            for act, wrong in pool.map(_visit, acts, rng.spawn(_VISITORS), *_same(page, contents)):
                visits[act] += 1
                found["failed"] += [f"{act}: {wrong}"] if wrong else []
            found["rounds"] += 1
            found["elsewhere"] += page.elsewhere()
            found["mb"] += [page.used()["mb"]] if found["rounds"] % 10 == 0 else []
            first = first or (page.used() if found["rounds"] == _WARM else None)
    found |= dict(visits=dict(visits), after_two=first, at_the_end=page.used())
    page.process.terminate()
    page.process.wait()
    return found


def _same(*things: object) -> list[list]:
    return [[thing] * _VISITORS for thing in things]


def _visit(act: str, rng: np.random.Generator, page: Page, contents: list) -> tuple[str, str]:
    try:
        _ACTS[act](page, contents, rng)
    except Exception as error:
        return act, f"{type(error).__name__}: {error}"[:200]
    return act, ""
