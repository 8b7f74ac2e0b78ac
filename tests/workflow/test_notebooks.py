"""The committed notebooks, and how notebooks are chosen, parametrised and normalised."""

import base64
import re
from io import BytesIO

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
from PIL import Image

from serlib.errors import RunError
from serlib.paths import Project
from serlib.systems import SYSTEMS
from serlib.workflow import notebooks

FOLDER = Project.here().notebooks
COMMITTED = notebooks.choose(FOLDER)
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
    for cell in code(notebook):
        assert not re.search(r"^\s*(def|class|!|%)|filterwarnings", cell.source, re.MULTILINE)
    assert sum(len(cell.source.splitlines()) for cell in code(notebook)) <= 170


def test_what_was_learned_stands_at_the_top_and_at_the_end(notebook):
    places = [k for k, cell in enumerate(notebook.cells) if "## What we learned" in cell.source]
    assert len(places) == 2 and places[0] <= 4 < places[1]
    told = [notebook.cells[k + 1].outputs[0]["data"]["text/markdown"] for k in places]
    assert told[0] == told[1] and len(told[0]) > 200


def test_no_table_is_longer_than_thirty_rows(notebook):
    for cell in code(notebook):
        for output in cell.outputs:
            html = output.get("data", {}).get("text/html", "")
            assert html.partition("<tbody>")[2].count("<tr>") <= 30, cell.source


def test_parameters_are_typed_and_explained(path, notebook):
    tagged = [c for c in notebook.cells if "parameters" in c.metadata.get("tags", [])]
    lines = tagged[0].source.splitlines()
    assert len(tagged) == 1 and all(re.match(r"[A-Z_]+: \w+ = .*  # .+", line) for line in lines)
    assert {"DATA_ROOT", "OUT", "SEED"} <= set(notebooks.parameters(path))


@pytest.mark.parametrize("asked", ["04", "4", "04_conv1d_cnn", "conv1d"])
def test_a_notebook_is_chosen_by_number_or_name(asked):
    assert [path.name[:2] for path in notebooks.choose(FOLDER, asked)] == ["04"]


def test_those_after_one_are_chosen_too():
    chosen = [path.name[:2] for path in notebooks.choose(FOLDER, start="03")]
    assert chosen == [name[:2] for name in NAMES[2:]]
    with pytest.raises(RunError, match="no notebook is called '99'; there are 01_data"):
        notebooks.choose(FOLDER, "99")


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_system_has_a_notebook_that_takes_the_parameters_that_fit_it(system):
    number, values = notebooks.fitting(system)
    (path,) = notebooks.choose(FOLDER, number)
    assert set(values) <= set(notebooks.parameters(path))


def test_parameters_get_the_type_of_the_notebook():
    chosen = notebooks.choose(FOLDER, "04")
    pairs = [("EPOCHS", "3"), ("AUDIO", "true"), ("OUT", "2024"), ("TRAIN", "all")]
    typed = notebooks.typed(pairs, chosen)
    assert typed == dict(EPOCHS=3, AUDIO=True, OUT="2024", TRAIN="all")
    with pytest.raises(RunError, match="no parameter 'EPOCH'; there are AUDIO, DATA_ROOT"):
        notebooks.typed([("EPOCH", "3")], chosen)
    with pytest.raises(RunError, match="EPOCHS: 'three' is no int"):
        notebooks.typed([("EPOCHS", "three")], chosen)
    with pytest.raises(RunError, match=r"EPOCHS: '\[' is no int"):
        notebooks.typed([("EPOCHS", "[")], chosen)


@pytest.mark.parametrize(
    ("asked", "name", "value"),
    [
        ("04", "TRAIN", "everything"),
        ("05", "TRAIN", "clips all"),
        ("05", "SYSTEM", "conv1d"),
        ("05", "SYSTEM", "mfcc_cnn all"),
        ("06", "SYSTEM", ""),
        ("07", "SYSTEMS", "bets"),
        ("07", "SYSTEMS", "any_voice"),
        ("09", "PROTOCOLS", "none"),
        ("01", "CORPORA", "RAVDESS"),
        ("01", "CORPORA", "ravdess,tess"),
    ],
)
def test_a_word_that_means_nothing_is_refused_by_naming_those_that_do(asked, name, value):
    (path,) = notebooks.choose(FOLDER, asked)
    with pytest.raises(RunError) as error:
        notebooks.typed([(name, value)], [path])
    assert f"{name}: bad value" in str(error.value)
    assert all(repr(word) in str(error.value) for word in notebooks.words_of(path)[name])


def test_numbers_that_would_do_nothing_are_refused(path):
    least = dict(SEED=0, SEEDS=1, EPOCHS=0, RECORDINGS=1, STRESSED=0, N_TRAIN=50, N_TEST=1)
    least |= dict(N_PROJECTED=10, N_JOBS=1)
    for name in set(least) & set(notebooks.parameters(path)):
        assert notebooks.typed([(name, str(least[name]))], [path]) == {name: least[name]}
        with pytest.raises(RunError, match=f"{name}: bad value {least[name] - 1}, expected"):
            notebooks.typed([(name, str(least[name] - 1))], [path])


def test_every_word_that_is_named_is_taken(path):
    """Each alone, and several where several are no contradiction."""
    for name, words in notebooks.words_of(path).items():
        for word in words:
            assert notebooks.typed([(name, word)], [path]) == {name: word}
        if name != "TRAIN":
            two = " ".join(words[:2])
            assert notebooks.typed([(name, two)], [path]) == {name: two}


def test_the_help_of_a_notebook_names_its_parameters_and_their_words(path):
    told = "\n".join(notebooks.about(path.name[:2]))
    assert all(name in told for name in notebooks.parameters(path))
    assert all(word in told for words in notebooks.words_of(path).values() for word in words)
    assert path.stem in "\n".join(notebooks.about())


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


@pytest.mark.parametrize("text", ["2026-13-45", "[" * 90, "[" * 300_000, "{", "\x00"])
def test_what_no_parser_takes_is_refused_in_a_sentence(text):
    with pytest.raises(RunError, match=r"EPOCHS: .* is no int"):
        notebooks.typed([("EPOCHS", text)], notebooks.choose(FOLDER, "04"))
