"""A publisher of a small corpus, on this machine: TESS's list and two archives."""

import hashlib
import io
import json
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np

from serlib.corpora import fetch

_LIST = "/api/datasets/:persistentId/?persistentId=doi:10.5683/SP2/E8H2MF"


def _archive(seed: int) -> bytes:
    body, rng = io.BytesIO(), np.random.default_rng(seed)
    with zipfile.ZipFile(body, "w") as archive:
        for k in range(26):
            archive.writestr(
                f"OAF_w{chr(97 + seed)}{chr(97 + k % 26)}{k}_sad.wav", rng.bytes(50_000)
            )
    return body.getvalue()


@contextmanager
def serve() -> Iterator[str]:
    """Serve two archives of 26 files each; give the address."""
    bodies = {f"/api/access/datafile/{k}": _archive(k) for k in range(2)}
    files = [
        dict(id=k, filename=f"part{k}.zip", filesize=len(body), md5=hashlib.md5(body).hexdigest())
        for k, body in enumerate(bodies.values())
    ]
    told = dict(latestVersion=dict(files=[dict(dataFile=file) for file in files]))
    bodies[_LIST] = json.dumps(dict(status="OK", data=told)).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            body = bodies[self.path]
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def fetch_from(url: str, root: Path) -> None:
    """Fetch the corpus from this publisher."""
    fetch(["tess"], root, servers=dict(dataverse=url))
