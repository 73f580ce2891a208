"""What came of the lists of each variant, user by user."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

import numpy as np
from scipy import special

from palate.evaluate.intervals import Clusters
from palate.evaluate.user_means import UserMean
from palate.serve.experiments.experiment import Experiment

LEVEL: Final = 0.95
Verdict: TypeAlias = Literal["too early", "better", "worse", "no difference shown"]


@dataclass
class OfUser:
    """One user's lists.

    Attributes:
        lists: How many were shown.
        successes: How many of them led to an action.
        actions: Actions that they led to.
    """

    lists: int = 0
    successes: int = 0
    actions: int = 0


@dataclass(frozen=True)
class VariantFigures:
    """How a variant does.

    Attributes:
        variant: The model.
        users: Users with a list.
        lists: Lists that were shown.
        successes: Lists that led to an action.
        actions: Actions.
        rate: Share of lists that led to an action; NaN without lists.
        low: Lower end of its 95 % interval over users; NaN with fewer than five.
        high: Upper end.
        difference: From the first variant's rate; 0 for the first one.
        difference_low: Lower end of its interval, corrected for several variants.
        difference_high: Upper end.
        verdict: What one look at the planned size says.
    """

    variant: str
    users: int
    lists: int
    successes: int
    actions: int
    rate: float
    low: float
    high: float
    difference: float
    difference_low: float
    difference_high: float
    verdict: Verdict


@dataclass(frozen=True)
class Shares:
    """How the users were split, beside how they should have been.

    Attributes:
        users: Users that count, all variants together.
        p: Chance of such shares or less likely ones if the split is right; below .001 something
            drops users of one variant, and no figure is to be believed.
    """

    users: int
    p: float


@dataclass
class Counts:
    """All variants.

    Attributes:
        users: VariantShare -> user -> their lists.
    """

    users: dict[str, dict[str, OfUser]] = field(default_factory=dict)

    def of(self, experiment: Experiment, user: str) -> OfUser | None:
        """A user's lists; None for one who came when there were enough."""
        own = self.users.setdefault(experiment.variant_of(user), {})
        if user not in own:
            if self.n_users() >= experiment.planned_users:
                return None
            own[user] = OfUser()
        return own[user]

    def n_users(self) -> int:
        """Users that count."""
        return sum(map(len, self.users.values()))

    def split(self, experiment: Experiment) -> Shares:
        """See `Shares`."""
        seen = [len(self.users.get(one.model, {})) for one in experiment.variants]
        total = sum(seen)
        if not total:
            return Shares(total, 1.0)
        wanted = [one.share * total for one in experiment.variants]
        # Pearson's test; scipy.stats would take as long to import as all else of a service
        squares = sum((n - w) ** 2 / w for n, w in zip(seen, wanted, strict=True))
        return Shares(total, float(special.chdtrc(len(seen) - 1, squares)))

    def figures(self, experiment: Experiment) -> list[VariantFigures]:
        """Of each variant. The intervals are of one look at the planned size: who looks again and
        again, and stops when it suits, is wrong more often than 1 time in 20.
        """
        complete = self.n_users() >= experiment.planned_users
        others = len(experiment.variants) - 1
        means = [self._mean(one.model) for one in experiment.variants]
        family = [_interval(mean, 1 - (1 - LEVEL) / max(others, 1)) for mean in means]
        found = []
        for one, mean, own in zip(experiment.variants, means, family, strict=True):
            lists = list(self.users.get(one.model, {}).values())
            first = one is experiment.variants[0]
            apart = (0.0, 0.0, 0.0) if first else _apart(own, family[0])
            found.append(
                VariantFigures(
                    one.model,
                    len(lists),
                    sum(u.lists for u in lists),
                    sum(u.successes for u in lists),
                    sum(u.actions for u in lists),
                    *_interval(mean, LEVEL),
                    *apart,
                    _verdict(complete, *apart[1:], first),
                )
            )
        return found

    def _mean(self, variant: str) -> tuple[float, UserMean | None]:
        """The rate, and what infers it."""
        own = self.users.get(variant, {}).values()
        total = np.array([[u.successes] for u in own], np.float64).reshape(-1, 1)
        count = np.array([[u.lists] for u in own], np.float64).reshape(-1, 1)
        if not len(count):
            return math.nan, None
        clusters = Clusters(total, count)
        figures, parts = clusters.of_users(0)
        return float(clusters.mean()[0]), UserMean.of_figures(figures, 0.0, 1.0, parts)


def _interval(mean: tuple[float, UserMean | None], level: float) -> tuple[float, float, float]:
    rate, infers = mean
    low, high = (math.nan, math.nan) if infers is None else infers.interval(level)
    return rate, low, high


def _apart(
    one: tuple[float, float, float], first: tuple[float, float, float]
) -> tuple[float, float, float]:
    """Difference of two independent rates, with an interval made of theirs.

    Newcombe, Interval estimation for the difference between independent proportions, Statistics in
    Medicine 1998 (method 10; Zou & Donner 2008 for any pair of intervals).
    """
    (a, a_low, a_high), (b, b_low, b_high) = one, first
    return (
        a - b,
        a - b - math.hypot(a - a_low, b_high - b),
        a - b + math.hypot(a_high - a, b - b_low),
    )


def _verdict(complete: bool, low: float, high: float, first: bool) -> Verdict:
    if not complete:
        return "too early"
    if not first and low > 0:
        return "better"
    return "worse" if not first and high < 0 else "no difference shown"


def plain_number(value: float) -> float | None:
    """As JSON has it: None for what is no number."""
    return round(value, 6) if math.isfinite(value) else None
