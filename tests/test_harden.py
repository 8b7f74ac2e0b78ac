"""What `make harden` runs at length, in small: it stays alive, and finds what is there to find."""

import numpy as np
import pytest

from tests.harden import fuzz, mutate, seeds


@pytest.mark.parametrize("kind", ["clips_tables", "bundles"])
def test_damaged_files_are_read_or_refused(kind, tmp_path):
    *_, (_, found) = fuzz.fuzz(0, 5, tmp_path, tmp_path, only=kind)
    assert found["files"] == 8 == found["answered"] + found["refused"] and not found["failed"]
    assert 0 < found["worst_mb"] < 1024


def test_a_crash_is_seen_and_the_next_file_is_read(tmp_path):
    worker = fuzz.Worker("crashes")  # there is no such kind: the process dies at once
    assert "crash" in worker.ask(tmp_path / "a.wav")["wrong"]
    worker.kind = "clips_tables"
    (path,) = seeds.write("clips_tables", 0, tmp_path / "whole")
    assert worker.ask(path)["result"] == "answered"
    worker.end()


def test_whole_files_are_of_many_formats_and_damage_is_of_the_seed():
    whole = seeds.recordings(0)
    assert len(whole) > 35
    contents = list(whole.values())
    first, again, other = (
        [mutate.mutate(c, contents, np.random.default_rng((seed, 1))) for c in contents]
        for seed in (0, 0, 1)
    )
    assert first == again and first != other
    assert all(damaged != content for damaged, content in zip(first, contents, strict=True))
