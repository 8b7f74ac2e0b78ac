"""The web page, served: on this machine, to this machine alone unless a host is named."""

import atexit
import errno
import functools
import os
import shutil
import signal
import socket
import tempfile
from contextlib import suppress
from pathlib import Path

import gradio as gr

from ..errors import RunError
from ..paths import Project
from . import shown
from .page import page

_MOST_MB = 20
_VISITORS = 100  # whose voices are kept, the newest: Gradio would keep what it showed to 10,000
_LAST_PORT = 65535
_TEMPORARY = os.environ.get("GRADIO_TEMP_DIR")
_FONT = ["system-ui", "sans-serif"]  # of the machine; Gradio's own would be fetched


def serve(host: str = "127.0.0.1", port: int | None = None, *, block: bool = True) -> str:
    """Serve the page; return its address.

    Parameters
    ----------
    host : str, of another interface than loopback if others shall reach it
    port : int or None, the first free one from 7860 on
    block : bool, return only when the server is stopped

    Raises
    ------
    RunError
        If the port is taken, or the interface is not this machine's.
    """
    if port is not None and not 1 <= port <= _LAST_PORT:
        raise RunError(f"Bad port {port}, expected 1 to {_LAST_PORT}; from 1024 on anybody may")
    _check_free(host, port or 0)
    os.environ["GRADIO_TEMP_DIR"] = _folder_of_its_own()
    blocks = page()
    try:
        _, address, _ = blocks.launch(
            server_name=host,
            server_port=port,
            max_file_size=f"{_MOST_MB}mb",
            theme=gr.themes.Default(font=_FONT, font_mono=["monospace"]),
            css=shown.CSS,
            footer_links=[],
            share=False,
            ssr_mode=False,
            prevent_thread_lock=True,
            state_session_capacity=_VISITORS,
            quiet=True,  # it would advise to share the page
        )
    except OSError as error:
        raise RunError(f"the page cannot be served at {host}: {error}") from error
    print(f"serlib: the page is at {address} (Ctrl+C ends it)", flush=True)
    if block:
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # uploads are deleted then too
        blocks.block_thread()
    return address


@functools.cache
def _folder_of_its_own() -> str:
    """Make this process a folder for what visitors upload, which its end empties.

    One for all its servers: Gradio takes uploads from no other. It lies where the system has such
    folders, or GRADIO_TEMP_DIR says; where nothing can be written there, in the project's cache.
    """
    places = [_TEMPORARY or tempfile.gettempdir(), str(Project.here().cache)]
    for place in places:
        with suppress(OSError):
            Path(place).mkdir(parents=True, exist_ok=True)
            folder = tempfile.mkdtemp(prefix="serlib-page-", dir=place)
            atexit.register(shutil.rmtree, folder, ignore_errors=True)
            return folder
    raise RunError(f"no folder can be written to for what is uploaded: neither of {places}")


def _check_free(host: str, port: int) -> None:
    """Check that an interface is this machine's: Gradio would wait for an answer of another's.

    And that nobody has the port.
    """
    try:
        family, kind, _, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # just left is free
            probe.bind(place)
    except (OSError, UnicodeError) as error:
        if getattr(error, "errno", None) == errno.EADDRINUSE:
            raise RunError(f"port {port} is taken. Name another with --port") from error
        raise RunError(
            f"the page cannot be served at {host}: {error}. Expected an interface of this machine, "
            "as 127.0.0.1 (for this machine alone) or 0.0.0.0 (for all that reach it)"
        ) from error
