"""What may be given as a recording: a path, an open file, bytes, an array with its rate."""

import io
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from os import PathLike, fspath
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from ..errors import AudioError

_LONGEST_NAME = 500  # characters; what is longer is no name, and no message prints it
_EXPECTED = "a path, an open binary file, bytes, (y, sr), or a dict of Hugging Face's `datasets`"
STDIN = "-"  # as a path: what is piped in
_EMPTY = "the file is empty (0 bytes). Fetch or record it again."


class Recording(NamedTuple):
    """A clip that is decoded: whoever needs it several times decodes it once."""

    y: np.ndarray  # [shape=(n,) or (n, channels)]
    sr: int  # Hz
    name: str = "array"  # how messages call it
    missing: float = 0.0  # s, that its header promises after its end

    @property
    def promised(self) -> float:
        """How long its header says that it is, s."""
        return len(self.y) / self.sr + self.missing


# A dict is {"array": y, "sampling_rate": sr}, or {"bytes": ..., "path": ...}, either None
Source = (
    str | PathLike | BinaryIO | bytes | bytearray | memoryview | tuple[np.ndarray, int] | dict
) | Recording


def name_of(source: Source) -> str:
    """Return how messages call a source: its path, its file's name, or what it is."""
    if isinstance(source, Recording):
        return source.name
    if isinstance(source, Mapping):
        path = source.get("path")
        return name_of(path) if path else "array" if "array" in source else "bytes"
    if isinstance(source, tuple):
        return "array"
    if isinstance(source, str | PathLike):
        name = str(source)
        return name if len(name) <= _LONGEST_NAME else f"{name[:80]}..."
    if isinstance(source, bytes | bytearray | memoryview):
        return "bytes"
    return str(
        getattr(source, "name", "file" if hasattr(source, "read") else type(source).__name__)
    )


def plain(source: Source) -> Source:
    """Return what is in a dict: (y, sr), bytes or a path; anything else as it is.

    A decoder of Hugging Face's `datasets`, from 4 on, or of torchcodec's is decoded.

    Raises
    ------
    AudioError
        If the dict is none of Hugging Face's.
    """
    if hasattr(source, "get_all_samples"):
        samples = source.get_all_samples()
        return np.asarray(samples.data), samples.sample_rate
    if not isinstance(source, Mapping):
        return source
    if source.get("array") is not None and "sampling_rate" in source:
        return source["array"], source["sampling_rate"]
    for key in ("bytes", "path"):
        if source.get(key) is not None:
            return source[key]
    keys = ", ".join(map(str, list(source)[:9]))
    raise AudioError(f"dict of {keys or 'nothing'}: expected array and sampling_rate, or bytes")


@contextmanager
def opened(source: Source) -> Iterator[BinaryIO]:
    """Give the bytes of a source as a file that can be sought, at its beginning.

    A path is opened here, not by a library: libsndfile prefers what lies beside it as ``._name``,
    macOS's resource fork, and FFmpeg takes no name that is not UTF-8. What cannot be sought,
    a pipe, is read whole.

    Raises
    ------
    AudioError
        If there is no such file, it is empty, or the source is none.
    """
    name = name_of(source)
    if isinstance(source, bytes | bytearray | memoryview):
        yield _filled(io.BytesIO(source), name)
    elif isinstance(source, str | PathLike):
        with _open(Path(fspath(source)), name) as file:
            yield _filled(_sought(file, name), name)
    elif hasattr(source, "read"):
        yield _filled(_sought(source, name), name)
    else:
        hint = "its rate is not known; " if isinstance(source, np.ndarray) else ""
        raise AudioError(f"{name}: {hint}expected {_EXPECTED}")


def check_path(path: str | PathLike) -> None:
    """Check that there is a file with something in it, before anything is loaded to answer for it.

    Raises
    ------
    AudioError
        If there is none, it is empty or a folder.
    """
    name = name_of(path)
    if not name:
        raise AudioError("expected the path of a recording, found an empty name")
    try:
        if Path(path).is_dir():
            os.listdir(path)  # noqa: PTH208, of one that is closed this is what is wrong
            raise AudioError(f"{name}: is a folder, expected an audio file")
        if not Path(path).exists():
            raise AudioError(
                f"{name}: no such file. Check the path; it is relative to {Path.cwd()}"
            )
        if Path(path).is_file() and not Path(path).stat().st_size:
            raise AudioError(f"{name}: {_EMPTY}")
    except AudioError:
        raise
    except (OSError, ValueError) as error:  # no file can have such a name
        raise AudioError(f"{name}: cannot be read as audio ({_reason(error)})") from error


def is_pipe(path: str) -> bool:
    """Tell whether a path is that of a pipe, or `STDIN`."""
    with suppress(OSError, ValueError):  # a name that no file can have
        return path == STDIN or Path(path).is_fifo()
    return False


def held(path: str) -> Source:
    """Return a path as it is; of a pipe, which can be read but once, all that comes out of it.

    Raises
    ------
    AudioError
        If it cannot be read.
    """
    if not is_pipe(path):
        return path
    name = "standard input" if path == STDIN else path
    if path == STDIN and (sys.stdin is None or sys.stdin.closed):
        raise AudioError(f"{name}: is closed, or was read before. Pipe one recording into it")
    with sys.stdin.buffer if path == STDIN else _open(Path(path), name) as pipe:
        content = _read(pipe, name)
    content.name = name
    return content


def _open(path: Path, name: str) -> BinaryIO:
    check_path(path)
    try:
        return path.open("rb")
    except OSError as error:
        raise AudioError(f"{name}: cannot be opened ({_reason(error)})") from error


def _sought(file: BinaryIO, name: str) -> BinaryIO:
    """Return a file at its beginning; one that cannot be sought, as far as it was not read."""
    try:
        file.seek(0)
        nothing = file.read(0)
    except (AttributeError, OSError, ValueError):
        file = _read(file, name)
        nothing = b""
    if not isinstance(nothing, bytes):
        raise AudioError(f"{name}: is open as text; open it as binary, with 'rb'")
    return file


def _read(file: BinaryIO, name: str) -> io.BytesIO:
    try:
        return io.BytesIO(file.read())
    except TypeError as error:
        raise AudioError(f"{name}: is open as text; open it as binary, with 'rb'") from error
    except (OSError, ValueError) as error:
        raise AudioError(f"{name}: cannot be read ({_reason(error)})") from error


def _filled(file: BinaryIO, name: str) -> BinaryIO:
    if not file.read(1):
        raise AudioError(f"{name}: {_EMPTY}")
    file.seek(0)
    return file


def _reason(error: Any) -> str:
    """Return what an error of the system says, without the name, which stands before it."""
    if isinstance(error, io.UnsupportedOperation):
        return "it is not open for reading"
    return getattr(error, "strerror", None) or str(error)
