"""What the run itself says of its blocks, where there is no time for questions of one's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from palate.arrays import Doubles
from palate.explain.importance.caution import few_users
from palate.explain.importance.study import Study
from palate.explain.importance.verdict import Settled, judged
from palate.perturbation.questions import MeasuredQuestion
from palate.runs.importance_rows import LeftOut
from palate.runs.open import OpenedRun
from palate.runs.rows import Comparison
from palate.study.block_answers import settled
from palate.study.importance.budget import Problems
from palate.tables.block_question import CONDITIONAL, PERMUTED, SHARED_OUT
from palate.tables.importance_problem import Blocks, ImportanceProblem


@dataclass(frozen=True)
class Brief:
    """The run's own comparisons as a study.

    Attributes:
        study: The verdicts.
        problems: No content to ask about, and the run's answers.
        left_out: What was not asked.
    """

    study: Study
    problems: Problems
    left_out: tuple[LeftOut, ...]


def brief(run: OpenedRun, rows: Mapping[str, Comparison], ahead: float, budget: float) -> Brief:
    """The verdicts by the run's comparisons alone; nothing is fitted or scored.

    Args:
        run: The run.
        rows: Block -> the model against itself without it.
        ahead: Seconds that the least of the other questions would take.
        budget: Those that there are.
    """
    known = settled(rows)
    problem = _without_content(run, rows, known)
    findings = few_users(problem)
    study = Study(judged((), problem, settled=known), findings, not findings)
    why = f"it would take about {ahead:.0f} s more, and the budget is {budget:g} s"
    left_out = tuple(LeftOut(method, why) for method in (PERMUTED, CONDITIONAL, SHARED_OUT))
    return Brief(study, Problems(problem, problem, known, None), left_out)


def _without_content(
    run: OpenedRun, rows: Mapping[str, Comparison], known: Sequence[Settled]
) -> ImportanceProblem:
    users = min(int(row.n_users or 0) for row in rows.values())
    blocks = {name: run.features.block(name) for name in rows}
    return ImportanceProblem(
        {},
        _nothing,
        MeasuredQuestion(known[0].estimate.metric, np.arange(users, dtype=np.int32)),
        seconds={name: block.seconds for name, block in blocks.items()},
        bytes={name: block.n_bytes for name, block in blocks.items()},
    )


def _nothing(blocks: Blocks, /) -> Doubles:
    return np.empty(0)
