"""Drop and refit: what a model loses that never had the block."""

from __future__ import annotations

import time
from dataclasses import dataclass

from palate.errors import Refused
from palate.inference import clustered
from palate.tables.importance_problem import ImportanceEstimate, ImportanceProblem, Learner

LOST = "What would be lost without it?"


@dataclass(frozen=True)
class DropSettings:
    """Nothing to choose."""


class DropAndRefit:
    """The model is fitted anew without the block, and judged on the same held-out observations.

    The nearest answer to "what if we stopped paying for it". Zero means *replaceable*, not
    *useless*: of two copies each is worth nothing. Less powerful for single columns than
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

    def estimate(self, subject: ImportanceProblem, seed: int) -> tuple[ImportanceEstimate, ...]:
        """One row a block."""
        learner = needs_learner(subject, "drop and refit")
        whole = subject.gains(subject.blocks)
        rows = []
        for name in subject.blocks:
            start = time.perf_counter()
            rest = {other: X for other, X in subject.blocks.items() if other != name}
            without = subject.question.gains(learner(tuple(rest))(rest))
            found = clustered(whole - without, subject.question.cluster)
            spent = time.perf_counter() - start
            metric = subject.question.metric
            rows.append(
                ImportanceEstimate(
                    name,
                    "drop and refit",
                    LOST,
                    metric,
                    found.value,
                    found.low,
                    found.high,
                    found.p,
                    spent,
                    found.error,
                )
            )
        return tuple(rows)


def needs_learner(subject: ImportanceProblem, method: str) -> Learner:
    """The subject's learner.

    Raises:
        Refused: The subject cannot be fitted anew.
    """
    if subject.learner is None:
        raise Refused(
            f"{method} fits the model anew, and this one comes without a way to do so",
            where="subject.learner",
            next_step="give a learner, or ask explain.conditional.v1",
        )
    return subject.learner
