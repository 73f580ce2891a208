"""Drop and refit: what a model loses that never had the block."""

from __future__ import annotations

import time
from dataclasses import dataclass

from palate.errors import Refused
from palate.inference import clustered
from palate.tables.block_question import DROPPED, REMAINS
from palate.tables.importance_problem import ImportanceEstimate, ImportanceProblem, Learner


@dataclass(frozen=True)
class DropSettings:
    """Nothing to choose."""


class DropAndRefit:
    """The model is fitted again without the block, and evaluated on the same held-out observations.

    The nearest answer to "what if we stopped paying for it". Zero means *replaceable*, not
    *useless*: of two copies each has importance zero. Less powerful for single columns than
    `explain.conditional.v1`. The interval speaks of other users, not of other training sets.

    Args:
        settings: Nothing to choose.

    Cost: one fit a block, and one for the whole.

    Lei et al., Distribution-free predictive inference for regression, JASA 2018 (leave one
    covariate out).
    """

    Settings = DropSettings

    def __init__(self, settings: DropSettings | None = None) -> None:
        self.settings = settings or DropSettings()

    def estimate(self, problem: ImportanceProblem, seed: int) -> tuple[ImportanceEstimate, ...]:
        """One row a block."""
        learner = needs_learner(problem, DROPPED)
        whole = problem.gains(problem.blocks)
        rows = []
        for name in problem.names:
            start = time.perf_counter()
            rest = {other: X for other, X in problem.blocks.items() if other != name}
            without = problem.question.gains(learner(tuple(rest))(rest))
            # paired: both models are measured on the same observations
            found = clustered(whole - without, problem.question.cluster)
            spent = time.perf_counter() - start
            metric = problem.question.metric
            rows.append(
                ImportanceEstimate(
                    name,
                    DROPPED,
                    REMAINS,
                    metric,
                    found,
                    spent,
                )
            )
        return tuple(rows)


def needs_learner(problem: ImportanceProblem, method: str) -> Learner:
    """the problem's learner.

    Raises:
        Refused: The problem cannot be fitted again.
    """
    if problem.learner is None:
        raise Refused(
            f"{method} fits the model again, and this one comes without a way to do so",
            where="problem.learner",
            next_step="give a learner, or use explain.conditional.v1",
        )
    return problem.learner
