"""Which recordings are meant by the names of files, folders and globs."""

import glob
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from os import PathLike
from pathlib import Path

# What libsndfile and FFmpeg read, and telephones, messengers and browsers write; other files beside
# the clips are no business of ours.
SUFFIXES = {".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aiff", ".aif", ".au", ".caf"}
SUFFIXES |= {".m4a", ".mp4", ".webm", ".3gp", ".amr", ".wma", ".aac", ".mov", ".mkv", ".ac3"}
SUFFIXES |= {".3g2", ".mka", ".mp2", ".avi", ".m4b", ".m4v", ".awb", ".weba"}


def recordings_below(
    folder: str | PathLike, unreadable: Callable[[OSError], None] | None = None
) -> Iterator[str]:
    """Yield the paths of audio files below a folder, behind links too; no folder twice.

    What begins with a dot is passed over: hidden, or what macOS puts beside a file, ``._name``.

    Parameters
    ----------
    folder : str or path
    unreadable : callable, that is told of folders that cannot be read
    """
    seen = set()
    for here, inside, files in os.walk(folder, onerror=unreadable, followlinks=True):
        inside[:] = [] if os.path.realpath(here) in seen else [f for f in inside if f[0] != "."]
        if os.path.realpath(here) not in seen:
            found = (f for f in files if f[0] != "." and Path(f).suffix.lower() in SUFFIXES)
            paths = (os.path.join(here, file) for file in found)  # noqa: PTH118
            yield from (path for path in paths if not _waits(path))
        seen.add(os.path.realpath(here))


def _waits(path: str) -> bool:
    """Tell whether a path is that of a pipe or a device, which in a folder nobody meant."""
    with suppress(OSError):  # a link to nowhere: reading it says so
        return not stat.S_ISREG(os.stat(path).st_mode)  # noqa: PTH116
    return False


def recordings(named: Iterable[str]) -> list[str]:
    """Return the files that are meant: files as named, those of folders and globs in order.

    Folders are searched behind links too; what begins with a dot is passed over, as macOS's
    ``._name``. A folder without recordings or that cannot be read, and a glob without a match stay
    as they are, so that they are reported like a file that is missing.
    """
    return [path for name in named if name for path in _matches(name) or [name]]


def _matches(name: str) -> list[str]:
    try:
        if Path(name).is_dir():
            closed: list[OSError] = []
            found = [*recordings_below(name, closed.append)]
            found += [str(error.filename) for error in closed]
        elif not Path(name).exists() and glob.has_magic(name):
            found = filter(os.path.isfile, glob.glob(name, recursive=True))  # noqa: PTH207
        else:
            return [name]
        return sorted(map(os.path.normpath, found), key=os.fsencode)
    except (OSError, ValueError):  # no name or pattern at all: reading it says so
        return [name]
