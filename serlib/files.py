"""Atomic writing: a file is there whole or not at all, whenever the process dies."""

import errno
import hashlib
import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import SerlibError

_FULL = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}
_BLOCK = 4096  # bytes: where less is free nothing can be written


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`, moved onto it if the block succeeds.

    The temporary name keeps the suffix, which Keras and matplotlib go by.

    Raises
    ------
    SerlibError
        If the disk is full, or the user's share of it; what was there is whole.
    """
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        how = dict(dir=path.parent, prefix=".writing-", suffix="-" + path.name)
        handle, name = tempfile.mkstemp(**how)
        temporary = Path(name)
        os.close(handle)
        yield temporary
        temporary.chmod(0o644)
        temporary.replace(path)
    except Exception as error:
        if _is_full(path.parent, error):
            raise SerlibError(
                f"{path}: there is no room for it on the disk. Make room, or write elsewhere; "
                "what was there before is whole."
            ) from error
        raise
    finally:
        if temporary:
            temporary.unlink(missing_ok=True)


def _is_full(folder: Path, error: Exception) -> bool:
    """Tell whether a write failed for want of room; some libraries do not say why it failed."""
    told = getattr(error, "errno", None)
    return told in _FULL or (
        not isinstance(error, SerlibError)
        and folder.is_dir()
        and shutil.disk_usage(folder).free < _BLOCK
    )


def write_json(path: Path, content: dict) -> None:
    """Write a dict as JSON, sorted and indented, atomically."""
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n")


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def repack(path: Path, changed: dict[str, bytes]) -> None:
    """Write a ZIP archive anew, without the time of writing: equal content is equal bytes.

    Parameters
    ----------
    path : Path, of the archive
    changed : dict, name -> content of members to replace
    """
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in sorted(archive.namelist())}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (members | changed).items():
            info = zipfile.ZipInfo(name)  # of 1980, the first day of ZIP
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
