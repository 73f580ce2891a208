"""A closer look, on more validation cases, where the first one cannot tell two models apart."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from palate.arrays import Doubles
from palate.budget import Budget
from palate.choose.attempts import Attempts, Candidate
from palate.choose.validation import Fitted, Validation
from palate.inference import mean_and_error
from palate.recipe.graph import reads
from palate.stages import Scorer

MOST: Final = 10_000
"""Validation cases that a closer look has at most."""
UNCLEAR: Final = 2.0
"""Standard errors: a model that is further behind than this needs no closer look."""
BY: Final = 0.6
"""Of the run's time, by when it has to be over: the test users need the rest."""


@dataclass(frozen=True)
class Lead:
    """By how much a model is ahead of another, on the same cases.

    Attributes:
        gain: Mean of the paired differences.
        error: Its standard error.
        n_cases: Cases that measured both.
    """

    gain: float
    error: float
    n_cases: int

    @classmethod
    def of(cls, ahead: Doubles, behind: Doubles) -> Lead:
        """Of values case by case [n], NaN where a model has none."""
        differences = ahead - behind
        n_cases = int(np.count_nonzero(~np.isnan(differences)))
        return cls(*mean_and_error(differences), n_cases)

    @property
    def clear(self) -> bool:
        """Whether it is more than a standard error."""
        return self.gain > self.error

    @property
    def open(self) -> bool:
        """Whether more cases may show one that these do not."""
        return not self.clear and self.gain > -UNCLEAR * self.error

    def sentence(self, name: str, other: str, first: Lead) -> str:
        """What came of looking again, in words."""
        return (
            f"{name} and {other} could not be distinguished on {first.n_cases:,} validation cases;"
            f" on {self.n_cases:,} {name} is {'ahead' if self.gain >= 0 else 'behind'} by"
            f" {abs(self.gain):.4f}, with a standard error of {self.error:.4f}."
        )


def cases_for(first: Lead, seconds: float, needed: float, budget: Budget, there: int) -> int:
    """How many cases a closer look has; 0 where it would have less than twice as many as the first.

    Args:
        first: What the first look found.
        seconds: What it took, fitting included.
        needed: Seconds that have to be left when the closer look is over.
        budget: What is left of the time of the run.
        there: Validation cases that there are.
    """
    left = BY * budget.seconds - budget.spent - needed
    affordable = math.inf if math.isinf(left) else left / max(seconds, 1e-3) * first.n_cases
    cases = int(min(MOST, there, max(affordable, 0)))
    return cases if cases >= 2 * first.n_cases else 0


def look_closer(
    one: Candidate,
    other: Candidate,
    members: Mapping[str, Scorer],
    wide: Validation,
    attempts: Attempts,
) -> Lead | None:
    """The lead of one model over another on more cases, each half of them measured by what was
    chosen on the rest; None where one of them cannot be fitted.

    Args:
        one: The model that may be ahead.
        other: The one that was better or equal so far.
        members: What both are made of, fitted.
        wide: With more cases.
        attempts: Receives a row for each.
    """
    found = []
    for candidate in (one, other):

        def measure(candidate: Candidate = candidate) -> tuple[Doubles, Fitted | None]:
            return _values(candidate, members, wide), candidate.fitted

        name, one_spec, simplicity = candidate.name, candidate.spec, candidate.simplicity
        tried = attempts.tried(name, one_spec, "more cases", simplicity, measure)
        if tried is None:
            return None
        found.append(tried.values)
    return Lead.of(*found)


def _values(candidate: Candidate, members: Mapping[str, Scorer], wide: Validation) -> Doubles:
    names = reads(candidate.spec).members
    if names:
        return wide.values_by_halves(candidate.spec, {name: members[name] for name in names})
    fitted = candidate.fitted
    if fitted is not None and not fitted.scorer.uses_validation:
        return wide.values(fitted.scorer)
    return wide.alone(candidate.spec)[0]
