"""A process that reads damaged files: `python -m tests.harden.worker KIND FOLDER`.

For each line it reads, a path, it prints a line of JSON: what came of it, and the peak of memory.
"""

import json
import resource
import sys
import traceback
import warnings
from functools import cache
from pathlib import Path

from serlib.errors import AudioError, BundleError, CorpusError, RunError, TableError

_MOST = 6 << 30  # bytes of addresses, so that one file cannot take the machine along
_unpickled = []


@cache
def _bundle():
    from serlib.inference import open_bundle

    return open_bundle("any_voice")


def recordings(path: Path) -> str:
    """Ask for the emotion, then read it block by block, as a timeline does."""
    from serlib import get_predictions
    from serlib.recordings.blocks import blocks, lasts

    refused = ""
    try:
        get_predictions(path, _bundle())
    except AudioError as error:
        refused = str(error)
        assert path.name in refused, refused
    lasts(path) if not refused else None
    try:
        for _ in blocks(path, 16000):
            pass
    except AudioError as error:
        refused = refused or str(error)
    return "refused" if refused else "answered"


def clips_tables(path: Path) -> str:
    """Read the clip table, and use it."""
    from serlib.corpora import classes_of, only, read_clips, select

    try:
        clips = read_clips(path)
        only(clips, "")
        select(clips, "ravdess"), classes_of("ravdess")
    except (TableError, CorpusError):
        return "refused"
    return "answered"


def features_tables(path: Path) -> str:
    """Read the features table whose CSV or JSON is damaged."""
    from serlib.features import read_features

    try:
        read_features(path.with_suffix(".csv"))
    except TableError:
        return "refused"
    return "answered"


def labels(path: Path) -> str:
    """Look for the clips of a folder whose labels.csv is damaged."""
    from serlib.corpora import index_clips

    try:
        index_clips(path.parent, n_jobs=1)
    except CorpusError:
        return "refused"
    return "answered"


def bundles(path: Path) -> str:
    """Load a bundle that, or whose card, is damaged; nothing of it may be unpickled."""
    from serlib.inference import load_bundle

    _unpickled.clear()
    try:
        load_bundle(path if path.suffix != ".json" else path.with_suffix(".joblib"))
    except BundleError:
        assert not _unpickled, f"unpickled before it was refused: {_unpickled[:3]}"
        return "refused"
    return "answered"


def parameters(path: Path) -> str:
    """Give a value to each parameter of every notebook."""
    from serlib.paths import Project
    from serlib.workflow import notebooks

    chosen, refused = notebooks.choose(Project.here().notebooks, "04"), 0
    text = path.read_bytes().decode("utf-8", "surrogateescape")
    names = {name for notebook in chosen for name in _parameters(notebook)}
    for name in sorted(names):
        try:
            notebooks.typed([(name, text)], chosen)
        except RunError:
            refused += 1
    return "refused" if refused == len(names) else "answered"


@cache
def _parameters(notebook: Path) -> dict[str, str]:
    from serlib.workflow import notebooks

    return notebooks.parameters(notebook)


def _peak() -> float:
    """Return the most memory since `_forget`, MB."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def _forget() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def main(kind: str) -> None:
    """Answer for a path a line, until there is no further one."""
    check = globals()[kind]
    warnings.simplefilter("ignore")
    resource.setrlimit(resource.RLIMIT_AS, (_MOST, _MOST))
    sys.addaudithook(lambda event, args: event == "pickle.find_class" and _unpickled.append(args))
    out, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        _forget()
        try:
            result, wrong = check(Path(line.rstrip("\n"))), ""
        except BaseException as error:
            result = f"{type(error).__name__}: {error}"[:300]
            wrong = traceback.format_exc()[-2000:]
        print(json.dumps(dict(result=result, wrong=wrong, mb=_peak())), file=out, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
