from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Lock

import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from palate.errors import BadRecipe, WorkerLost
from palate.execute import (
    Inline,
    OnRay,
    Processes,
    executor,
    on_all_cores,
    processes,
    usable_cores,
)
from palate.testing.chunks import counted, killed_at_two, process_of, squared, stubborn


def test_a_recipe_names_the_executor() -> None:
    assert isinstance(executor(), Inline)
    assert isinstance(executor("inline"), Inline)
    assert executor("processes", 3) == Processes(3)
    assert executor("ray", 3, "auto") == OnRay("auto", 3)


def test_an_address_is_for_a_cluster_alone() -> None:
    with pytest.raises(BadRecipe, match='"processes" takes no address'):
        executor("processes", 2, "auto")


def test_an_unknown_executor_is_refused() -> None:
    with pytest.raises(BadRecipe, match='there is no executor "threads"') as info:
        executor("threads")  # type: ignore[arg-type]
    assert info.value.allowed == "inline, processes, ray"


def test_a_negative_number_of_workers_is_refused() -> None:
    with pytest.raises(BadRecipe, match="-1 workers"):
        executor("processes", -1)


def test_inline_does_nothing_before_it_is_asked() -> None:
    done: list[int] = []
    results = Inline().map(done.append, [1, 2, 3])
    assert done == []
    next(results)
    assert done == [1]


def test_work_is_done_in_other_processes() -> None:
    ran = set(Processes(1).map(process_of, range(4)))
    assert len(ran) == 1
    assert os.getpid() not in ran


def test_no_workers_named_means_one_for_each_core_that_may_be_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert usable_cores() == len(os.sched_getaffinity(0))
    monkeypatch.delattr(os, "sched_getaffinity")
    assert usable_cores() == os.cpu_count()
    monkeypatch.setattr(processes, "usable_cores", lambda: 1)
    assert len(set(Processes().map(process_of, range(6)))) == 1


def test_a_killed_worker_is_told_plainly() -> None:
    results = Processes(1).map(killed_at_two, range(4))
    with pytest.raises(WorkerLost, match="a worker process ended without an answer") as info:
        list(results)
    assert "fewer workers" in info.value.next_step
    assert "__main__" in info.value.next_step


def test_an_answer_that_cannot_travel_back_is_told_plainly() -> None:
    with pytest.raises(WorkerLost, match=r"could not be read: .*Stubborn") as info:
        list(Processes(1).map(stubborn, [1]))
    assert "inline" in info.value.next_step


def test_kept_workers_are_used_again_and_end_with_the_outermost_with() -> None:
    work = Processes(1)
    with work:
        first = set(work.map(process_of, range(2)))
        with work:
            assert set(work.map(process_of, range(2))) == first
        assert set(work.map(process_of, range(2))) == first
    (worker,) = first
    assert _ended(worker)
    assert set(work.map(process_of, [0])) != first
    assert work == Processes(1)


def test_kept_workers_that_died_are_started_anew() -> None:
    with Processes(1) as work:
        with pytest.raises(WorkerLost):
            list(work.map(killed_at_two, range(4)))
        assert list(work.map(squared, [3])) == [9]


def test_kept_workers_do_nothing_that_nobody_waits_for(tmp_path: Path) -> None:
    with Processes(1) as work:
        results = work.map(counted, [(str(tmp_path), i, 0.2) for i in range(50)])
        next(results)
        results.close()  # type: ignore[attr-defined]
        started = time.monotonic()
        assert list(work.map(squared, [3])) == [9]
        assert time.monotonic() - started < 5


def test_threads_take_as_many_parts_at_a_time_as_they_are_given() -> None:
    here, most = Lock(), [0, 0]

    def work(part: int) -> int:
        with here:
            most[0] += 1
            most[1] = max(most)
        time.sleep(0.01)
        with here:
            most[0] -= 1
        return part * part

    assert list(on_all_cores(work, range(12), threads=3)) == [i * i for i in range(12)]
    assert most == [0, 3]
    assert Inline(threads=2).threads == 2
    assert Inline().threads == usable_cores()


def test_stopping_early_ends_the_workers() -> None:
    results = Processes(1).map(process_of, _endless())
    worker = next(results)
    results.close()  # type: ignore[attr-defined]
    assert _ended(worker)


def test_ctrl_c_ends_all_at_once_and_without_a_word_from_the_workers(tmp_path: Path) -> None:
    script = tmp_path / "long_job.py"
    script.write_text(
        "import os, time\n"
        "from palate.execute import Processes\n"
        "def slow(chunk):\n"
        "    os.write(1, b'at work\\n')\n"  # in one piece, whoever else writes
        "    time.sleep(60)\n"
        "if __name__ == '__main__':\n"
        "    try:\n"
        "        list(Processes(2).map(slow, range(4)))\n"
        "    except KeyboardInterrupt:\n"
        "        print('interrupted', flush=True)\n"
    )
    command = [sys.executable, str(script)]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, stdout=pipe, stderr=pipe, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        assert [process.stdout.readline() for _ in range(2)] == ["at work\n"] * 2
        started = time.monotonic()
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=30)
        assert time.monotonic() - started < 10
    assert out == "interrupted\n"
    assert err == ""


def _ended(worker: int) -> bool:
    """Whether it ends within five seconds."""
    for _ in range(100):
        if not _alive(worker):
            return True
        time.sleep(0.05)
    return False


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def _endless() -> Iterator[int]:
    while True:
        yield 1


def blas_threads() -> set[int]:
    """How many threads the BLAS libraries of this process take."""
    return {one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"}


def test_products_take_one_thread_meanwhile_and_as_many_as_before_after() -> None:
    list(on_all_cores(str, [1]))  # all libraries are there
    with threadpool_limits(2, "blas"):
        outer, inner = on_all_cores(str, [1, 2]), on_all_cores(str, [1, 2])
        assert (next(outer), next(inner), blas_threads()) == ("1", "1", {1})
        assert (next(outer), next(outer, None), blas_threads()) == ("2", None, {1})
        inner.close()
        assert blas_threads() == {2}
