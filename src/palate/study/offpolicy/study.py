"""A log and a policy -> what the policy would have brought, and whether the log can tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import numpy as np

from palate.evaluate.offpolicy.card import OffPolicyCard, off_policy_card
from palate.evaluate.offpolicy.estimators import BEYOND_THE_LOG, ESTIMATORS
from palate.evaluate.offpolicy.logged import LoggedActions, WeightedRounds
from palate.evaluate.offpolicy.rewards import LinearRewards
from palate.evaluate.offpolicy.value_intervals import DrawnUsers, percentiles, value_of
from palate.progress import Progress, Silent
from palate.seeding import generator
from palate.study.offpolicy.rounds import RoundColumns, Rounds, read_rounds
from palate.study.offpolicy.targets import Target, target_of
from palate.tables.estimate import Estimate

_AT_ONCE: Final = 1 << 22
"""Probabilities that are worked out together."""
FEWEST_USERS: Final = 5
"""With fewer there is no model of rewards: it needs parts to learn from."""


@dataclass(frozen=True)
class OffPolicyResult:
    """What a log says of a policy.

    Attributes:
        log: The file.
        policy: The policy, in words.
        columns: What each column is -> its name in the file.
        items: Items that compete.
        card: Figures, estimates and verdict.
        lift: What the policy would bring beyond what the log brought, by the estimator of the
            sentence.
        drawn: Estimator -> ends of its interval by drawing users again; empty where none were.
        sentence: The same in words.
    """

    log: str
    policy: str
    columns: Mapping[str, str]
    items: int
    card: OffPolicyCard
    lift: Estimate
    drawn: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    sentence: str = ""


@dataclass(frozen=True)
class OffPolicySettings:
    """How a log is evaluated.

    Attributes:
        estimate: Count propensities where the log has none; the verdict is then never "ok".
        resamples: How many times users are drawn again for a second interval; 0: not at all.
        seed: Seed for whatever is random.
        force: Give estimates where the verdict is "refused", too: they are no evidence.
    """

    estimate: bool = False
    resamples: int = 0
    seed: int = 0
    force: bool = False


def off_policy(
    log: Path,
    policy: str,
    columns: RoundColumns | None = None,
    settings: OffPolicySettings | None = None,
    progress: Progress | None = None,
) -> OffPolicyResult:
    """Evaluate a policy on the log of another one.

    Args:
        log: What was shown, with which propensity, and what it brought: any file that palate reads.
        policy: See `palate.study.offpolicy.targets.target_of`.
        columns: Names of the columns, where they are not the usual ones.
        settings: See `OffPolicySettings`.
        progress: Receives the stages.

    Returns:
        Figures and verdict; without any estimate where that is "refused".

    Raises:
        BadInput: The file, a column or the policy is not what it has to be.

    Cost: rounds times items, some millions of numbers at a time.
    """
    s = settings or OffPolicySettings()
    rounds = read_rounds(log, columns or RoundColumns(), estimate=s.estimate)
    target, called = target_of(policy, rounds, generator(s.seed, "off-policy", "policy"))
    weighted = _weighted(rounds, target, s.seed, progress or Silent())
    card = off_policy_card(weighted, rounds.propensity, rounds.item, estimated=rounds.estimated)
    lift = value_of(weighted, BEYOND_THE_LOG)
    drawn = _drawn(weighted, card, s)
    if card.verdict == "refused" and not s.force:
        nan = float("nan")
        card, drawn = replace(card, estimates={}, trusted=nan), {}
        lift = Estimate(nan, nan, nan, nan, nan, lift.n_users)
    said = _sentence(called, card, lift)
    return OffPolicyResult(
        str(log), called, rounds.names, len(rounds.items), card, lift, drawn, said
    )


def _weighted(rounds: Rounds, target: Target, seed: int, progress: Progress) -> WeightedRounds:
    n, m = len(rounds), len(rounds.items)
    log = LoggedActions(rounds.item, rounds.reward, rounds.propensity, rounds.user, m)
    log.check()
    model = None
    if len(np.unique(rounds.user)) >= FEWEST_USERS:
        rng = generator(seed, "off-policy", "folds")
        model = LinearRewards().cross_fitted(log, rng, rounds.context)
    step = max(1, _AT_ONCE // m)
    parts = list[WeightedRounds]()
    progress.begin("weigh", n)
    for start in range(0, n, step):
        part = slice(start, min(start + step, n))
        expected = None if model is None else model.expected(part)
        numbers = np.arange(part.start, part.stop)
        parts.append(WeightedRounds.of(log.take(numbers), target.probabilities(part), expected))
        progress.advance(part.stop, n)
    return WeightedRounds.joined(parts)


def _drawn(
    rounds: WeightedRounds, card: OffPolicyCard, s: OffPolicySettings
) -> dict[str, tuple[float, float]]:
    if not s.resamples:
        return {}
    users = DrawnUsers.of(rounds.user, s.resamples, generator(s.seed, "off-policy", "users"))
    return {
        name: percentiles(users.values(rounds, ESTIMATORS[name]))
        for name in card.estimates
        if name in ESTIMATORS and ESTIMATORS[name].has_error
    }


def _sentence(called: str, card: OffPolicyCard, lift: Estimate) -> str:
    if not card.estimates:
        return f"this log cannot tell what {called} would bring: {card.reasons[0]}"
    value = card.estimates["dr" if "dr" in card.estimates else "ips"]
    if np.isnan(lift.low) or lift.low <= 0 <= lift.high:
        how = "which the log cannot tell from what it brought itself"
    else:
        how = f"{'more' if lift.value > 0 else 'less'} than what the log brought itself"
    said = (
        f"{called} would bring {value.value:.4g} a round ({value.low:.4g} to {value.high:.4g}),"
        f" {how} ({card.logged.value:.4g})"
    )
    if card.verdict == "ok":
        return said
    return f"{'weak' if card.verdict == 'weak' else 'no'} evidence: {said}. {card.reasons[0]}"
