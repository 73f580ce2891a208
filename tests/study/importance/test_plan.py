"""What is asked within a budget, by a clock that is moved by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from palate.budget import Budget
from palate.errors import Refused
from palate.progress import Stopwatch
from palate.runs.importance_rows import Words
from palate.study.importance.budget import Asking, Problems, Terms
from palate.study.importance.illustrated import in_time
from palate.study.importance.plan import Plan, Wanted, check, planned
from palate.study.recorded import Costs
from palate.tables.block_question import CONDITIONAL, DROPPED, PERMUTED, SHARED_OUT
from palate.tables.importance_problem import Blocks, ImportanceProblem
from palate.testing.explainer import known_problem

ALL = Plan(cases=500, repeats=2, refits=True, conditional=True, shares=True)


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    time: float = 0.0

    def __call__(self) -> float:
        return self.time


@dataclass(frozen=True)
class Slow:
    """A predictor that takes a second."""

    clock: Clock
    predict: object

    def __call__(self, blocks: Blocks) -> np.ndarray:
        self.clock.time += 1.0
        return self.predict(blocks)  # type: ignore[operator, no-any-return]


def _problems(clock: Clock) -> Problems:
    known = known_problem(1)
    problem = ImportanceProblem(
        known.blocks,
        Slow(clock, known.predict),
        known.question,
        reference=known.reference,
        learner=lambda names: Slow(clock, known.learner(names)),  # type: ignore[misc]
    )
    return Problems(problem, problem, (), None)


def _asked(budget: float) -> tuple[float, set[str], dict[str, str]]:
    clock = Clock()
    asking = Asking(ALL, Budget(budget, clock), Stopwatch())
    found = asking.study(_problems(clock), Terms(0, 0.1, force=True))
    methods = {row.estimate.method for row in found.rows}
    return clock.time, methods, {left.method: left.why for left in asking.left_out}


def test_with_time_for_all_nothing_is_left_out() -> None:
    _, methods, left = _asked(10_000)
    assert methods == {PERMUTED, CONDITIONAL, DROPPED, SHARED_OUT}
    assert not left


@pytest.mark.parametrize("budget", [5, 10, 20, 30])
def test_what_is_finished_stays_and_what_is_not_is_said(budget: float) -> None:
    spent, _, left = _asked(budget)
    assert spent <= budget
    assert "no time was left" in left[SHARED_OUT]


def test_what_is_expected_to_end_too_late_is_not_begun() -> None:
    clock = Clock()
    costs = Costs(rebuild=20.0, case=0.0, refit=30.0)
    asking = Asking(ALL, Budget(100.0, clock), Stopwatch(), costs)
    found = asking.study(_problems(clock), Terms(0, 0.1, force=True))
    assert {row.estimate.method for row in found.rows} == {DROPPED, PERMUTED, CONDITIONAL}
    left = {one.method: one.why for one in asking.left_out}
    assert left == {SHARED_OUT: "no time was left"}
    clock.time = 50.0  # of the 84 s for questions 34 are left: a refit fits, two exchanges do not
    again = Asking(ALL, asking.budget, Stopwatch(), costs)
    again.study(_problems(clock), Terms(0, 0.1, force=True))
    names = ", ".join(known_problem(1).blocks)
    assert {one.method: one.why for one in again.left_out}[PERMUTED] == (
        f"no time was left for {names}"
    )
    assert clock.time <= 84.0


def test_a_longer_unit_than_planned_counts_for_the_next_one() -> None:
    clock = Clock()
    words = [Words(name) for name in "abcd"]

    def made() -> Iterator[Words]:
        for seconds, one in zip((4.0, 1.0, 1.0, 1.0), words, strict=True):
            clock.time += seconds
            yield one

    budget = Budget(8.0, clock)
    # after two of them five seconds are gone, and the next one may take four again
    assert in_time(made(), budget, budget.fits) == (tuple(words[:2]), False)
    clock.time = 0.0
    budget = Budget(100.0, clock)
    assert in_time(made(), budget, budget.fits) == (tuple(words), True)


def test_what_decides_is_asked_first() -> None:
    _, methods, left = _asked(12)
    assert DROPPED in methods
    assert CONDITIONAL in left


@given(
    seconds=st.floats(1, 1000),
    rebuild=st.floats(0.001, 5),
    case=st.floats(1e-5, 0.01),
    refit=st.floats(0.001, 50),
    blocks=st.integers(2, 9),
    cases=st.integers(50, 5000),
    known=st.booleans(),
)
def test_a_plan_never_costs_more_than_there_is(
    seconds: float,
    rebuild: float,
    case: float,
    refit: float,
    blocks: int,
    cases: int,
    known: bool,
) -> None:
    costs, wanted = Costs(rebuild, case, refit), Wanted(blocks, cases, known)
    smallest = (2 * blocks + 1) * (rebuild + min(cases, 200) * case)
    assume(smallest <= seconds)
    plan = planned(seconds, costs, wanted, Budget(seconds, Clock()))
    fits = blocks * plan.refits + (2**blocks - blocks - 2) * plan.shares
    exchanges = blocks * plan.repeats * (1 + plan.conditional)
    one = plan.cases * case
    total = fits * (refit + one) + exchanges * (rebuild + one)
    assert total <= seconds * 1.01
    assert plan.cases <= cases
    assert not (known and plan.refits)


def test_time_that_went_to_reading_is_refused_with_a_budget_that_would_do() -> None:
    clock = Clock()
    budget = Budget(60.0, clock)
    check(budget, "reading the run")
    clock.time = 50.0
    with pytest.raises(Refused, match="reading the run took 50 s") as refused:
        check(budget, "reading the run")
    assert "--budget 200" in refused.value.next_step


def test_what_is_expected_to_take_too_long_is_refused_before_it_is_begun() -> None:
    clock = Clock()
    budget = Budget(60.0, clock)
    clock.time = 2.0
    check(budget, "reading the run", 40.0)
    with pytest.raises(Refused, match="the least that can be examined about 50 s more") as refused:
        check(budget, "reading the run", 50.0)
    needed = Budget(float(refused.value.next_step.split()[2].rstrip(",")), clock)
    clock.time += 2.0
    check(needed, "reading the run", 50.0)


def test_more_time_asks_more() -> None:
    costs, wanted = Costs(0.1, 0.001, 0.5), Wanted(2, 2000, known=False)
    plans = [planned(s, costs, wanted, Budget(s, Clock())) for s in (2, 12, 30, 100)]
    assert [p.cases for p in plans] == sorted(p.cases for p in plans)
    assert plans[-1] == Plan(2000, 5, True, True, True)
    assert not plans[0].shares


def test_the_refusal_names_a_budget_that_would_do() -> None:
    costs, wanted = Costs(3.0, 0.001, 1.0), Wanted(4, 2000, known=True)
    with pytest.raises(Refused) as refused:
        planned(5.0, costs, wanted, Budget(5.0, Clock()))
    needed = int(refused.value.next_step.split()[2].rstrip(","))
    planned(0.8 * needed, costs, wanted, Budget(needed, Clock()))
