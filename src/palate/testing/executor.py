"""What every executor has to keep: order, the original error, nothing held that is not needed, the
same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from palate.errors import BadInput, SeveralProblems
from palate.execute import Executor
from palate.testing.chunks import drawn, refusing, squared


class ExecutorContract:
    """Subclass it, name the class `Test...`, and give a fixture `executor`."""

    max_ahead = 64
    """How many chunks an executor may take before the first result has been used."""

    @pytest.fixture
    def executor(self) -> Executor:
        """The executor under test."""
        raise NotImplementedError("give a fixture `executor`")

    def test_results_come_in_the_order_of_the_chunks(self, executor: Executor) -> None:
        """Whatever finishes first."""
        assert list(executor.map(squared, range(50))) == [i * i for i in range(50)]

    def test_no_chunks_give_no_results(self, executor: Executor) -> None:
        """An empty job is a job."""
        assert list(executor.map(squared, [])) == []

    def test_it_can_be_used_again(self, executor: Executor) -> None:
        """An executor holds nothing of the job before, not even of one that failed."""
        with pytest.raises(BadInput):
            list(executor.map(refusing, [3]))
        assert list(executor.map(squared, [2])) == [4]

    def test_the_original_error_is_raised_after_the_results_before_it(
        self, executor: Executor
    ) -> None:
        """Type and parts of the error survive the way, and the first in the order of the chunks
        wins.
        """
        results = executor.map(refusing, [1, 2, 3, 5, 7])
        assert [next(results), next(results)] == [1, 2]
        with pytest.raises(BadInput) as info:
            next(results)
        assert (
            info.value.message()
            == "chunk 3: three is not allowed\n  allowed: other numbers\n  next: leave it out"
        )

    def test_errors_of_any_kind_come_through(self, executor: Executor) -> None:
        """Related errors, and errors that are not ours."""
        with pytest.raises(SeveralProblems, match="2 problems"):
            list(executor.map(refusing, [5]))
        with pytest.raises(KeyError, match="seven"):
            list(executor.map(refusing, [7]))

    def test_an_error_of_the_chunks_themselves_comes_through(self, executor: Executor) -> None:
        """A source that fails half-way is not a short source."""

        def source() -> Iterator[int]:
            yield 1
            raise BadInput("the source broke")

        with pytest.raises(BadInput, match="the source broke"):
            list(executor.map(squared, source()))

    def test_kept_open_it_gives_the_same(self, executor: Executor) -> None:
        """Job after job, after one that failed and one that was stopped; nested, and once it is
        closed.
        """
        with executor as kept:
            assert kept is executor
            assert list(executor.map(squared, range(5))) == [0, 1, 4, 9, 16]
            with pytest.raises(BadInput), executor:
                list(executor.map(refusing, [1, 3]))
            stopped = executor.map(squared, range(50))
            assert next(stopped) == 0
            del stopped
            assert list(executor.map(squared, [7])) == [49]
        assert list(executor.map(squared, [6])) == [36]

    def test_opened_and_never_used(self, executor: Executor) -> None:
        """Nothing was started, so nothing has to end."""
        with executor:
            pass

    def test_it_says_how_many_threads_may_work(self, executor: Executor) -> None:
        """At least one."""
        assert executor.threads >= 1

    def test_chunks_are_taken_as_they_are_needed(self, executor: Executor) -> None:
        """A source without an end can be worked on, and stopped."""
        taken: list[int] = []

        def endless() -> Iterator[int]:
            while True:
                taken.append(len(taken))
                yield len(taken) - 1

        results = executor.map(squared, endless())
        assert [next(results) for _ in range(5)] == [0, 1, 4, 9, 16]
        assert len(taken) <= 5 + self.max_ahead
        del results

    def test_the_same_bytes_as_in_this_process(self, executor: Executor) -> None:
        """What depends on the chunk alone does not depend on where it ran."""
        got = [array.tobytes() for array in executor.map(drawn, range(10))]
        assert got == [drawn(i).tobytes() for i in range(10)]
