import os

import pytest

from serlib.workers import each


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
