"""Where things lie: a project's folders, and those of a run. Both are handed on, never global."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .files import replacing

if TYPE_CHECKING:  # a command that draws nothing need not load matplotlib
    from matplotlib.figure import Figure

CHECKOUT = Path(__file__).resolve().parents[1]  # serlib is installed editable


@dataclass(frozen=True)
class Project:
    """A checkout: what is shipped with it, and what it makes.

    Parameters
    ----------
    root : Path
    cache : Path, of what can be made again: features, fits, the demo corpus
    """

    root: Path
    cache: Path

    @classmethod
    def here(cls) -> "Project":
        """Return the project that this code is of.

        Its cache is the folder that SERLIB_CACHE names, else its own; where nothing can be written
        to that, the user's: ``~/.cache/serlib``, or below XDG_CACHE_HOME.
        """
        cache = CHECKOUT / "artifacts" / "cache"
        if not os.access(cache if cache.exists() else cache.parent, os.W_OK):
            cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "serlib"
        return cls(CHECKOUT, Path(os.environ.get("SERLIB_CACHE") or cache))

    @property
    def artifacts(self) -> Path:
        """What is shipped: bundles, predictions, metrics, figures."""
        return self.root / "artifacts"

    @property
    def runs(self) -> Path:
        """What is made here, a folder a run."""
        return self.artifacts / "runs"

    @property
    def notebooks(self) -> Path:
        """The notebooks as committed."""
        return self.root / "notebooks"

    def data(self, named: str = "") -> Path:
        """Return the folder of the corpora: the one named, else SER_DATA, else ``data/``."""
        return Path(named or os.environ.get("SER_DATA") or self.root / "data")

    def shown(self, path: Path) -> str:
        """Return a path as a reader may see it: relative to the project, or a name alone."""
        inside = Path(path).is_relative_to(self.root)
        return Path(path).relative_to(self.root).as_posix() if inside else Path(path).name


@dataclass(frozen=True)
class Run:
    """A run: of which project, where it reads audio, where it writes.

    Parameters
    ----------
    project : Project
    data : Path, the data root
    out : Path, the folder to write to
    notice : str, what every place that shows a figure of this run has to say; empty for real data
    """

    project: Project
    data: Path
    out: Path
    notice: str = ""

    @property
    def demo(self) -> bool:
        """Whether the audio is synthetic."""
        return bool(self.notice)

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
