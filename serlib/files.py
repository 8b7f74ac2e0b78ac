"""Atomic writing: a file is there whole or not at all, whenever the process dies."""

import errno
import hashlib
import json
import math
import os
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .errors import SerlibError

FULL = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}
_BLOCK = 4096  # bytes, for which there is always room on a disk that is not full


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
        if _is_full(temporary, error):
            raise SerlibError(
                f"{path}: there is no room for it on the disk. Make room, or write elsewhere; "
                "what was there before is whole."
            ) from error
        raise
    finally:
        if temporary:
            temporary.unlink(missing_ok=True)


def _is_full(temporary: Path | None, error: Exception) -> bool:
    """Tell whether a write failed for want of room; of libraries that do not say why, try again."""
    told = getattr(error, "errno", None)
    if told or isinstance(error, SerlibError) or not temporary:
        return told in FULL
    try:
        with temporary.open("ab") as file:
            file.write(bytes(_BLOCK))
    except OSError as again:
        return again.errno in FULL
    return False


def write_json(path: Path, content: dict) -> None:
    """Write a dict as JSON, sorted and indented, atomically; what is no number becomes null."""
    with replacing(path) as temporary:
        whole = dict(indent=2, sort_keys=True, allow_nan=False)
        temporary.write_text(json.dumps(_without_nan(content), **whole) + "\n")


def _without_nan(content: Any) -> Any:
    if isinstance(content, dict):
        return {name: _without_nan(part) for name, part in content.items()}
    if isinstance(content, list | tuple):
        return [_without_nan(part) for part in content]
    return None if isinstance(content, float) and not math.isfinite(content) else content


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
