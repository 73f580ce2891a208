"""Ray: a cluster of its own, one that runs already, lost workers and lost nodes."""

from __future__ import annotations

import os
import pickle
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from palate.errors import BadInput, BadRecipe, MissingExtra, WorkerLost
from palate.execute import Inline, OnRay, on_ray
from palate.testing.chunks import counted, killed_at_two, process_of, refusing, squared, stubborn

SMALL = {"num_cpus": 1, "object_store_memory": 80_000_000, "include_dashboard": False}


@pytest.fixture
def ray(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    return pytest.importorskip("ray")


@pytest.fixture
def cluster(ray, monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """Three nodes of one core each; this process is connected to the first."""
    from ray.cluster_utils import Cluster

    monkeypatch.setenv("RAY_health_check_period_ms", "500")
    monkeypatch.setenv("RAY_health_check_failure_threshold", "3")
    made = Cluster(initialize_head=True, head_node_args=SMALL)
    for _ in range(2):
        made.add_node(num_cpus=1, object_store_memory=80_000_000)
    made.wait_for_nodes()
    yield made
    ray.shutdown()
    made.shutdown()


def test_without_ray_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "ray", None)
    with pytest.raises(MissingExtra, match="is needed to run chunks on a cluster") as info:
        list(OnRay().map(squared, [1]))
    assert "palate[ray]" in info.value.next_step


@pytest.mark.slow
def test_a_cluster_of_its_own_ends_with_the_work(ray) -> None:
    before, handler = dict(os.environ), signal.getsignal(signal.SIGTERM)
    work = OnRay(workers=1)
    ran = set(work.map(process_of, range(3)))
    assert len(ran) == 1
    assert os.getpid() not in ran
    assert not ray.is_initialized()
    assert dict(os.environ) == before
    assert signal.getsignal(signal.SIGTERM) == handler


@pytest.mark.slow
def test_a_kept_cluster_is_started_once(ray) -> None:
    work = OnRay(workers=1)
    with work:
        first = set(work.map(process_of, range(2)))
        assert ray.is_initialized()
        assert set(work.map(process_of, range(2))) == first
    assert not ray.is_initialized()


class _Ray:
    """As much of Ray as a job needs; chunks are done when they are handed in."""

    cloudpickle = pickle

    class exceptions:
        RayError = OSError

    def __init__(self) -> None:
        self.up = False

    def is_initialized(self) -> bool:
        return self.up

    def shutdown(self) -> None:
        self.up = False

    def cluster_resources(self):
        return {"CPU": 2}

    def put(self, value):
        return value

    def get(self, value):
        return value

    def cancel(self, reference, force: bool) -> None:
        pass

    def remote(self, **settings):
        return lambda function: SimpleNamespace(remote=function)


def test_one_connection_for_all_jobs_of_a_with(monkeypatch: pytest.MonkeyPatch) -> None:
    fake, started = _Ray(), []

    def connect(ray, address, workers) -> None:
        started.append((address, workers))
        ray.up = True

    monkeypatch.setattr(on_ray, "need", lambda *a, **k: fake)
    monkeypatch.setattr(on_ray, "_connect", connect)
    work = OnRay("10.0.0.1:6379", 2)
    assert list(work.map(squared, [1])) + list(work.map(squared, [2])) == [1, 4]
    assert started == [("10.0.0.1:6379", 2)] * 2
    with work:
        assert len(started) == 2, "nothing is started before it is needed"
        for _ in range(3):
            assert list(work.map(squared, [3])) == [9]
        assert (len(started), fake.up) == (3, True)
        fake.shutdown()  # by somebody else
        assert list(work.map(squared, [3])) == [9]
        assert (len(started), fake.up) == (4, True)
    assert not fake.up
    fake.up = True  # a connection that was there before is used and left open
    with work:
        assert list(work.map(squared, [3])) == [9]
    assert (len(started), fake.up) == (4, True)


def test_an_address_where_nobody_answers_is_told(ray) -> None:
    with pytest.raises(BadRecipe, match="no Ray cluster that answers") as info:
        list(OnRay("127.0.0.1:1").map(squared, [1]))
    assert info.value.where == "execute.address"


def test_results_and_errors_are_packed_as_they_are(ray) -> None:
    good = on_ray._attempt(squared, 3)
    assert (good[0], good[2]) == (True, "")
    assert on_ray._result(_Answers(ray), good) == 9
    bad = on_ray._attempt(refusing, 3)
    assert "three is not allowed" in bad[2]
    with pytest.raises(BadInput, match="three is not allowed"):
        on_ray._result(_Answers(ray), bad)
    with pytest.raises(WorkerLost, match=r"could not be read: .*Stubborn"):
        on_ray._result(_Answers(ray), on_ray._attempt(stubborn, 1))
    with pytest.raises(WorkerLost, match="lost with its worker or node"):
        on_ray._result(_Answers(ray), ray.exceptions.WorkerCrashedError())


def test_what_is_under_way_is_bounded_and_ended(ray) -> None:
    told = _Answers(ray)
    results = on_ray._in_order(
        told, lambda chunk: on_ray._attempt(told.seen, chunk), iter(range(100)), 3
    )
    assert [next(results), next(results)] == [0, 1]
    assert len(told.asked) == 5
    results.close()  # type: ignore[attr-defined]
    assert told.cancelled == 3


class _Answers:
    """Ray as far as answers go: a reference is the answer itself, or the error that Ray raises."""

    def __init__(self, ray) -> None:
        self.exceptions, self.cloudpickle = ray.exceptions, ray.cloudpickle
        self.asked: list[int] = []
        self.cancelled = 0

    def get(self, reference):
        if isinstance(reference, Exception):
            raise reference
        return reference

    def cancel(self, reference, force: bool) -> None:
        assert force
        self.cancelled += 1
        raise RuntimeError("done already")

    def seen(self, chunk: int) -> int:
        self.asked.append(chunk)
        return chunk


@pytest.mark.slow
def test_lost_workers_and_lost_nodes(ray, cluster, tmp_path: Path) -> None:
    work = OnRay(cluster.address, retries=2)
    assert list(work.map(squared, range(5))) == [0, 1, 4, 9, 16]
    assert not ray.is_initialized()
    _a_chunk_that_kills_its_worker_runs_out_of_retries(work)
    _an_answer_that_cannot_be_made_again(work)
    _a_killed_node_costs_what_it_had_under_way(cluster, tmp_path)


def _a_chunk_that_kills_its_worker_runs_out_of_retries(work: OnRay) -> None:
    results = work.map(killed_at_two, range(4))
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(WorkerLost, match="lost with its worker or node") as info:
        next(results)
    assert "fewer workers" in info.value.next_step


def _an_answer_that_cannot_be_made_again(work: OnRay) -> None:
    with pytest.raises(WorkerLost, match=r"could not be read: .*Stubborn"):
        list(work.map(stubborn, [1]))


def _a_killed_node_costs_what_it_had_under_way(cluster, folder: Path) -> None:
    n = 24
    chunks = [(str(folder), i, 0.4) for i in range(n)]
    results = OnRay(cluster.address).map(counted, chunks)
    got = [next(results).tobytes() for _ in range(6)]
    node = cluster.list_all_nodes()[-1]
    raylet = next(p.process for p in node.all_processes["raylet"])
    os.kill(raylet.pid, signal.SIGKILL)
    started = time.monotonic()
    got += [array.tobytes() for array in results]
    assert time.monotonic() - started < 90
    (folder / "own").mkdir()
    expected = [
        array.tobytes()
        for array in Inline().map(counted, [(str(folder / "own"), i, 0.0) for i in range(n)])
    ]
    assert got == expected
    times = Counter(int(path.name.partition("-")[0]) for path in folder.glob("*-*"))
    assert set(times) == set(range(n))
    again = sum(times.values()) - n
    assert 1 <= again <= 6  # two for each of the three cores are under way
    assert max(times.values()) <= 3
