"""Which recordings a folder holds."""

import os
from pathlib import Path

import pytest

from serlib.audio import recordings, recordings_below
from serlib.recordings.answers import absent
from tests.conftest import write_clip


def test_folders_are_searched_behind_links_once(tmp_path):
    apart = write_clip(tmp_path / "apart" / "a.flac")
    root = tmp_path / "root"
    (root / ".hidden").mkdir(parents=True)
    write_clip(root / ".hidden" / "b.wav")
    (root / "link").symlink_to(apart.parent)
    (root / "again").symlink_to(apart.parent)
    (apart.parent / "loop").symlink_to(root)
    (root / "notes.txt").write_text("no recording")
    found = [*recordings_below(root)]
    assert len(found) == 1 and Path(found[0]).samefile(apart)


def test_a_pipe_in_a_folder_is_not_waited_for(tmp_path):
    clip = str(write_clip(tmp_path / "a.wav"))
    os.mkfifo(tmp_path / "b.wav")
    assert [*recordings_below(tmp_path)] == recordings([str(tmp_path)]) == [clip]


@pytest.mark.skipif(os.access("/root", os.W_OK), reason="may read whatever is closed")
def test_a_folder_that_cannot_be_read_is_reported(tmp_path):
    clip, closed = str(write_clip(tmp_path / "a.wav")), tmp_path / "closed"
    closed.mkdir(mode=0)
    found = recordings([str(tmp_path)])
    assert found == [clip, str(closed)]
    assert "Permission denied" in str(absent(found)[str(closed)])


def test_a_folder_whose_reading_fails_is_reported(tmp_path, monkeypatch):
    """The same where whoever tests may read everything."""
    clip, closed = str(write_clip(tmp_path / "a.wav")), tmp_path / "closed"
    closed.mkdir()
    scan = os.scandir
    refused = PermissionError(13, "Permission denied", str(closed))

    def scandir(path):
        if Path(path) == closed:
            raise refused
        return scan(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert recordings([str(tmp_path)]) == [clip, str(closed)]
