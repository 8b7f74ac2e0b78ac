"""`python -m tests.harden`, by `make harden`: as many files and hours as are asked for."""

import argparse
import shutil
import tempfile
import time
from pathlib import Path

from serlib.files import write_json
from serlib.paths import Project

from .fuzz import fuzz


def main() -> None:
    """Run what is asked for; write what was found."""
    here = Project.here()
    parser = argparse.ArgumentParser(prog="make harden", description=__doc__)
    parser.add_argument("--files", type=int, default=300, help="damaged files")
    parser.add_argument("--only", default="", help="damaged files of this kind")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=here.runs / "harden" / "reliability.json")
    parser.add_argument("--keep", type=Path, default=here.runs / "harden" / "failed")
    asked = parser.parse_args()
    asked.keep.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="serlib-harden-"))
    found, began = dict(seed=asked.seed, asked_files=asked.files, files={}), time.monotonic()
    try:
        for kind, counts in fuzz(asked.files, asked.seed, folder, asked.keep, asked.only):
            found["files"][kind] = counts
            found["hours"] = round((time.monotonic() - began) / 3600, 2)
            write_json(asked.out, found)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
