"""What came of the lists of each variant, user by user."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

import numpy as np

from palate.evaluate.intervals import Clusters
from palate.evaluate.online.comparison import Difference, differences, sample_ratio
from palate.evaluate.online.users import UserValues
from palate.evaluate.user_means import UserMean
from palate.serve.experiments.experiment import Experiment

LEVEL: Final = 0.95
Verdict: TypeAlias = Literal["too early", "better", "worse", "no difference shown", "stopped"]


@dataclass
class OfUser:
    """One user's lists.

    Attributes:
        lists: How many were shown.
        successes: How many of them led to an action.
        actions: Actions that they led to.
        guarded: How many lists led to an action that guards.
        before: What the user did before the experiment; NaN where it is not known.
    """

    lists: int = 0
    successes: int = 0
    actions: int = 0
    guarded: int = 0
    before: float = math.nan


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
        low: Lower end of its 95 % interval over users, for one look; NaN with fewer than five.
        high: Upper end.
        difference: From the first variant's rate, less what was to be expected of its users before
            (`palate.evaluate.online`); 0 for the first one.
        difference_low: Lower end of an interval that holds for all variants at all looks together;
            NaN while users are few.
        difference_high: Upper end.
        p: Below .05 just where that interval leaves 0 out; 1 for the first one.
        guard: Difference of the share of lists that led to an action that guards; 0 without guards.
        guard_low: Lower end of its interval.
        verdict: What may be said now.
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
    p: float
    guard: float
    guard_low: float
    verdict: Verdict

    @property
    def harmful(self) -> bool:
        """Whether it is clearly worse than the first one, or brings more of what guards."""
        return self.difference_high < 0 or self.guard_low > 0


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
        """See `Shares`; of variants that were not stopped, since of the others no one counts."""
        going = [one for one in experiment.variants if one.model not in experiment.stopped]
        seen = [len(self.users.get(one.model, {})) for one in going]
        total = sum(one.share for one in going)
        p = sample_ratio(seen, [one.share / total for one in going]) if len(going) > 1 else 1.0
        return Shares(self.n_users(), p)

    def figures(self, experiment: Experiment) -> list[VariantFigures]:
        """Of each variant. Differences hold at every look: who looks again and again, and stops
        when it suits, is wrong 1 time in 20 at most.
        """
        values = [self._values(one.model, guards=False) for one in experiment.variants]
        apart = [_SAME, *_apart(values, experiment)]
        guards = [_SAME] * len(values)
        if experiment.guards:
            guarded = [self._values(one.model, guards=True) for one in experiment.variants]
            guards = [_SAME, *_apart(guarded, experiment)]
        complete = self.n_users() >= experiment.planned_users
        return [
            self._figures(one.model, own, guard, _verdict(experiment, one.model, own, complete))
            for one, own, guard in zip(experiment.variants, apart, guards, strict=True)
        ]

    def _figures(
        self, variant: str, apart: Difference, guard: Difference, verdict: Verdict
    ) -> VariantFigures:
        lists = list(self.users.get(variant, {}).values())
        return VariantFigures(
            variant,
            len(lists),
            sum(u.lists for u in lists),
            sum(u.successes for u in lists),
            sum(u.actions for u in lists),
            *_interval(self._mean(variant), LEVEL),
            apart.value,
            _known(apart.low),
            _known(apart.high),
            apart.p,
            guard.value,
            _known(guard.low),
            verdict,
        )

    def _values(self, variant: str, *, guards: bool) -> UserValues:
        own = self.users.get(variant, {}).values()
        value = [u.guarded if guards else u.successes for u in own]
        return UserValues(
            np.array(value, np.float64),
            np.array([u.lists for u in own], np.float64),
            np.array([u.before for u in own], np.float64),
        )

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


_SAME: Final = Difference(0.0, 0.0, 0.0, 1.0)


def _apart(values: list[UserValues], experiment: Experiment) -> list[Difference]:
    return differences(values, 1 - LEVEL, experiment.planned_users)


def _verdict(experiment: Experiment, variant: str, apart: Difference, complete: bool) -> Verdict:
    if variant in experiment.stopped:
        return "stopped"
    if apart.low > 0:
        return "better"
    if apart.high < 0:
        return "worse"
    return "no difference shown" if complete else "too early"


def _known(end: float) -> float:
    """An end of an interval; NaN for none."""
    return end if math.isfinite(end) else math.nan


def plain_number(value: float) -> float | None:
    """As JSON has it: None for what is no number."""
    return round(value, 6) if math.isfinite(value) else None
