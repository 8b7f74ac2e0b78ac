"""Run the notebooks in order with papermill; publish what they wrote."""

import io
import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

import nbformat
import papermill
from papermill.exceptions import PapermillExecutionError
from tqdm import tqdm

from ..corpora import is_own, open_run, passed_over, whose_clips
from ..errors import RunError
from ..evaluation import predictions, table_in
from ..files import replacing
from ..inference import bundle_place, card_of, update_card
from ..paths import Project, Run
from ..systems import SYSTEMS
from ..training import merge_histories
from . import notebooks, readme

# What is shipped is of these two corpora. Every fit is made anew or resumed, unless SYSTEM or
# TRAIN say otherwise: what they leave out is read from the saved predictions.
_WHOLE = {"SYSTEM": "all", "TRAIN": "all"}
_PUBLISHED = {"CORPORA": "ravdess tess"}
_FROM_TABLES = {"04", "07", "08"}  # notebooks that need no audio, for the shipped tables do
_FROM_PREDICTIONS = ("07", "08", "09")  # that read no audio, but to retrain
_OF_OWN = ("01", "09")  # those that are of any corpus; the others need RAVDESS and TESS
_TOP_LEVEL = {"emotion_path.csv": "01", "features.csv": "03", "features.json": "03"}  # made by


def run_notebooks(
    *,
    only: str | None = None,
    start: str | None = None,
    system: str = "",
    data: str = "",
    out: str = "",
    parameters: list[tuple[str, str]] = (),
    publish: bool = False,
    project: Project | None = None,
) -> Path:
    """Execute notebooks; copies with outputs go to the run's folder.

    Parameters
    ----------
    only, start : str or None, which notebooks, as `serlib.workflow.notebooks.choose` takes them
    system : str, a system to fit, instead of naming its notebook
    data, out : str, as `serlib.corpora.open_run` takes them
    parameters : list of (name, value)
    publish : bool, run on the real corpora and, if all succeed, replace what is shipped
    project : Project, by default the one that this code is of

    Returns
    -------
    Path, the run's folder

    Raises
    ------
    RunError
        Names notebook, cell and error; or says which argument is bad.
    """
    project, values = project or Project.here(), {}
    if system:
        if only or start:
            raise RunError("--system says which notebook; leave out --only and --from")
        only, values = notebooks.fitting(system)
    chosen = notebooks.choose(project.notebooks, only, start)
    values |= notebooks.typed(list(parameters), chosen)
    data, out = data or values.get("DATA_ROOT", ""), out or values.get("OUT", "")
    if publish:
        if out:
            raise RunError("--publish writes to the project; leave out --out")
        if values.get("AUDIO"):
            raise RunError("--publish refuses AUDIO=True: corpus audio must not be committed")
        values = _WHOLE | values | _PUBLISHED
    # Before a demo corpus is written
    instead = "Leave out --publish" if publish else "Name another folder with --out"
    _check_writable(Path(out) if out else project.runs, instead)
    run = open_run(data, out, project=project)
    if data and not (publish or run.demo):
        _check_used(run, chosen, values)
    if not (only or start or publish) and is_own(run):
        chosen = [path for path in chosen if path.name[:2] in _OF_OWN]
        values |= dict(RETRAIN=True)
        learns = values.get("SYSTEMS", "any_voice")
        print(f"your own recordings: what is there, and {learns} learnt from them (01 and 09)")
    if publish:
        run = publishing(run, chosen)
    elif run.demo and not values.get("RETRAIN") and {p.name[:2] for p in chosen} <= _FROM_TABLES:
        run = Run(project, run.data, run.out if out else project.runs / "default")
    values |= dict(DATA_ROOT=str(run.data), OUT=str(run.out))
    told = whose_clips(run)
    if run.notice:
        print(told)
    for path in tqdm(chosen, desc="notebooks", unit="notebook", position=0):
        _execute(path, run, values, told)
    if publish:
        publish_run(run, chosen)
    if chosen[0].name[:2] == "01" and (told := passed_over(run)):
        print(told)
    return run.out


def _check_used(run: Run, chosen: list[Path], values: dict[str, object]) -> None:
    """Refuse a run that would read nothing of the recordings that are named."""
    deaf = [path for path in chosen if path.name[:2] in _FROM_PREDICTIONS]
    if len(deaf) < len(chosen) or (run.out / "predictions").is_dir():
        return
    fits = any("RETRAIN" in notebooks.parameters(path) for path in chosen)
    if not (fits and (values.get("RETRAIN") or values.get("ASK"))):
        also = ", or fit systems on them: -p RETRAIN true" if fits else ""
        raise RunError(
            f"{', '.join(path.stem for path in deaf)}: reads saved predictions, and none of the "
            f"recordings in {run.data}; leave out --data{also}"
        )


def _check_writable(out: Path, instead: str) -> None:
    """Refuse a folder that cannot be made or written to; it is not made yet."""
    try:
        with suppress(FileNotFoundError):
            out.stat()
        there = next(path for path in (out.resolve(), *out.resolve().parents) if path.exists())
        if writable := there.is_dir() and os.access(there, os.W_OK):
            tempfile.TemporaryFile(dir=there).close()  # in /proc root may make files, and cannot
    except OSError as error:  # a name that is too long, or below a file
        raise RunError(f"{out}: {error.strerror}. {instead}") from error
    if not writable:
        why = "cannot be written to" if there.is_dir() else "is no folder"
        raise RunError(f"{out}: {there} {why}. {instead}")


def publishing(run: Run, chosen: list[Path]) -> Run:
    """Return a run of the same data in an empty folder, from which is published."""
    if run.demo:
        raise RunError("--publish needs the real corpora: give their folder with --data")
    project = run.project
    # What an earlier run left there must not be published with this one.
    shutil.rmtree(project.runs / "publish", ignore_errors=True)
    run = Run(project, run.data, project.runs / "publish")
    if chosen[0].name[:2] not in ("01", "09"):  # which make this table; 09 of all corpora
        shutil.copyfile(project.root / "emotion_path.csv", run.path("emotion_path.csv"))
    return run


class _Bars(io.TextIOBase):
    """Where a kernel's standard error goes: of what it writes progress bars reach the terminal."""

    def __init__(self, terminal: int):
        self.terminal = terminal

    def write(self, text: str) -> int:
        """Pass a bar on, which begins its line anew."""
        if "\r" in text:
            os.write(self.terminal, text.encode())
        return len(text)


@contextmanager
def _kernels_apart() -> Iterator[TextIO]:
    """Keep a kernel's processes off the terminal, but for progress bars.

    When a run is stopped each of them has a traceback to tell, one over the other. An error of a
    cell is told by `RunError`.
    """
    sys.stderr.flush()
    terminal, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield _Bars(terminal)
    except KeyboardInterrupt:
        logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # tells what nobody waits for now
        raise
    finally:
        os.dup2(terminal, 2)
        os.close(terminal)
        os.close(nowhere)


def _execute(source: Path, run: Run, values: dict[str, object], told: str) -> None:
    known, target = notebooks.parameters(source), run.out / "notebooks" / source.name
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with _kernels_apart() as bars:
            executed = papermill.execute_notebook(
                notebooks.telling(source, told),
                target,
                parameters={name: value for name, value in values.items() if name in known},
                kernel_name="python3",
                cwd=source.parent,
                progress_bar=False,
                stderr_file=bars,
            )
    except PapermillExecutionError as error:
        raise RunError(
            f"{source.name} failed (executed copy: {target})\n"
            f"in cell {error.cell_index}: {error.source.strip().splitlines()[0]}\n"
            f"{error.ename}: {error.evalue}"
        ) from error
    notebooks.write(notebooks.without_stderr(executed), target)


def publish_run(run: Run, chosen: list[Path]) -> None:
    """Replace the shipped files by a run's, of which every notebook has succeeded by now."""
    project = run.project
    normal = {
        path: notebooks.normal_form(nbformat.read(run.out / "notebooks" / path.name, 4))
        for path in chosen
    }
    for source in sorted(path for path in run.out.rglob("*") if path.is_file()):
        inside = source.relative_to(run.out)
        maker = _TOP_LEVEL.get(inside.as_posix(), "")
        ran = any(path.name.startswith(maker) for path in chosen)
        if inside.parts[0] == "predictions":
            predictions.merge(source, project.artifacts / "predictions")
        elif inside.parts[0] == "histories":
            merge_histories(source, project.artifacts / "histories")
        elif inside.parts[0] != "notebooks" and ran and _is_shown(inside, project):
            target = (project.root if maker else project.artifacts) / inside
            with replacing(target) as temporary:
                shutil.copyfile(source, temporary)
    table = table_in(project.artifacts / "predictions")
    readme.update(project.root / "README.md", table)
    readme.write_long(project.artifacts / "metrics" / "README.md", table)
    for name in SYSTEMS:
        path = (project.artifacts / bundle_place(name)).with_suffix(".json")
        if path.exists():
            update_card(path, card_of(name, table))
    for path, notebook in normal.items():
        notebooks.write(notebook, path)


def _is_shown(inside: Path, project: Project) -> bool:
    """Tell whether a file is shipped: of figures those that the README shows, no new tables."""
    shown = (project.root / "README.md").read_text()
    figure = inside.parts[0] == "figures"
    if figure and f"artifacts/{inside.as_posix()}" not in shown:
        return False
    known = inside.suffix == ".json" or (project.artifacts / inside).exists()
    return inside.parts[0] != "metrics" or known
