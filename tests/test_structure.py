"""Imports point one way, and `import serlib` is cheap."""

import ast
import subprocess
import sys

from serlib.project import ROOT

# A module may import those of the lines above its own, and of its own line.
LAYERS = [
    "errors emotions files workers discriminant",
    "audio corpora",
    "synthesis index",
    "augment scaling demo levels plots",
    "front_end",
    "features sequences bundle joint",
    "enrolment descriptors calibration",
    "functionals",
    "voice",
    "tables extraction splits project",
    "models baselines recipes inputs",
    "candidates datasets",
    "systems",
    "batches evaluation",
    "training",
    "fits",
    "progress",
    "fitting benchmark download results",
    "catalogue",
    "experiments notebooks report answers",
    "outcome pipeline app",
    "cli",
]
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names.split()}
KERAS = {"models", "training", "fits", "fitting", "batches"}  # and `bundle`, inside functions


def imports(path):
    """Yield (module, at the top of the file) for each import of a file."""
    tree = ast.parse(path.read_text())
    top = set(map(id, tree.body))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            inside = [f".{a.name}" for a in node.names] if node.level and not node.module else None
            for name in inside or ["." * node.level + node.module]:
                yield name, id(node) in top
        elif isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, id(node) in top


def modules():
    return [p for p in sorted((ROOT / "serlib").glob("*.py")) if p.stem != "__init__"]


def test_every_module_has_its_layer():
    assert {path.stem for path in modules()} == set(LEVEL)


def test_imports_point_one_way():
    for path in modules():
        for name, _ in imports(path):
            if name.startswith("."):
                assert LEVEL[name[1:]] <= LEVEL[path.stem], f"{path.stem} imports {name}"


def test_keras_is_imported_where_networks_are():
    for path in modules():
        for name, top in imports(path):
            if top and name.split(".")[0] in ("keras", "tensorflow"):
                assert path.stem in KERAS, f"{path.stem} imports {name}"


def test_importing_serlib_imports_no_tensorflow():
    script = "import sys, serlib, serlib.cli; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
