import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from distributed import LocalCluster

from serlib.errors import SerlibError
from serlib.features.whisper import ENCODER
from serlib.paths import Project
from serlib.workers import CLUSTER, ahead, each, interpreter, lent, spread


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


def squared(number, marker):
    """Kill the worker that is the first to come to 7, once."""
    if number == 7 and not Path(marker).exists():
        Path(marker).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number**2


@pytest.fixture(scope="module")
def cluster():
    how = dict(n_workers=3, threads_per_worker=1, dashboard_address=None)
    with LocalCluster(**how) as cluster:
        yield cluster.scheduler_address


def test_a_cluster_gives_the_same_in_order_though_a_worker_is_killed(
    cluster, tmp_path, monkeypatch
):
    monkeypatch.setenv(CLUSTER, cluster)
    found = list(each(squared, [(k, tmp_path / "killed") for k in range(60)], desc=""))
    assert found == [k**2 for k in range(60)]
    assert (tmp_path / "killed").exists()


def test_an_error_on_a_cluster_is_that_of_the_function(cluster, monkeypatch):
    monkeypatch.setenv(CLUSTER, cluster)
    with pytest.raises(ZeroDivisionError):
        list(spread(divmod, [(1, 1), (1, 0)]))


def test_a_cluster_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setenv(CLUSTER, "tcp://127.0.0.1:9")
    with pytest.raises(SerlibError, match=r"--dask tcp://127.0.0.1:9: no scheduler answers"):
        list(spread(divmod, [(1, 1)]))


def test_without_dask_its_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    monkeypatch.setenv(CLUSTER, "tcp://127.0.0.1:9")
    with pytest.raises(SerlibError, match=r"\[dask\]"):
        list(spread(divmod, [(1, 1)]))


def test_what_is_lent_is_made_as_often_as_it_is_used_at_once():
    made = []

    @lent
    def thing():
        made.append(object())
        return made[-1]

    def use(_=None):
        with thing() as one:
            return one

    assert {*map(use, range(3)), *ThreadPoolExecutor(3).map(lambda _: use(), [0])} == {*made}
    assert len(made) == 1
    with thing() as one, thing() as other:
        assert one is not other and len(made) == 2
    with pytest.raises(ValueError, match="broken"), thing():
        raise ValueError("broken")
    assert use() in made and len(made) == 2
    with thing() as one, thing():
        assert one in made and len(made) == 3  # what failed is not lent again
