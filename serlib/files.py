"""Atomic writing: a file is there whole or not at all, whenever the process dies."""

import hashlib
import json
import os
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`, moved onto it if the block succeeds.

    The temporary name keeps the suffix, which Keras and matplotlib go by.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".writing-", suffix="-" + path.name)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o644)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


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
