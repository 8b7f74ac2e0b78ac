import shutil
from pathlib import Path

import pytest

from serlib.errors import BundleError, SerlibError
from serlib.inference import bundle_place, find_bundle, offered, open_bundle
from serlib.paths import Project
from serlib.systems import SYSTEMS

HERE = Project.here()


@pytest.fixture
def empty(tmp_path):
    return Project(tmp_path, tmp_path / "cache")


def put(project, system, folder, ends=(".serlib",)):
    """Copy the shipped bundle of a system to a folder of another project."""
    for end in ends:
        place = Path(bundle_place(system)).with_suffix(end)
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(HERE.artifacts / place, folder / place)
    return folder / bundle_place(system)


def test_the_shipped_bundle_stands_before_the_users_own(empty):
    assert find_bundle("mfcc_cnn", empty) is None
    own = put(empty, "mfcc_cnn", empty.runs / "default")
    assert find_bundle("mfcc_cnn", empty) == own
    assert open_bundle("mfcc_cnn", project=empty)["card"]["name"] == "mfcc_cnn"
    shipped = put(empty, "mfcc_cnn", empty.artifacts)
    assert find_bundle("mfcc_cnn", empty) == shipped


def test_the_one_that_needs_no_pickle_comes_first(empty):
    place = put(empty, "mfcc_cnn", empty.artifacts, (".joblib", ".json"))
    assert find_bundle("mfcc_cnn", empty) == place.with_suffix(".joblib")
    put(empty, "mfcc_cnn", empty.runs / "default")  # the user's own stands behind what is shipped
    assert find_bundle("mfcc_cnn", empty) == place.with_suffix(".joblib")
    put(empty, "mfcc_cnn", empty.artifacts)
    assert find_bundle("mfcc_cnn", empty) == place and place.suffix == ".serlib"
    assert bundle_place("conv1d") == "emotion_preprocessing.serlib"


def test_what_is_offered_begins_with_what_answers_unasked(empty):
    systems = offered(empty)
    assert next(iter(systems)) == "any_voice" and set(systems.values()) == {None}
    assert set(systems) == {name for name, system in SYSTEMS.items() if system.offered}
    put(empty, "conv1d", empty.artifacts)
    assert {name for name, path in offered(empty).items() if path} == {"conv1d"}


def test_a_missing_bundle_names_its_command_and_what_is_ready(empty):
    put(empty, "mfcc_cnn", empty.artifacts)
    with pytest.raises(BundleError, match=r"serlib run --system mfcc_lstm\b.*\['mfcc_cnn'\]"):
        open_bundle("mfcc_lstm", project=empty)
    with pytest.raises(BundleError, match="serlib run --system any_voice"):
        open_bundle(project=empty)


def test_a_system_that_does_not_predict_lists_those_that_do(empty):
    for name in ("resnet", "majority"):
        with pytest.raises(
            SerlibError, match=rf"Bad system '{name}', expected one of \['any_voice', "
        ):
            open_bundle(name, project=empty)


def test_a_bundle_of_another_system_is_refused():
    path = find_bundle("mfcc_cnn")
    with pytest.raises(BundleError, match="'mfcc_cnn', expected one of 'cnn_lstm'"):
        open_bundle("cnn_lstm", path)
    assert open_bundle(path=path)["card"]["name"] == "mfcc_cnn"
