"""CONTRIBUTING.md, followed to the letter on a copy of the package."""

import os
import re
import shutil
import subprocess
import sys

import pytest

from serlib.paths import CHECKOUT

PAGE = (CHECKOUT / "CONTRIBUTING.md").read_text()
RECIPES = {
    part.splitlines()[0]: dict(re.findall(r"```(sh|text)\n(.*?)```", part, re.DOTALL))
    for part in PAGE.split("\n## Adding things\n")[1].split("\n## ")[0].split("\n### ")[1:]
}
HEADER = re.compile(r"^# (serlib/\S+\.py): (a new file|(above|below) (.+))\n", re.MULTILINE)


def pieces():
    """Yield file, place ("above", "below" or None), anchor and code of each piece of the page."""
    for block in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
        headers = list(HEADER.finditer(block))
        assert headers and headers[0].start() == 0, f"names no file: {block}"
        ends = [header.start() for header in headers[1:]] + [len(block)]
        for header, end in zip(headers, ends, strict=True):
            yield header[1], header[3], header[4], block[header.end() : end]


def add(root, file, place, anchor, code):
    """Do what a piece says."""
    path = root / file
    if place is None:
        assert not path.exists(), f"{file} is no new file"
        path.write_text(code)
        return
    lines = path.read_text().splitlines(keepends=True)
    found = [i for i, line in enumerate(lines) if line.strip().startswith(anchor)]
    assert len(found) == 1, f"{file}: {len(found)} lines begin with {anchor!r}"
    if code.startswith("def "):  # stands apart, as an editor's formatter would have it
        code = code.strip() + "\n\n\n"
    lines.insert(found[0] + (place == "below"), code)
    path.write_text("".join(lines))


def run(command, folder):
    environment = os.environ | {"PYTHONPATH": str(folder)}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def copied(tmp_path_factory):
    """A checkout in which every recipe was followed."""
    root = tmp_path_factory.mktemp("checkout")
    shutil.copytree(CHECKOUT / "serlib", root / "serlib")
    for name in ("emotion_path.csv", "pyproject.toml"):
        shutil.copy(CHECKOUT / name, root / name)
    for piece in pieces():
        add(root, *piece)
    return root


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_recipe_works_as_written(recipe, copied):
    command = RECIPES[recipe]["sh"].replace("/tmp", str(copied))
    done = run(["bash", "-c", command.replace(".venv/bin/python", sys.executable)], copied)
    assert done.returncode == 0, done.stderr
    assert done.stdout == RECIPES[recipe]["text"]


@pytest.mark.parametrize("check", [["check"], ["format", "--check"]])
def test_the_recipes_are_in_the_style_of_the_house(check, copied):
    done = run([sys.executable, "-m", "ruff", *check, "serlib"], copied)
    assert done.returncode == 0, done.stdout
