"""Files are whole or not there, and equal content is equal bytes."""

import errno
import json
import resource
import zipfile

import numpy as np
import pytest
import soundfile as sf

from serlib.errors import SerlibError
from serlib.files import repack, replacing, sha256, write_json


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
        assert not path.exists()
    assert path.read_text() == "whole" and list(path.parent.iterdir()) == [path]
    assert path.stat().st_mode & 0o777 == 0o644  # temporary files are for their owner alone


def test_json_is_sorted_and_the_checksum_is_sha256(tmp_path):
    path = tmp_path / "a.json"
    write_json(path, dict(b=[1, float("nan")], a="é"))
    read = json.loads(path.read_text(), parse_constant=pytest.fail)  # NaN is no JSON
    assert list(read) == ["a", "b"] and read["b"] == [1, None]
    (tmp_path / "abc").write_text("abc")  # FIPS 180-4's own example
    assert sha256(tmp_path / "abc").startswith("ba7816bf8f01cfea414140de5dae2223b00361a3")


def archive(path, members, **info):
    """Write a ZIP archive, its members as of a day."""
    with zipfile.ZipFile(path, "w") as file:
        for name, content in members.items():
            file.writestr(zipfile.ZipInfo(name, **info), content)
    return path


def test_archives_of_equal_content_are_equal_bytes_whenever_written(tmp_path):
    members = {"a.json": b"{}", "deep/b.bin": bytes(1000)}
    first = archive(tmp_path / "1.zip", members, date_time=(2020, 1, 1, 0, 0, 0))
    turned = dict(reversed(members.items()))
    second = archive(tmp_path / "2.zip", turned, date_time=(2026, 5, 4, 3, 2, 2))
    assert first.read_bytes() != second.read_bytes()
    for path in (first, second):
        repack(path, {})
    assert first.read_bytes() == second.read_bytes()
    assert first.stat().st_size < 1000  # packed
    with zipfile.ZipFile(first) as file:
        assert {name: file.read(name) for name in file.namelist()} == members


def test_members_are_replaced_and_the_others_stay(tmp_path):
    path = archive(tmp_path / "a.zip", {"a": b"old", "b": b"stays"})
    repack(path, {"a": b"new"})
    with zipfile.ZipFile(path) as file:
        assert {name: file.read(name) for name in file.namelist()} == {"a": b"new", "b": b"stays"}


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_is_told_in_a_sentence_and_the_old_file_is_whole(tmp_path, number):
    path = tmp_path / "a.json"
    path.write_text("old")
    with pytest.raises(SerlibError, match=r"a\.json: there is no room"), replacing(path) as new:
        new.write_text("half")
        raise OSError(number, "no")
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def _hides_why(path):
    """Write more than fits, as libraries do whose error has no number."""
    try:
        path.write_bytes(bytes(100_000))
    except OSError:
        raise ValueError("write failed") from None


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("a.npy", lambda path: np.save(path, np.ones(10_000))),
        ("a.wav", lambda path: sf.write(path, np.ones(100_000), 22050)),
        ("a.json", _hides_why),
    ],
)
def test_a_quota_is_told_although_a_library_hides_it(tmp_path, name, write):
    path, before = tmp_path / name, resource.getrlimit(resource.RLIMIT_FSIZE)
    path.write_text("old")
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        with pytest.raises(SerlibError, match="there is no room"), replacing(path) as new:
            write(new)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_an_error_without_a_number_stays_what_it_is(tmp_path):
    with pytest.raises(ValueError, match="write failed"), replacing(tmp_path / "a.json"):
        raise ValueError("write failed")


def test_what_fails_for_another_reason_says_so(tmp_path):
    with pytest.raises(PermissionError), replacing(tmp_path / "a.json"):
        raise PermissionError(errno.EACCES, "no")
