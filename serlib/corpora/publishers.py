"""What publishers list: each file of a corpus, where it lies, its size and checksum."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import quote

import requests

from ..errors import CorpusError
from .corpus import Corpus, Publisher

SERVERS = {
    "zenodo": "https://zenodo.org",
    "dataverse": "https://borealisdata.ca",
    "github": "https://api.github.com",
    "github_files": "https://raw.githubusercontent.com",
}
# Zenodo has throttled clients that go by the name of Python's requests.
OPTIONS = dict(headers={"User-Agent": "serlib (corpus download)"}, timeout=(10, 60))
_CHECKSUM = "(?i)md5:[0-9a-f]{32}|git:[0-9a-f]{40}"


@dataclass(frozen=True)
class Remote:
    """A file at a publisher's, and its place below the data root."""

    url: str
    path: str  # below the root
    size: int  # bytes
    checksum: str  # as md5:..., or git:... where a repository lists it

    @property
    def is_archive(self) -> bool:
        return self.path.lower().endswith(".zip")

    @property
    def in_git(self) -> bool:
        return self.checksum.startswith("git:")

    @property
    def result(self) -> str:
        """The path of what stays: the file, or the folder that an archive is unpacked to."""
        return self.path[:-4] if self.is_archive else self.path

    @property
    def entry(self) -> dict:
        return {self.path: dict(size=self.size, checksum=self.checksum)}


def files_of(corpus: Corpus, servers: dict[str, str]) -> list[Remote]:
    """Ask the publisher which files of audio there are."""
    source, folder = corpus.source, corpus.name.upper()
    url = servers[source.server] + source.listing
    read = {"zenodo": _zenodo, "dataverse": _dataverse, "github": _github}[source.server]
    advice = f"Try again later, or get {corpus.name} by hand from {corpus.home}."
    try:
        response = requests.get(url, **OPTIONS)
        response.raise_for_status()
    except requests.RequestException as error:
        raise CorpusError(f"{url}: gives no list of files ({error}). {advice}") from error
    try:
        rows = read(response.json(), source, servers)
        files = [_file(folder, *row) for row in rows if re.fullmatch(source.wanted, row[1])]
        if len(files) < source.least:
            raise ValueError(f"{len(files)} files like {source.wanted}")
    except (KeyError, TypeError, ValueError) as error:
        expected = "a list of files, each with name, size and checksum"
        raise CorpusError(f"{url}: expected {expected}, got other ({error!r}). {advice}") from error
    return files


def _zenodo(answer: dict, *_: object) -> Iterator[tuple]:
    for entry in answer["files"]:
        yield entry["links"]["self"], entry["key"], entry["size"], entry["checksum"]


def _dataverse(answer: dict, source: Publisher, servers: dict[str, str]) -> Iterator[tuple]:
    for entry in answer["data"]["latestVersion"]["files"]:
        data = entry["dataFile"]
        path = PurePosixPath(entry.get("directoryLabel") or "", data["filename"])
        checksum = data.get("checksum") or dict(type="md5", value=data.get("md5"))
        checksum = f"{checksum['type']}:{checksum['value']}"
        url = f"{servers[source.server]}/api/access/datafile/{data['id']}"
        yield url, str(path), data["filesize"], checksum


def _github(answer: dict, source: Publisher, servers: dict[str, str]) -> Iterator[tuple]:
    base = servers["github_files"] + source.files
    for entry in answer["tree"]:
        if entry["type"] == "blob":
            yield (
                f"{base}/{quote(entry['path'])}",
                entry["path"],
                entry["size"],
                f"git:{entry['sha']}",
            )


def _file(folder: str, url: str, path: str, size: int, checksum: str) -> Remote:
    if not isinstance(size, int) or not re.fullmatch(_CHECKSUM, checksum):
        raise ValueError(f"{path}: size {size}, checksum {checksum}")
    return Remote(url, f"{folder}/{path}", size, checksum.lower())
