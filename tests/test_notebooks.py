"""The committed notebooks, and how notebooks are chosen, parametrised and normalised."""

import base64
import re
from io import BytesIO

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
from PIL import Image

from serlib import notebooks
from serlib.errors import RunError

COMMITTED = notebooks.choose()
NAMES = [path.stem for path in COMMITTED]


@pytest.fixture(params=COMMITTED, ids=NAMES)
def path(request):
    return request.param


@pytest.fixture
def notebook(path):
    return nbformat.read(path, 4)


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_they_are_numbered_without_a_gap():
    assert [int(name[:2]) for name in NAMES] == list(range(1, len(NAMES) + 1))


def test_committed_as_executed_from_top_to_bottom(notebook):
    cells = code(notebook)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell.outputs]
    assert len(outputs) > 5
    assert not [o for o in outputs if o.output_type == "error" or o.get("name") == "stderr"]


def test_committed_in_normal_form(path, notebook):
    normal = notebooks.normal_form(nbformat.read(path, 4))
    assert nbformat.writes(notebook) == nbformat.writes(normal)
    assert path.stat().st_size < 500_000


def test_no_audio_no_paths_of_a_machine_no_synthetic_figures(path):
    text = path.read_text()
    assert "audio/" not in text and "<audio" not in text
    assert not re.search(r"(/home/|/root/|/work/|/tmp/|/Users/|[A-Z]:\\\\)", text)
    assert "synthetic demo corpus" not in text


def test_a_story_that_defines_no_functions(notebook):
    first = notebook.cells[0].source
    assert first.startswith("# ") and re.search(r"^> \*\*.*\?\*\*$", first, re.MULTILINE)
    assert any("What we learned" in c.source for c in notebook.cells)
    for cell in code(notebook):
        assert not re.search(r"^\s*(def|class|!|%)|filterwarnings", cell.source, re.MULTILINE)


def test_parameters_are_typed_and_explained(path, notebook):
    tagged = [c for c in notebook.cells if "parameters" in c.metadata.get("tags", [])]
    lines = tagged[0].source.splitlines()
    assert len(tagged) == 1 and all(re.match(r"[A-Z_]+: \w+ = .*  # .+", line) for line in lines)
    assert {"DATA_ROOT", "OUT", "SEED"} <= set(notebooks.parameters(path))


def test_choose():
    assert [p.name[:2] for p in notebooks.choose(only="04")] == ["04"]
    assert [p.name[:2] for p in notebooks.choose(start="03")][:2] == ["03", "04"]
    with pytest.raises(RunError, match="no notebook begins with '99'; there are 01_data"):
        notebooks.choose(only="99")


def test_parameters_get_the_type_of_the_notebook():
    chosen = notebooks.choose(only="04")
    pairs = [("EPOCHS", "3"), ("AUDIO", "true"), ("OUT", "2024"), ("TRAIN", "all")]
    typed = notebooks.typed(pairs, chosen)
    assert typed == dict(EPOCHS=3, AUDIO=True, OUT="2024", TRAIN="all")
    with pytest.raises(RunError, match="no parameter 'EPOCH'; there are AUDIO, DATA_ROOT"):
        notebooks.typed([("EPOCH", "3")], chosen)
    with pytest.raises(RunError, match="EPOCHS: 'three' is no int"):
        notebooks.typed([("EPOCHS", "three")], chosen)
    with pytest.raises(RunError, match=r"EPOCHS: '\[' is no int"):
        notebooks.typed([("EPOCHS", "[")], chosen)


def test_pictures_keep_their_look_in_a_third():
    figure, ax = plt.subplots()
    ax.imshow(np.linspace(0, 1, 400).reshape(20, 20), cmap="Blues")
    buffer = BytesIO()
    figure.savefig(buffer)
    plt.close(figure)
    before = base64.b64encode(buffer.getvalue()).decode()
    after = notebooks.few_colours(before)
    assert len(after) < 0.6 * len(before) and notebooks.few_colours(after) == after
    one, two = (Image.open(BytesIO(base64.b64decode(p))).convert("RGB") for p in (before, after))
    assert np.abs(np.asarray(one, dtype=int) - np.asarray(two)).mean() < 1


def test_normal_form_removes_what_differs_from_run_to_run():
    def executed(count, seconds):
        cell = nbformat.v4.new_code_cell("1 + 1", execution_count=count)
        cell.metadata = {"tags": ["x"], "papermill": {"duration": seconds}}
        result = {"text/plain": "2"}
        cell.outputs = [
            nbformat.v4.new_output("execute_result", data=result, execution_count=count),
            nbformat.v4.new_output("stream", name="stderr", text=f"{seconds} s"),
        ]
        injected = nbformat.v4.new_code_cell("OUT = '/somewhere'")
        injected.metadata = {"tags": [notebooks.INJECTED]}
        return nbformat.v4.new_notebook(cells=[injected, cell], metadata={"papermill": seconds})

    one, two = (notebooks.normal_form(executed(*how)) for how in ((2, 0.1), (7, 9.9)))
    assert nbformat.writes(one) == nbformat.writes(two)
    assert len(one.cells) == 1 and one.cells[0].metadata == {"tags": ["x"]}
    assert [o.output_type for o in one.cells[0].outputs] == ["execute_result"]
