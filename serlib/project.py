"""Where things lie: the data root, a run's folder, and the shipped state."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from .demo import NOTICE, is_demo, write_demo
from .errors import CorpusError
from .files import replacing
from .index import has_corpus, index_clips, walk
from .tables import read_clips, read_features, write_clips

if TYPE_CHECKING:  # a command that draws nothing need not load matplotlib
    from matplotlib.figure import Figure

ROOT = Path(__file__).resolve().parents[1]  # of the checkout: serlib is installed editable
ARTIFACTS = ROOT / "artifacts"
CACHE = Path(os.environ.get("SERLIB_CACHE") or ARTIFACTS / "cache")  # what can be made again
RUNS = ARTIFACTS / "runs"


@dataclass(frozen=True)
class Run:
    """A run: where it reads audio, where it writes, and whether the audio is synthetic."""

    data: Path
    out: Path
    demo: bool

    @property
    def notice(self) -> str:
        """What every place that shows a figure of this run has to say; empty for real data."""
        return NOTICE if self.demo else ""

    def clips(self) -> pd.DataFrame:
        """Return the run's clip table; made anew where it is not that of the data root of today."""
        path = self.out / "emotion_path.csv"
        if not path.exists() or not self._holds(read_clips(path)) or self._changed_since(path):
            clips, _ = index_clips(self.data)
            write_clips(clips, path)
        return read_clips(path)

    def tables(self) -> tuple[pd.DataFrame, pd.DataFrame, str]:
        """Return clip table, features table and notice: the run's own, else the shipped ones.

        Those of recordings that have gone since are used, where there are no others; beside the
        recordings of another data root they are not.
        """
        if (self.out / "features.csv").exists():
            clips = read_clips(self.out / "emotion_path.csv")
            mine = self._holds(clips)
            if mine or self.demo or is_demo(self.data):
                notice = self.notice if mine else ""
                return clips, read_features(self.out / "features.csv"), notice
        clips = read_clips(ROOT / "emotion_path.csv")
        return clips, read_features(ROOT / "features.csv"), ""

    def _holds(self, clips: pd.DataFrame) -> bool:
        return all((self.data / path).is_file() for path in clips.path)

    def _changed_since(self, table: Path) -> bool:
        """Whether a clip was added or replaced since; a copy may keep an old time of writing."""
        files = (self.data / path for copies in walk(self.data)[0] for path in copies)
        return any(file.stat().st_ctime > table.stat().st_mtime for file in files)

    def path(self, *parts: str) -> Path:
        """Return a path in the run's folder; its parent is made."""
        path = self.out.joinpath(*parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def save(self, figure: "Figure", name: str, notice: str | None = None) -> None:
        """Write a figure to the run's figures; a synthetic run's says so in the picture."""
        notice = self.notice if notice is None else notice
        figure.text(0.5, 0, notice, ha="center", va="top", color="#b00000", fontsize="small")
        with replacing(self.path("figures", name)) as temporary:
            figure.savefig(temporary, bbox_inches="tight")


def open_run(data_root: str = "", out: str = "") -> Run:
    """Find the audio and the folder of a run.

    Parameters
    ----------
    data_root : str, the folder of the corpora; else the environment variable SER_DATA,
        else ``data/`` of the project; where that holds none, the demo corpus
    out : str, the folder to write to; else ``artifacts/runs/default`` or ``.../demo``

    Returns
    -------
    Run

    Raises
    ------
    CorpusError
        If a folder was named and holds no corpus.
    """
    named = data_root or os.environ.get("SER_DATA", "")
    data = data_folder(data_root).resolve()
    found = data.is_dir() and has_corpus(data)
    if named and not found:
        raise CorpusError(
            f"{named}: holds no clip of a known corpus. Check the folder, or fetch one with "
            "`serlib download ravdess tess`, or unset it to use the demo corpus."
        )
    demo = not found or is_demo(data)
    if not found:
        data = write_demo(CACHE / "demo")
    folder = Path(out).resolve() if out else RUNS / ("demo" if demo else "default")
    return Run(data, folder, demo)


def data_folder(data_root: str = "") -> Path:
    """Return the folder of the corpora: the one named, else SER_DATA, else ``data/``."""
    return Path(data_root or os.environ.get("SER_DATA") or ROOT / "data")


def shown(path: Path) -> str:
    """Return a path as a reader of a notebook may see it: relative to the project, or a name."""
    path = Path(path)
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name
