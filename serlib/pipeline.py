"""Run the notebooks in order with papermill; publish what they wrote."""

import shutil
import sys
from pathlib import Path

import nbformat
import papermill
from papermill.exceptions import PapermillExecutionError
from tqdm import tqdm

from . import notebooks, report
from .bundle import card, update_card
from .catalogue import place
from .errors import RunError
from .files import replacing
from .project import ARTIFACTS, ROOT, RUNS, Run, open_run, shown
from .results import table_in
from .systems import SYSTEMS, about

# What is shipped is of these two corpora. Every fit is made anew or resumed, unless SYSTEM or
# TRAIN say otherwise: what they leave out is read from the saved predictions.
WHOLE = {"SYSTEM": "all", "TRAIN": "all"}
PUBLISHED = {"CORPORA": "ravdess tess"}
FROM_TABLES = ("04", "07")  # notebooks that need no audio, for the shipped tables do
TOP_LEVEL = {"emotion_path.csv": "01", "features.csv": "03", "features.json": "03"}  # made by


def run(
    *,
    only: str | None = None,
    start: str | None = None,
    data: str = "",
    out: str = "",
    parameters: list[tuple[str, str]] = (),
    publish: bool = False,
) -> Path:
    """Execute notebooks; copies with outputs go to the run's folder.

    Parameters
    ----------
    only, start : str or None, which notebooks, as `serlib.notebooks.choose` takes them
    data, out : str, as `serlib.project.open_run` takes them
    parameters : list of (name, value)
    publish : bool, run on the real corpora and, if all succeed, replace what is shipped

    Returns
    -------
    Path, the run's folder

    Raises
    ------
    RunError
        Names notebook, cell and error; or says which argument is bad.
    """
    chosen = notebooks.choose(only, start)
    values = notebooks.typed(list(parameters), chosen)
    data, out = data or values.get("DATA_ROOT", ""), out or values.get("OUT", "")
    if publish:
        if out:
            raise RunError("--publish writes to the project; leave out --out")
        if values.get("AUDIO"):
            raise RunError("--publish refuses AUDIO=True: corpus audio must not be committed")
        values = WHOLE | values | PUBLISHED
    settings = _settings(chosen, data, out, publish, retrain=bool(values.get("RETRAIN")))
    values |= dict(DATA_ROOT=str(settings.data), OUT=str(settings.out))
    if settings.notice:
        print(settings.notice)
    for path in tqdm(chosen, desc="notebooks", unit="notebook", position=0):
        _execute(path, settings.out / "notebooks" / path.name, values)
    if publish:
        _publish(settings, chosen)
    return settings.out


def _settings(
    chosen: list[Path], data: str, out: str, publish: bool, *, retrain: bool = False
) -> Run:
    """Return the run; without audio, what needs none uses the shipped tables."""
    settings = open_run(data, out)
    if publish and settings.demo:
        raise RunError("--publish needs the real corpora: give their folder with --data")
    if publish:
        # What an earlier run left there must not be published with this one.
        shutil.rmtree(RUNS / "publish", ignore_errors=True)
        run = Run(settings.data, RUNS / "publish", demo=False)
        if chosen[0].name[:2] != "01":  # which makes this table
            shutil.copyfile(ROOT / "emotion_path.csv", run.path("emotion_path.csv"))
        return run
    from_shipped = all(path.name[:2] in FROM_TABLES for path in chosen) and not retrain
    if settings.demo and from_shipped and not out:
        return Run(settings.data, RUNS / "default", demo=False)
    return settings


def _execute(source: Path, target: Path, values: dict[str, object]) -> None:
    known = notebooks.parameters(source)
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        executed = papermill.execute_notebook(
            source,
            target,
            parameters={name: value for name, value in values.items() if name in known},
            kernel_name="python3",
            cwd=source.parent,
            progress_bar=False,
            stderr_file=sys.stderr,
        )
    except PapermillExecutionError as error:
        raise RunError(
            f"{source.name} failed (executed copy: {shown(target)})\n"
            f"in cell {error.cell_index}: {error.source.strip().splitlines()[0]}\n"
            f"{error.ename}: {error.evalue}"
        ) from error
    notebooks.write(notebooks.without_stderr(executed), target)


def _publish(settings: Run, chosen: list[Path]) -> None:
    """Replace the shipped files by the run's; every notebook has succeeded by now."""
    normal = {
        path: notebooks.normal_form(nbformat.read(settings.out / "notebooks" / path.name, 4))
        for path in chosen
    }
    for source in sorted(settings.out.rglob("*")):
        inside = source.relative_to(settings.out)
        maker = TOP_LEVEL.get(inside.name, "")
        ran = any(path.name.startswith(maker) for path in chosen)
        if source.is_file() and inside.parts[0] != "notebooks" and ran:
            with replacing((ROOT if maker else ARTIFACTS) / inside) as temporary:
                shutil.copyfile(source, temporary)
    table = table_in(ARTIFACTS / "predictions")
    report.update(ROOT / "README.md", table)
    for name in SYSTEMS:
        path = (ARTIFACTS / place(name)).with_suffix(".json")
        if path.exists():
            update_card(path, card(name, table, **about(name)))
    for path, notebook in normal.items():
        notebooks.write(notebook, path)
