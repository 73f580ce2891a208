"""Permutation importance, plain and conditional: what the model loses when a block changes
hands.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Annotated

from annotated_types import Ge

from palate.perturbation.loss import exchange_loss
from palate.perturbation.sampler import RidgeSampler, RidgeSettings, Sampler
from palate.tables.block_question import CARRIES, CONDITIONAL, PERMUTED, USES
from palate.tables.importance_problem import ImportanceEstimate, ImportanceProblem


@dataclass(frozen=True)
class PermutationSettings:
    """How often values are exchanged."""

    repeats: Annotated[int, Ge(1)] = 5
    """Draws, averaged; more make the value steadier, and cost a prediction each."""


class Permutation:
    """Whole values change hands; answers only whether *this model uses* the block.

    A copy of a useful block looks useful too, and rows are made that never occur (a warning says
    how many). To know whether a block is worth paying for, use `explain.conditional.v1` or
    `explain.drop.v1`.

    Args:
        settings: See `PermutationSettings`.

    Cost: `repeats` predictions a block.

    Fisher, Rudin & Dominici, All models are wrong, but many are useful, JMLR 2019.
    """

    Settings = PermutationSettings

    def __init__(self, settings: PermutationSettings | None = None) -> None:
        self.settings = settings or PermutationSettings()

    def estimate(self, problem: ImportanceProblem, seed: int) -> tuple[ImportanceEstimate, ...]:
        """One row a block."""
        return _exchange_all(problem, seed, self.settings.repeats, None, (PERMUTED, USES))


@dataclass(frozen=True)
class ConditionalSettings:
    """How often values are exchanged, and how the others' share is found."""

    repeats: Annotated[int, Ge(1)] = 5
    """Draws, averaged; more make the value steadier, and cost a prediction each."""
    sampler: RidgeSettings = field(default_factory=RidgeSettings)
    """How a block is predicted from the others."""


class Conditional:
    """Only what the other blocks cannot predict is permuted: does the block carry something of its
    own?

    The default question for "which of these are worth having": of a copy and its original,
    whichever says more keeps its value, and noise has none. Two blocks that are almost the same
    take each other's importance away; a warning names them, and they should be examined as one
    group.

    Args:
        settings: See `ConditionalSettings`.

    Cost: one ridge and `repeats` predictions a block.

    Strobl et al., Conditional variable importance for random forests, BMC Bioinformatics 2008;
    Ewald et al., A guide to feature importance methods for scientific inference, 2024.
    """

    Settings = ConditionalSettings

    def __init__(self, settings: ConditionalSettings | None = None) -> None:
        self.settings = settings or ConditionalSettings()

    def estimate(self, problem: ImportanceProblem, seed: int) -> tuple[ImportanceEstimate, ...]:
        """One row a block."""
        sampler = RidgeSampler(self.settings.sampler)
        return _exchange_all(problem, seed, self.settings.repeats, sampler, (CONDITIONAL, CARRIES))


def _exchange_all(
    problem: ImportanceProblem,
    seed: int,
    repeats: int,
    sampler: Sampler | None,
    words: tuple[str, str],
) -> tuple[ImportanceEstimate, ...]:
    # once for all blocks: each loss is a difference to these, observation by observation
    gains = problem.gains(problem.blocks)
    rows = []
    for name in problem.names:
        start = time.perf_counter()
        found = exchange_loss(problem, name, seed, repeats, sampler, gains)
        spent = time.perf_counter() - start
        rows.append(
            ImportanceEstimate(
                name,
                *words,
                problem.question.metric,
                found,
                spent,
            )
        )
    return tuple(rows)
