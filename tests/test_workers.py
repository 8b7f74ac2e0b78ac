import os

import pytest

from serlib.features.whisper import ENCODER
from serlib.paths import Project
from serlib.workers import ahead, each, interpreter


def process(number):
    return number, os.getpid()


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_results_come_in_order_and_the_first_is_of_this_process(n_jobs):
    found = list(each(process, [(k,) for k in range(20)], n_jobs=n_jobs, desc=""))
    assert [number for number, _ in found] == list(range(20))
    assert found[0][1] == os.getpid()
    assert (n_jobs == 1) == ({pid for _, pid in found[1:]} == {os.getpid()})


def test_nothing_to_do_shows_no_bar(capsys):
    assert list(each(process, [], desc="clips")) == []
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("n", [1, 2, 5])
def test_what_is_computed_ahead_comes_in_order_and_not_all_at_once(n):
    begun = []

    def double(k):
        begun.append(k)
        return 2 * k

    found = ahead(double, iter(range(100)), n=n)
    assert [next(found) for _ in range(3)] == [0, 2, 4] and len(begun) <= 3 + 2 * n
    assert list(found) == list(range(6, 200, 2)) and sorted(begun) == list(range(100))


def test_an_error_ahead_comes_in_its_turn():
    found = ahead(lambda k: 1 // k, [1, 1, 0, 1], n=2)
    assert [next(found), next(found)] == [1, 1]
    with pytest.raises(ZeroDivisionError):
        next(found)


def test_interpreters_made_at_one_time_leave_standard_error_as_it_was(capfd):
    encoder = str(Project.here().artifacts / ENCODER)
    made = list(ahead(interpreter, [encoder] * 6, n=3))
    os.write(2, b"after\n")
    assert len(made) == 6 and capfd.readouterr().err == "after\n"
