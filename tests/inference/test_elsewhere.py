"""A bundle that is loaded once answers in every kind of process and thread, and never hangs."""

import subprocess
import sys

import pytest

LIMIT = 240  # s, against a wait that has no end; a busy machine needs its time


@pytest.mark.parametrize("way", ["forked", "meanwhile", "anew", "threads", "server"])
def test_a_bundle_that_is_loaded_answers_elsewhere(way):
    if way in ("forked", "meanwhile", "server") and sys.platform == "win32":
        pytest.skip("no forks here")
    command = [sys.executable, "-m", "tests.inference.elsewhere", way]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT)
    assert (ended.stdout, ended.returncode) == ("same\n", 0), ended.stderr
