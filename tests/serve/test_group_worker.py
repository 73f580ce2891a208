from __future__ import annotations

import time
from collections.abc import Sequence

from palate.serve.group_worker import GroupWorker


def test_jobs_that_come_while_a_group_gathers_are_done_together() -> None:
    groups = list[list[int]]()

    def work(jobs: Sequence[int]) -> Sequence[int]:
        groups.append(list(jobs))
        return [job + 1 for job in jobs]

    worker = GroupWorker[int, int](work, "test", most=5, gather_seconds=0.2)
    results = []
    for number in range(7):
        results.append(worker.submit(number))
        time.sleep(0.005)
    assert [result.result(10) for result in results] == list(range(1, 8))
    assert groups == [[0, 1, 2, 3, 4], [5, 6]]
    worker.close()


def test_closing_waits_for_what_gathers_and_not_for_more() -> None:
    worker = GroupWorker[int, int](list, "test", gather_seconds=60)
    result, started = worker.submit(3), time.perf_counter()
    worker.close()
    assert result.result(0) == 3
    assert time.perf_counter() - started < 30
