"""Exact Shapley values of a few groups: the metric shared out fairly among the blocks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations
from math import comb
from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge, Le

from palate.arrays import Doubles
from palate.errors import Refused
from palate.explain.importance.refit import needs_learner
from palate.inference import clustered
from palate.perturbation.exchange import Exchange
from palate.seeding import generator
from palate.tables.block_question import SHARE, SHARED_OUT
from palate.tables.importance_problem import ImportanceEstimate, ImportanceProblem


@dataclass(frozen=True)
class ShapleySettings:
    """What a coalition is, and how many blocks are allowed."""

    by: Literal["refit", "exchange"] = "refit"
    """A coalition is a model fitted on its blocks alone, or the whole model with the other blocks
    exchanged."""
    repeats: Annotated[int, Ge(1)] = 3
    """Draws a coalition, when blocks are exchanged."""
    most_blocks: Annotated[int, Ge(1), Le(14)] = 10
    """More blocks are refused: the number of coalitions doubles with each."""


class GroupShapley:
    """The gain over having no block, shared out so that the shares add up and equal blocks get
    equal shares.

    A copy and its original share their common importance, which no other method here shows; so
    a share is no ground for keeping a block. Nothing is sampled: all 2^n coalitions are evaluated.

    Args:
        settings: See `ShapleySettings`.

    Cost: 2^n fits (`by = "refit"`) or 2^n x `repeats` predictions.

    Shapley, A value for n-person games, 1953; Covert, Lundberg & Lee, Understanding global feature
    contributions with additive importance measures, NeurIPS 2020.
    """

    Settings = ShapleySettings

    def __init__(self, settings: ShapleySettings | None = None) -> None:
        self.settings = settings or ShapleySettings()

    def estimate(self, problem: ImportanceProblem, seed: int) -> tuple[ImportanceEstimate, ...]:
        """One row a block; their sum is the gain of all blocks over none."""
        start = time.perf_counter()
        names = tuple(problem.blocks)
        if len(names) > self.settings.most_blocks:
            raise Refused(
                f"{len(names)} blocks make {2 ** len(names):,} coalitions",
                where="explain.shapley.v1",
                allowed=f"at most {self.settings.most_blocks} blocks",
                next_step="put blocks together into groups, such as all of the text",
            )
        shares = shapley(len(names), self._value(problem, names, seed))
        spent = (time.perf_counter() - start) / max(len(names), 1)
        rows = []
        for j, name in enumerate(names):
            found = clustered(shares[j], problem.question.cluster)
            rows.append(
                ImportanceEstimate(
                    name,
                    SHARED_OUT,
                    SHARE,
                    problem.question.metric,
                    found,
                    spent,
                )
            )
        return tuple(rows)

    def _value(
        self, problem: ImportanceProblem, names: tuple[str, ...], seed: int
    ) -> Callable[[frozenset[int]], Doubles]:
        if self.settings.by == "exchange":
            return lambda members: self._exchanged(problem, names, members, seed)
        learner = needs_learner(problem, "Shapley by refitting")

        def refitted(members: frozenset[int]) -> Doubles:
            kept = tuple(name for j, name in enumerate(names) if j in members)
            if len(kept) == len(names):
                return problem.gains(problem.blocks)
            return problem.question.gains(
                learner(kept)({name: problem.blocks[name] for name in kept})
            )

        return refitted

    def _exchanged(
        self, problem: ImportanceProblem, names: tuple[str, ...], members: frozenset[int], seed: int
    ) -> Doubles:
        """Gains with the blocks outside the coalition exchanged; each block's draws are the same in
        all coalitions.
        """
        draws = []
        for repeat in range(self.settings.repeats if len(members) < len(names) else 1):
            blocks = dict(problem.blocks)
            for j, name in enumerate(names):
                if j not in members:
                    exchange = Exchange.of(problem, name)
                    donor = exchange.draw(generator(seed, "shapley", name, repeat))
                    blocks[name] = exchange.by_owner(problem.blocks[name])[donor][exchange.owner]
            draws.append(problem.gains(blocks))
        return np.asarray(np.mean(draws, axis=0), np.float64)


def shapley(n: int, value: Callable[[frozenset[int]], Doubles]) -> Doubles:
    """float64 [n, m], exact Shapley values of `n` players of a game whose value is an array [m].

    >>> shapley(2, lambda S: np.array([10.0 * (S == {0, 1}) + 2.0 * (0 in S)])).ravel().tolist()
    [7.0, 5.0]
    """
    estimate = {members: np.asarray(value(members), np.float64) for members in coalitions(n)}
    # Less the empty coalition, which changes no share but makes them add up to the gain exactly.
    # 1 / (n C(n - 1, s)) is the chance that in a random order just these s stand before j.
    empty = estimate[frozenset()]
    shares = np.zeros((n, len(empty)))
    for members, w in estimate.items():
        s = len(members)
        for j in range(n):
            # each coalition counts once for those inside (as S + j) and once for those outside (as
            # S)
            if j in members:
                shares[j] += (w - empty) / (n * comb(n - 1, s - 1))
            else:
                shares[j] -= (w - empty) / (n * comb(n - 1, s))
    return shares


def coalitions(n: int) -> Iterator[frozenset[int]]:
    """All 2^n sets of 0 .. n - 1, the smaller ones first."""
    for size in range(n + 1):
        for members in combinations(range(n), size):
            yield frozenset(members)
