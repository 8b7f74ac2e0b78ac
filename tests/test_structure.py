"""The house: rooms in order, imports one way, nothing too large, and a cheap front door."""

import ast
import re
import subprocess
import sys

from serlib.paths import CHECKOUT

# A room may call those before it; beside the rooms lies what everybody needs.
ROOMS = ["audio", "corpora", "features", "systems", "evaluation", "training", "inference"]
ROOMS += ["recordings", "workflow", "cli"]
BESIDE = {"errors", "files", "paths", "workers"}
PACKAGE = CHECKOUT / "serlib"
MODULES = sorted(PACKAGE.rglob("*.py"))


def imports(path):
    """Yield (module of serlib or None, its full name, at the top of the file) for each import."""
    tree = ast.parse(path.read_text())
    top = set(map(id, tree.body))
    here = ("serlib", *path.relative_to(PACKAGE).parts[:-1])
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            base = here[: len(here) + 1 - node.level] if node.level else ()
            whole = ".".join([*base, *filter(None, [node.module])])
            for alias in node.names:
                yield f"{whole}.{alias.name}", id(node) in top
        elif isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, id(node) in top


def room(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def test_rooms_call_those_before_them_alone():
    for path in MODULES:
        for name, _ in imports(path):
            parts = name.split(".")
            if parts[0] != "serlib" or len(parts) < 2 or path.parent == PACKAGE:
                continue
            other = parts[1]
            if other in ROOMS:
                assert ROOMS.index(other) <= ROOMS.index(room(path)), f"{path} imports {name}"
                through = other == room(path) or len(parts) <= 3  # of another room its `__init__`
                assert through, f"{path} imports {name}"
            else:
                assert other in BESIDE | {"restore"}, f"{path} imports {name}"


def test_the_house_stays_small():
    rooms = {path.parent for path in MODULES}
    assert {p.name for p in PACKAGE.iterdir() if p.is_dir()} - {"__pycache__"} == set(ROOMS[:-1])
    for folder in rooms:
        assert len([p for p in MODULES if p.parent == folder and p.stem != "__init__"]) <= 12
    for path in MODULES:
        assert len(path.read_text().splitlines()) <= 250, f"{path} is too long"
        own = {".".join(name.split(".")[:3]) for name, _ in imports(path)}
        others = {name for name in own if name.split(".")[0] == "serlib"}
        assert len({module_of(name, room(path)) for name in others}) <= 10, (
            f"{path} imports too many"
        )


def module_of(name, own):
    """Return the module that an imported name of serlib is found in: of other rooms, the room."""
    parts = name.split(".")
    if len(parts) > 1 and parts[1] in ROOMS and parts[1] != own:
        return parts[1]
    inside = PACKAGE.joinpath(*parts[1:]).with_suffix(".py")
    return name if inside.exists() else ".".join(parts[:-1])


def test_keras_is_imported_where_networks_are():
    able = {"systems", "training"}  # and inside functions of inference
    for path in MODULES:
        for name, top in imports(path):
            if top and name.split(".")[0] in ("keras", "tensorflow"):
                assert room(path) in able, f"{path} imports {name}"


def test_numbers_of_notebooks_are_known_to_the_workflow_alone():
    for path in MODULES:
        if room(path) != "workflow":
            told = re.findall(r"--only \d|[Nn]otebooks? \d", path.read_text())
            assert not told, f"{path} names a notebook by its number: {told}"


def test_the_front_door_is_cheap():
    script = "import sys, serlib; from serlib.systems import SYSTEMS; "
    script += "sys.exit('tensorflow' in sys.modules or 'keras.layers' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
    # librosa's lazy loader looks at every module there is
    script = script.replace("sys.exit", "import librosa; librosa.resample; sys.exit")
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
    script = (
        "import sys, serlib; sys.exit(bool({'numpy', 'sklearn', 'librosa'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
