"""Whether a log can tell what another policy would bring: the figures behind the answer, and the
verdict.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from palate.arrays import Doubles, Rows
from palate.evaluate.evidence import Evidence, judged
from palate.evaluate.offpolicy.estimators import ESTIMATORS, switched
from palate.evaluate.offpolicy.false_propensities import false_propensities
from palate.evaluate.offpolicy.logged import WeightedRounds
from palate.evaluate.offpolicy.tuning import largest_weights, slope
from palate.evaluate.offpolicy.value_intervals import value_of
from palate.inference import clustered
from palate.tables.estimate import Estimate

LEAST_ROUNDS: Final = 200.0
"""An effective sample below it is refused."""
ENOUGH_ROUNDS: Final = 1000.0
"""One below it is weak."""
LEAST_SHARE: Final = 0.01
"""Of all rounds that have to be effective."""
MOST_ERRORS: Final = 3.0
"""Standard errors that the mean weight may be from 1."""
MOST_UNSUPPORTED: Final = 0.05
"""Share of the target's actions that the policy at work may never take."""


@dataclass(frozen=True)
class OffPolicyCard:
    """What a log says of another policy.

    Attributes:
        n_rounds: Rounds of the log.
        n_users: Users behind them.
        effective: Rounds that it is worth, (sum of weights)^2 / sum of squared weights.
        largest: The largest weight.
        mean_weight: Mean of the weights with its interval; 1 where propensities are right.
        unsupported: Share of the target's actions that the policy at work never takes; NaN where it
            is not known.
        trusted: The largest weight that Switch-DR trusts; NaN without a model of rewards.
        clipped: Share of the rounds with a weight above it.
        estimates: Of each estimator.
        verdict: What the figures are good for.
        reasons: Why it is not better.
        logged: The mean reward of the policy at work.
        estimated: Whether propensities were estimated, and not logged.
    """

    n_rounds: int
    n_users: int
    effective: float
    largest: float
    mean_weight: Estimate
    unsupported: float
    trusted: float
    clipped: float
    estimates: Mapping[str, Estimate]
    verdict: Evidence
    reasons: tuple[str, ...]
    logged: Estimate
    estimated: bool = field(default=False)


def off_policy_card(
    rounds: WeightedRounds, propensity: Doubles, action: Rows, *, estimated: bool = False
) -> OffPolicyCard:
    """Estimate a policy's value by all estimators, and say whether the log allows it.

    Args:
        rounds: The log, weighted.
        propensity: float64 [n], the propensities behind the weights.
        action: int32 [n], the logged actions.
        estimated: Whether they were estimated.
    """
    w = rounds.weight
    total, squares = float(w.sum()), float(w @ w)
    effective = total**2 / squares if squares > 0 else 0.0
    mean_weight = clustered(w, rounds.user)
    known = {n: e for n, e in ESTIMATORS.items() if rounds.modelled or not e.needs_model}
    estimates = {name: value_of(rounds, estimator) for name, estimator in known.items()}
    trusted, clipped = float("nan"), 0.0
    if rounds.modelled:
        tuned = slope(rounds, switched, largest_weights(rounds))
        estimates["switch_dr"], trusted = tuned.estimate, tuned.setting
        clipped = float(np.mean(w > trusted))
    alarms = false_propensities(propensity, action, rounds.user)
    refusals = [*_refusals(rounds, effective, mean_weight), *alarms]
    doubts = _doubts(effective, estimated)
    return OffPolicyCard(
        len(rounds),
        mean_weight.n_users,
        effective,
        float(w.max()),
        mean_weight,
        rounds.unsupported,
        trusted,
        clipped,
        estimates,
        *judged(refusals, doubts),
        clustered(rounds.reward, rounds.user),
        estimated,
    )


def _refusals(rounds: WeightedRounds, effective: float, mean_weight: Estimate) -> list[str]:
    n, found = len(rounds), list[str]()
    if effective < LEAST_ROUNDS:
        found.append(
            f"the log is worth {effective:.0f} rounds (at least {LEAST_ROUNDS:.0f}): the target"
            " does what the policy at work hardly ever did"
        )
    if effective < LEAST_SHARE * n:
        found.append(
            f"{effective / n:.2%} of the rounds are effective (at least {LEAST_SHARE:.0%})"
        )
    off = mean_weight.value - 1
    if abs(off) > MOST_ERRORS * mean_weight.error and abs(off) > 1e-9:
        found.append(
            f"the mean weight is {mean_weight.value:.3f}, not 1: what was logged is not the"
            " probability of what was served; was something filtered or replaced after the draw?"
        )
    if rounds.unsupported > MOST_UNSUPPORTED:
        found.append(
            f"{rounds.unsupported:.0%} of what the target does the policy at work never does"
            f" (at most {MOST_UNSUPPORTED:.0%})"
        )
    return found


def _doubts(effective: float, estimated: bool) -> list[str]:
    found = list[str]()
    if effective < ENOUGH_ROUNDS:
        found.append(f"the log is worth {effective:.0f} rounds (better {ENOUGH_ROUNDS:,.0f})")
    if estimated:
        found.append(
            "propensities were estimated from the log: whatever moved the policy at work and is not"
            " in the log is taken for chance"
        )
    return found
