"""Blocks that carry something the others do not, with the share of false discoveries under
control.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Annotated

import numpy as np
from annotated_types import Ge, Gt, Le

from palate.inference import benjamini_hochberg, estimate
from palate.perturbation.loss import exchange_loss
from palate.perturbation.problems import of_rows
from palate.perturbation.sampler import RidgeSampler, RidgeSettings
from palate.select.base import BlockSelector
from palate.select.filters import Redundancy, RedundancySettings
from palate.select.learner import Learns, learner
from palate.select.user_folds import folds
from palate.tables.estimate import Estimate
from palate.tables.labelled_rows import LabelledRows


@dataclass(frozen=True)
class ConditionalSettings:
    """Error rate, model, and the filter in front."""

    q: Annotated[float, Gt(0), Le(1)] = 0.1
    """Share of false discoveries allowed among what is kept."""
    model: Learns = "trees"
    """The model that blocks are judged with; "linear" where rows are few or blocks many."""
    repeats: Annotated[int, Ge(2)] = 4
    """Draws of each block."""
    folds: Annotated[int, Ge(2)] = 2
    """Parts of the users; every part is held out once."""
    redundancy: RedundancySettings = field(default_factory=RedundancySettings)
    """Blocks that others predict go first: two that are the same would take each other's importance
    away."""
    sampler: RidgeSettings = field(default_factory=RidgeSettings)
    """How a block is predicted from the others."""


class ConditionalFdr(BlockSelector):
    """The default: conditional permutation importance, cross-fitted over users, Benjamini-Hochberg
    at `q`.

    Of what it keeps, at most a share of `q` is noise or a copy, on average. What it drops may still
    help a little: where nothing costs anything, keep all.

    Args:
        settings: See `ConditionalSettings`.

    Cost: `folds` fits, and `folds` x `repeats` predictions a block.
    """

    Settings = ConditionalSettings

    def __init__(self, settings: ConditionalSettings | None = None) -> None:
        self.settings = settings or ConditionalSettings()

    def choose(self, labelled: LabelledRows, seed: int) -> Collection[str]:
        """Blocks with a significant gain of their own."""
        distinct = Redundancy(self.settings.redundancy).fit(labelled, seed).kept()
        rows = labelled.only(sorted(distinct))
        self.importance_ = self._importance(rows, seed)
        p = benjamini_hochberg([found.p for found in self.importance_.values()])
        return [
            name
            for (name, found), corrected in zip(self.importance_.items(), p, strict=True)
            if corrected <= self.settings.q and found.low > 0
        ]

    def _importance(self, rows: LabelledRows, seed: int) -> dict[str, Estimate]:
        parts: dict[str, list[Estimate]] = {name: [] for name in rows.names}
        for held_out in folds(rows, self.settings.folds, seed, "conditional"):
            problem = of_rows(
                learner(self.settings.model, seed), rows.take(~held_out), rows.take(held_out)
            )
            gains = problem.gains(problem.blocks)
            for name in rows.names:
                sampler = RidgeSampler(self.settings.sampler)
                parts[name].append(
                    exchange_loss(problem, name, seed, self.settings.repeats, sampler, gains)
                )
        return {name: _joined(found) for name, found in parts.items()}


def _joined(parts: list[Estimate]) -> Estimate:
    """The mean of estimates over different users."""
    value = float(np.mean([part.value for part in parts]))
    variance = float(np.mean([part.error**2 for part in parts])) / len(parts)
    return estimate(value, variance, sum(part.n_users for part in parts))
