import json

import pytest

from serlib.files import replacing, sha256, write_json


def test_a_failed_write_leaves_the_old_file_and_no_rest(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("old")
    with pytest.raises(RuntimeError), replacing(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_the_temporary_file_keeps_the_suffix_and_lies_beside(tmp_path):
    path = tmp_path / "new" / "model.keras"
    with replacing(path) as temporary:
        assert temporary.suffix == ".keras" and temporary.parent == path.parent
        temporary.write_text("whole")
    assert path.read_text() == "whole"


def test_json_is_sorted_and_the_checksum_is_sha256(tmp_path):
    path = tmp_path / "a.json"
    write_json(path, dict(b=1, a="é"))
    assert list(json.loads(path.read_text())) == ["a", "b"]
    (tmp_path / "abc").write_text("abc")  # FIPS 180-4's own example
    assert sha256(tmp_path / "abc").startswith("ba7816bf8f01cfea414140de5dae2223b00361a3")
