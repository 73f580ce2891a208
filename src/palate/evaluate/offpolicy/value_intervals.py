"""95 % intervals of a policy's value: users are the independent units."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from palate.arrays import Doubles, Rows
from palate.errors import BadInput
from palate.evaluate.offpolicy.estimators import ValueEstimator
from palate.evaluate.offpolicy.logged import WeightedRounds
from palate.inference import cluster_codes, clustered
from palate.tables.estimate import Estimate

_AT_ONCE = 8
"""Draws that are made together."""


def value_of(rounds: WeightedRounds, estimator: ValueEstimator, level: float = 0.95) -> Estimate:
    """The estimate with its interval.

    The delta method: an estimate is a function of means, so what each round adds to it is known to
    first order, and the rounds of a user are taken as one (`palate.inference.clustered`).

    Args:
        rounds: The log, weighted.
        estimator: The estimator.
        level: Share of such intervals that should hold the true value.

    Returns:
        An estimate; without interval where the estimator has none.

    Raises:
        BadInput: It needs a model of rewards, and there is none.
    """
    columns = _columns(rounds, estimator)
    means = columns.mean(axis=0)
    value = float(estimator.value(means))
    parts = value + (columns - means) @ estimator.gradient(means)
    found = replace(clustered(parts, rounds.user, level), value=value)
    if estimator.has_error:
        return found
    nan = float("nan")
    return replace(found, low=nan, high=nan, p=nan, error=nan)


@dataclass(frozen=True, eq=False)
class DrawnUsers:
    """How often each user was drawn in each of many samples with replacement.

    Attributes:
        codes: int64 [n], the user of each round, from 0 on.
        times: int32 [n_draws, n_users].
    """

    codes: Rows
    times: Rows

    @classmethod
    def of(cls, user: Rows, draws: int, rng: np.random.Generator) -> DrawnUsers:
        """Draw users as often as there are, so many times; cost: n_users * draws."""
        codes = cluster_codes(user)
        n = int(codes.max(initial=-1)) + 1
        times = np.empty((draws, n), np.int32)
        for row in times:
            row[:] = np.bincount(rng.integers(0, n, n), minlength=n)
        return cls(np.asarray(codes), times)

    def values(self, rounds: WeightedRounds, estimator: ValueEstimator) -> Doubles:
        """float64 [n_draws], the estimate of each sample."""
        columns, n_users = _columns(rounds, estimator), self.times.shape[1]
        count = np.bincount(self.codes, minlength=n_users).astype(np.float64)
        sums = [np.bincount(self.codes, column, n_users) for column in columns.T]
        of_user = np.stack([*sums, count], axis=1)
        found = np.empty(len(self.times))
        for start in range(0, len(self.times), _AT_ONCE):
            drawn = self.times[start : start + _AT_ONCE].astype(np.float64) @ of_user
            found[start : start + _AT_ONCE] = estimator.value(drawn[:, :-1] / drawn[:, -1:])
        return found


def percentiles(drawn: Doubles, level: float = 0.95) -> tuple[float, float]:
    """The interval that so large a share of the drawn estimates is in the middle of."""
    tail = 100 * (1 - level) / 2
    low, high = np.nanpercentile(drawn, [tail, 100 - tail])
    return float(low), float(high)


def _columns(rounds: WeightedRounds, estimator: ValueEstimator) -> Doubles:
    if estimator.needs_model and not rounds.modelled:
        raise BadInput(
            "an estimator that needs expected rewards, and there are none",
            where="expected",
            next_step="fit a model of rewards (palate.evaluate.offpolicy.rewards), or take ips",
        )
    return estimator.columns(rounds)
