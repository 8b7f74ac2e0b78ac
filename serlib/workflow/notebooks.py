"""The notebooks as files: which there are, their parameters, and the form they are committed in."""

import base64
from io import BytesIO
from pathlib import Path

import nbformat
import papermill
import yaml
from PIL import Image

from ..corpora import CORPORA, PROTOCOLS
from ..errors import RunError
from ..files import replacing
from ..paths import Project
from ..systems import INGREDIENTS, SYSTEMS, get, of

TRAIN = ("clips", "all")  # what the parameter of that name may be
INJECTED = "injected-parameters"  # papermill's tag
_LONGEST_VALUE = 100  # characters, of one that is no text
_TOLD = "whose-clips"  # ours, of what a run says before all else
# Which notebook fits the systems of a source, and the parameters that fit one of them
_CONV1D, _SEQUENCES, _PICTURES, _BENCHMARK, _ANY_VOICE = "04", "05", "06", "07", "09"
_FITTED_BY = {"S2": _CONV1D, "S0": _SEQUENCES, "S1": _SEQUENCES, "S3": _SEQUENCES}
_FITTED_BY |= {
    "S4": _PICTURES,
    "baseline": _BENCHMARK,
    "ours": _BENCHMARK,
    "pretrained": _ANY_VOICE,
}
# Which systems each notebook can fit
_SCRATCH = [name for name in SYSTEMS if name not in of("pretrained")]
_FITS = {
    _CONV1D: of("S2"),
    _SEQUENCES: of("S0", "S1", "S3"),
    _PICTURES: of("S4"),
    _BENCHMARK: _SCRATCH,
    _ANY_VOICE: [*SYSTEMS, *INGREDIENTS],
}
# The least that a number may be; fewer clips than these have no neighbours, or one emotion
_LEAST = dict(SEED=0, SEEDS=1, EPOCHS=0, RECORDINGS=1, STRESSED=0)
_LEAST |= dict(N_PROJECTED=10, N_TRAIN=50, N_TEST=1)


def words_of(path: Path) -> dict[str, list[str]]:
    """Return the words that parameters of a notebook take, of those that take words."""
    fits = _FITS.get(path.name[:2], [])
    known = dict(
        TRAIN=[*TRAIN],
        SYSTEM=[*fits, "all", "none"],
        SYSTEMS=[*fits, "all"],
        PROTOCOLS=[*PROTOCOLS, "all"],
        CORPORA=[*CORPORA],
    )
    return {name: words for name, words in known.items() if name in parameters(path)}


def choose(folder: Path, only: str | None = None, start: str | None = None) -> list[Path]:
    """Return the notebooks of a folder to run, in order.

    Parameters
    ----------
    folder : Path
    only, start : str or None, a notebook's number, or how its name begins: "04", "conv1d"

    Raises
    ------
    RunError
        If no notebook is called so, or both are named.
    """
    every = sorted(folder.glob("[0-9][0-9]_*.ipynb"))
    if not every:
        raise RunError(
            f"{folder}: no notebooks are here; serlib runs those of its repository: clone it, and "
            "`pip install -e .` there"
        )
    if only and start:
        raise RunError("--only is one notebook, --from those after one: leave out one of the two")
    if "" in (only, start):
        raise RunError("--only, --from: expected a notebook, found nothing. Is a variable unset?")
    found = {asked: [p for p in every if _is_called(p, asked)] for asked in (only, start) if asked}
    for asked, paths in found.items():
        if not paths:
            names = ", ".join(path.stem for path in every)
            raise RunError(f"no notebook is called {asked!r}; there are {names}")
    if only:
        return found[only]
    return every[every.index(found[start][0]) :] if start else every


def _is_called(path: Path, asked: str) -> bool:
    number, name = path.stem.split("_", 1)
    if asked.isdigit():
        return number == asked.zfill(2)
    return path.stem.startswith(asked) or name.startswith(asked)


def fitting(system: str) -> tuple[str, dict[str, object]]:
    """Return the number of the notebook that fits a system, and the parameters that name it."""
    number = _FITTED_BY[get(system).source]
    if number in (_BENCHMARK, _ANY_VOICE):
        return number, dict(RETRAIN=True, SYSTEMS=system, PROTOCOLS="clips", SEEDS=1)
    return number, dict(SYSTEM=system)


def typed(pairs: list[tuple[str, str]], notebooks: list[Path]) -> dict[str, object]:
    """Turn ``-p NAME VALUE`` pairs into parameters, each of the type that its notebook gives it.

    Raises
    ------
    RunError
        If no chosen notebook takes the name, the value is of another type or too small, or a word
        of it is none that the notebook knows.
    """
    known = {}
    for path in notebooks:
        known |= parameters(path)
    result = {}
    for name, text in pairs:
        if name not in known:
            raise RunError(f"no parameter {name!r}; there are {', '.join(sorted(known))}")
        kind = known[name]
        try:
            value = text if kind == "str" else yaml.safe_load(_short(text))
        except (yaml.YAMLError, ValueError, RecursionError):  # no such day; [[[[[...
            value = None
        if kind == "float" and type(value) is int:
            value = float(value)
        if type(value).__name__ != kind:
            raise RunError(f"{name}: {text[:_LONGEST_VALUE]!r} is no {kind}")
        _check_words(name, text, notebooks)
        _check_number(name, value)
        result[name] = value
    return result


def _short(text: str) -> str:
    """Return what may be a number, true or false; anything else would only cost time."""
    return text if len(text) <= _LONGEST_VALUE else "too long"


def _check_words(name: str, text: str, notebooks: list[Path]) -> None:
    """Check that each word of a value is known to one of the notebooks that take it."""
    known = list(dict.fromkeys(w for path in notebooks for w in words_of(path).get(name, [])))
    several = name != "TRAIN"
    asked = text.split() if several and (text.split() or name == "CORPORA") else [text]
    for word in asked if known else []:
        if word not in known or (word in ("all", "none") and len(asked) > 1):
            also = ", or several with spaces between them" if several else ""
            raise RunError(f"{name}: bad value {word!r}, expected one of {known}{also}")


def _check_number(name: str, value: object) -> None:
    if name in _LEAST and value < _LEAST[name]:
        raise RunError(f"{name}: bad value {value}, expected {_LEAST[name]} or more")
    if name == "N_JOBS" and value == 0:
        raise RunError("N_JOBS: bad value 0, expected 1 or more, or -1 for all cores")


def about(only: str | None = None, start: str | None = None) -> list[str]:
    """Return what the help says of notebooks: which there are; of one alone its parameters."""
    chosen = choose(Project.here().notebooks, only, start)
    if only:
        return [line for path in chosen for line in explained(path)]
    names = ", ".join(path.stem for path in chosen)
    return [f"notebooks: {names}", f"systems: {', '.join(SYSTEMS)}"]


def explained(path: Path) -> list[str]:
    """Return a line for each parameter of a notebook: name, what it is unless named, what for."""
    inspected, words = papermill.inspect_notebook(str(path)), words_of(path)
    lines = [
        f"{name} ({about['default']}): {about['help'].strip()}"
        + (f" [{', '.join(words[name])}]" if name in words else "")
        for name, about in inspected.items()
    ]
    return [f"parameters of {path.stem}, as -p NAME VALUE:", *(f"  {line}" for line in lines)]


def parameters(path: Path) -> dict[str, str]:
    """Return the names and types of a notebook's parameters."""
    inspected = papermill.inspect_notebook(str(path))
    return {name: about["inferred_type_name"] for name, about in inspected.items()}


def telling(path: Path, text: str) -> nbformat.NotebookNode:
    """Return a notebook whose first output is a text: whose clips the run sees."""
    notebook = nbformat.read(path, 4)
    cell = nbformat.v4.new_code_cell(f"print({text!r})", metadata=dict(tags=[_TOLD]), id=_TOLD)
    places = [k for k, c in enumerate(notebook.cells) if c.cell_type == "code"]
    notebook.cells.insert(places[0] + 1, cell)  # after the parameters
    return notebook


def normal_form(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Return an executed notebook as it is committed.

    Without what differs from run to run or machine to machine: time stamps, papermill's
    notes and injected cell, standard error; cells numbered by their place, pictures a third as big.
    """
    notebook = without_stderr(notebook)
    cells = [c for c in notebook.cells if not {INJECTED, _TOLD} & {*c.metadata.get("tags", [])}]
    count = 0
    for i, cell in enumerate(cells):
        cell.metadata = {k: v for k, v in cell.metadata.items() if k == "tags" and v}
        cell.id = f"cell-{i:02d}"
        if cell.cell_type != "code":
            continue
        count += 1
        cell.execution_count = count
        for output in cell.outputs:
            output.pop("transient", None)
            if output.output_type == "execute_result":
                output.execution_count = count
            if "metadata" in output:
                output.metadata = {}
            if "image/png" in output.get("data", {}):
                output.data["image/png"] = few_colours(output.data["image/png"])
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return nbformat.v4.new_notebook(cells=cells, metadata=metadata)


def few_colours(picture: str) -> str:
    """Return a PNG in base64 with a palette of 256 colours: charts look the same in a third."""
    image = Image.open(BytesIO(base64.b64decode(picture)))
    if image.mode == "P":
        return picture
    buffer = BytesIO()
    image.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(buffer, "PNG", optimize=True)
    return base64.b64encode(buffer.getvalue()).decode()


def without_stderr(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Return a notebook without its progress bars, which were for the terminal."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [o for o in cell.outputs if o.get("name") != "stderr"]
    return notebook


def write(notebook: nbformat.NotebookNode, path: Path) -> None:
    """Write a notebook, atomically."""
    with replacing(path) as temporary:
        nbformat.write(notebook, temporary)
