"""Fetch corpora from their publishers, checked against the publishers' own lists of files.

A finished file is known by its checksum; an archive, which is deleted once it is unpacked, by
its entry in ``.downloads.json`` of the data root. Neither is fetched again.
"""

import hashlib
import json
import shutil
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pooch
import requests
from tqdm import tqdm
from tqdm.utils import CallbackIOWrapper

from ..errors import CorpusError
from ..files import replacing, write_json
from .corpus import Corpus
from .known import CORPORA
from .publishers import OPTIONS, SERVERS, Remote, files_of

_ROOM = 4  # times the size of an archive: RAVDESS unpacks to some 2.5 times its own


def fetch(names: Sequence[str], root: Path, *, servers: dict[str, str] | None = None) -> list[Path]:
    """Fetch corpora, each into a folder of its name in capitals below the data root.

    What is there whole, and unchanged at the publisher, is not fetched again: after a failure
    the same call goes on. To fetch an unpacked archive anew, delete its folder.

    Parameters
    ----------
    names : sequence of str, of `CORPORA`
    root : Path, the data root; made if need be
    servers : dict, base URLs in place of those in `SERVERS`

    Returns
    -------
    list of Path, the folder of each corpus

    Raises
    ------
    CorpusError
        If a corpus is unknown or has to be got by hand (nothing is fetched then), a publisher
        does not answer as expected, a file differs from the publisher's list, or the root has
        too little room or cannot be written to.
    """
    names = list(dict.fromkeys(names))
    for name in names:
        _check_name(name, root)
    pooch.get_logger().setLevel("WARNING")  # else it says a line for each of thousands of files
    try:
        root.mkdir(parents=True, exist_ok=True)
        servers = SERVERS | (servers or {})
        return [_download(CORPORA[name], root, servers) for name in names]
    except OSError as error:
        raise CorpusError(
            f"{root}: cannot be written to ({error}). Make room there or name another folder with "
            "--data; what is finished is kept."
        ) from error


def _check_name(name: str, root: Path) -> None:
    if name not in CORPORA:
        known = ", ".join(name for name, corpus in CORPORA.items() if corpus.source)
        raise CorpusError(f"{name}: no such corpus, expected one of {known}.")
    if not CORPORA[name].source:
        raise CorpusError(
            f"{name}: cannot be fetched from here, as {CORPORA[name].by_hand}. Get it from "
            f"{CORPORA[name].home} and put it anywhere below {root}: its clips are recognised by "
            "their file names."
        )


def _download(corpus: Corpus, root: Path, servers: dict[str, str]) -> Path:
    print(f"{corpus.title}\n  licence: {corpus.licence}\n  to cite: {corpus.citation}", flush=True)
    files, record = files_of(corpus, servers), _record(root)
    missing = [file for file in files if not _is_finished(file, root, record)]
    for file in files:
        if file.is_archive and file not in missing:  # a kill left it behind, unpacked
            _inside(root, file.path).unlink(missing_ok=True)
    _check_room(missing, root)
    urls = {file.path: file.url for file in missing}
    known = {file.path: None if file.in_git else file.checksum for file in missing}
    shelf = pooch.create(root, "", registry=known, urls=urls, retry_if_failed=2)
    total = sum(file.size for file in missing)
    with tqdm(total=total, desc=corpus.name, unit="B", unit_scale=True, disable=not missing) as bar:
        for file in missing:
            _fetch(file, shelf, bar)
            if file.is_archive:
                _unpack(file, root)
    return root / corpus.name.upper()


def _record(root: Path) -> dict[str, dict]:
    """Return the archives that were fetched and unpacked: path -> size and checksum."""
    try:
        return dict(json.loads((root / ".downloads.json").read_text()))
    except (FileNotFoundError, TypeError, ValueError):  # none, or damaged: then fetch them again
        return {}


def _is_finished(file: Remote, root: Path, record: dict[str, dict]) -> bool:
    result = _inside(root, file.result)
    if file.is_archive:
        return result.is_dir() and record | file.entry == record
    return result.is_file() and _checksum(result, file.checksum) == file.checksum


def _checksum(path: Path, like: str) -> str:
    """Return the checksum of a file, of the kind of another; git's begins with type and size."""
    if like.startswith("md5:"):
        return f"md5:{pooch.file_hash(str(path), 'md5')}"
    return "git:" + hashlib.sha1(b"blob %d\0" % path.stat().st_size + path.read_bytes()).hexdigest()


def _check_room(missing: list[Remote], root: Path) -> None:
    need = sum(file.size * (_ROOM if file.is_archive else 1) for file in missing)
    free = shutil.disk_usage(root).free
    if need > free:
        raise CorpusError(
            f"{root}: {free / 1e6:.0f} MB are free, expected {need / 1e6:.0f} MB for the files and "
            "what they unpack to. Make room there or name another folder with --data."
        )


def _fetch(file: Remote, shelf: pooch.Pooch, bar: tqdm) -> None:
    """Fetch a file unless it is there; it appears whole and checked, or not at all."""
    before, get = bar.n, pooch.HTTPDownloader(chunk_size=2**20, **OPTIONS)

    def get_checked(url: str, output: str, _: pooch.Pooch) -> None:
        bar.n = before  # a failed try counts for nothing
        with Path(output).open("wb") as stream:
            get(url, CallbackIOWrapper(bar.update, stream, "write"), None)
        size, checksum = Path(output).stat().st_size, _checksum(Path(output), file.checksum)
        if (size, checksum) != (file.size, file.checksum):
            raise ValueError(f"got {size} bytes with {checksum}")
        Path(output).chmod(0o644)  # temporary files are for their owner alone

    if file.in_git:  # whose checksums pooch does not know: it would take what is there
        (shelf.abspath / file.path).unlink(missing_ok=True)
    try:
        shelf.fetch(file.path, downloader=get_checked)
    except (requests.RequestException, ValueError) as error:
        raise CorpusError(
            f"{file.path}: expected {file.size} bytes with {file.checksum} from {file.url}: "
            f"{error}. Run the same command again, now or later; what is finished is kept."
        ) from error
    bar.update(before + file.size - bar.n)  # an archive may be here and only lack the unpacking


def _unpack(file: Remote, root: Path) -> None:
    """Unpack an archive and delete it; killed in between, it is unpacked again, not fetched."""
    archive, folder = root / file.path, root / file.result
    if not zipfile.is_zipfile(archive):
        raise CorpusError(f"{archive}: expected a ZIP archive. Tell its publisher; get it by hand.")
    with zipfile.ZipFile(archive) as members:
        infos = [info for info in members.infolist() if not info.is_dir()]
        targets = [_inside(folder, info.filename) for info in infos]  # all, before any is written
        for info, target in zip(infos, targets, strict=True):
            with replacing(target) as new, members.open(info) as source, new.open("wb") as sink:
                shutil.copyfileobj(source, sink)
    write_json(root / ".downloads.json", _record(root) | file.entry)
    archive.unlink()


def _inside(folder: Path, name: str) -> Path:
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise CorpusError(f"{name}: expected a path inside {folder}, but it leads out; refused.")
    return path
