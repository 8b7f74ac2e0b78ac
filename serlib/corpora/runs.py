"""A run's clips: where they are looked for, and the table of them."""

import os
from pathlib import Path

import pandas as pd

from ..errors import CorpusError
from ..paths import Project, Run
from .clips import read_clips, write_clips
from .demo import NOTICE, is_demo, write_demo
from .index import has_corpus, index_clips, walk
from .known import CORPORA
from .own import LABELS

_LOOKED_FOR = (
    "no file named as a known corpus has it, no folder called as an emotion (happy, anna/sad, ...) "
    "and no labels.csv was found"
)


def open_run(data_root: str = "", out: str = "", *, project: Project | None = None) -> Run:
    """Find the audio and the folder of a run.

    Parameters
    ----------
    data_root : str, the folder of the corpora; else the environment variable SER_DATA,
        else ``data/`` of the project; where that holds none, the demo corpus
    out : str, the folder to write to; else ``artifacts/runs/default`` or ``.../demo``
    project : Project, by default the one that this code is of

    Returns
    -------
    Run

    Raises
    ------
    CorpusError
        If a folder was named and holds no corpus, or the demo corpus cannot be written.
    """
    project = project or Project.here()
    named = data_root or os.environ.get("SER_DATA", "")
    try:
        data = project.data(data_root).resolve()
        found = data.is_dir() and has_corpus(data)
        there = data.exists()
    except (OSError, RuntimeError) as error:  # closed, too long a name, links in a circle
        what = getattr(error, "strerror", None) or error
        raise CorpusError(f"{named or project.data()}: cannot be read ({what})") from error
    if named and not (there and data.is_dir()):
        what = "is a file, expected a folder" if there else "no such folder"
        raise CorpusError(f"{named}: {what}. Name that of the recordings with --data or SER_DATA")
    if named and not found:
        raise CorpusError(
            f"{named}: holds no clip of a known corpus, no folder called as an emotion (happy, "
            "anna/sad, ...) and no labels.csv with columns path and emotion. Check the folder, or "
            "fetch a corpus with `serlib download ravdess tess`, or unset it to use the demo."
        )
    demo = not found or is_demo(data)
    if not found:
        data = _demo(project)
    folder = Path(out).resolve() if out else project.runs / ("demo" if demo else "default")
    return Run(project, data, folder, NOTICE if demo else "")


def _demo(project: Project) -> Path:
    try:
        return write_demo(demo_folder(project))
    except OSError as error:
        raise CorpusError(
            f"{project.cache}: the demo corpus cannot be written there ({error.strerror}). Name "
            "another folder in SERLIB_CACHE"
        ) from error


def demo_folder(project: Project) -> Path:
    """Return where the demo corpus lies that stands in where there is no other."""
    return project.cache / "demo"


def whose_clips(run: Run) -> str:
    """Say whose clips a run sees, and where none was found, what was looked for, and where."""
    if run.demo and run.data == demo_folder(run.project).resolve():
        where = run.project.shown(run.project.data())
        return f"{run.notice}. It stands in for a corpus: {_LOOKED_FOR} in {where} (or SER_DATA)."
    if run.demo:
        return run.notice
    if is_demo(run.data):
        return "Real corpora, as saved: tables and predictions of before; no audio is heard."
    facts = pd.DataFrame(walk(run.data)[1].values())
    parts = [
        f"{len(those)} of {CORPORA[name].title} ({those.speaker.nunique()} speakers)"
        for name, those in facts.groupby("corpus")
    ]
    return f"Real recordings: {len(facts)} files, {', '.join(parts)}."


def passed_over(run: Run) -> str:
    """Say how many files the exploration of a run passed over, and why the first; "" for none."""
    path = run.out / "metrics" / "problems.csv"
    if not path.exists():
        return ""
    (first, why), *others = pd.read_csv(path).itertuples(index=False, name=None)
    also = f" and {len(others)} others" if others else ""
    return f"passed over: {first}{also} ({why}); all are in {path}"


def is_own(run: Run) -> bool:
    """Tell whether all clips of a run are your own recordings."""
    return {facts["corpus"] for facts in walk(run.data)[1].values()} == {"own"}


def clips_of(run: Run) -> pd.DataFrame:
    """Return a run's clip table; made anew where it is not that of the data root of today."""
    path = run.out / "emotion_path.csv"
    if not path.exists() or not holds(run, read_clips(path)) or _changed_since(run, path):
        clips, _ = index_clips(run.data)
        write_clips(clips, path)
    return read_clips(path)


def holds(run: Run, clips: pd.DataFrame) -> bool:
    """Tell whether all clips of a table are below the run's data root."""
    return all((run.data / path).is_file() for path in clips.path)


def _changed_since(run: Run, table: Path) -> bool:
    """Whether a clip was added or replaced since; a copy may keep an old time of writing."""
    files = [run.data / path for copies in walk(run.data)[0] for path in copies]
    files += [run.data / LABELS] if (run.data / LABELS).is_file() else []
    folders = {folder for file in files for folder in file.parents}
    files += [folder for folder in folders if folder.is_relative_to(run.data)]  # moved here whole
    return any(file.stat().st_ctime > table.stat().st_mtime for file in files)
