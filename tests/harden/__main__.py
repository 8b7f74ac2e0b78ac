"""`python -m tests.harden`, by `make harden`: as many files and hours as are asked for."""

import argparse
import json
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from serlib.files import write_json
from serlib.paths import Project
from serlib.workflow import reliability

from .fuzz import SHARES, fuzz

PARTS = ("full", "kills", "files", "soak")


def main() -> None:
    """Run what is asked for; write what was found, as often as something is."""
    here = Project.here()
    parser = argparse.ArgumentParser(prog="make harden", description=__doc__)
    parser.add_argument("--parts", nargs="*", default=PARTS, choices=PARTS)
    parser.add_argument("--files", type=int, default=300, help="damaged files")
    parser.add_argument("--only", default="", choices=["", *SHARES], help="of this kind")
    parser.add_argument("--kills", type=float, default=0.1, help="as a share of fifty")
    parser.add_argument("--hours", type=float, default=0.02, help="of predictions")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=reliability.RELIABILITY)
    parser.add_argument("--keep", type=Path, default=here.runs / "harden")
    asked = parser.parse_args()
    asked.keep.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="serlib-harden-"))
    try:
        for part in asked.parts:
            began = time.monotonic()
            for counts in _part(part, asked, folder / part):
                hours = round((time.monotonic() - began) / 3600, 2)
                found = {part: counts | dict(hours=hours, seed=asked.seed)}
                write_json(asked.out, _earlier(asked.out) | found)
        if asked.out == reliability.RELIABILITY:
            reliability.update(here.root / "README.md", asked.out)
    finally:
        shutil.rmtree(folder)


def _earlier(path: Path) -> dict:
    """Return what other parts have found, each in its own time."""
    return json.loads(path.read_text()) if path.exists() else {}


def _part(part: str, asked: argparse.Namespace, folder: Path) -> Iterator[dict]:
    """Yield what a part found so far; what it needs is loaded now."""
    folder.mkdir()
    if part == "files":
        kinds = {}
        for kind, counts in fuzz(asked.files, asked.seed, folder, asked.keep, asked.only):
            kinds[kind] = counts
            yield dict(asked=asked.files, kinds=kinds)
    elif part == "full":
        from .full import full

        yield full(folder, asked.seed)
    elif part == "kills":
        from .kills import kills

        yield kills(folder, asked.seed, asked.kills)
    else:
        from .soak import soak

        yield soak(folder, asked.hours, asked.seed)


if __name__ == "__main__":
    main()
