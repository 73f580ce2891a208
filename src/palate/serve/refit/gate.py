"""Whether a new model may take the place of one: it has to be shown not to be worse on events that
neither has learnt from, by a test that is shown to reject a damaged one on the same events.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Final

import numpy as np
from annotated_types import Gt, Lt
from scipy import stats

from palate.arrays import Doubles, Floats, Rows
from palate.errors import Refused
from palate.evaluate.comparisons import PairedDifference, compare
from palate.evaluate.metrics.counting import AtKOrAll
from palate.evaluate.metrics.ndcg import NdcgV2
from palate.evaluate.ranking import rank_scores
from palate.seeding import generator
from palate.stages import Scorer
from palate.tables import Cases, Histories

LENGTH: Final = 10
POWER: Final = 0.8
"""Chance with which a model that is as good should pass, for the number that is asked for."""


@dataclass(frozen=True)
class GateSettings:
    """How strict the gate is."""

    margin: Annotated[float, Gt(0), Lt(1)] = 0.05
    """How much worse still passes, as a share of what the present model reaches."""
    level: Annotated[float, Gt(0.5), Lt(1)] = 0.95
    """1 - the chance that a model which is worse by more than the margin passes."""


@dataclass(frozen=True)
class Judged:
    """What the gate says of one model.

    Attributes:
        passes: Whether it is shown to be no worse than by the margin.
        worse: Whether it is shown to be worse than by the margin.
        difference: Of NDCG@10, the model minus the present one, mean over cases.
        low: Lower end of the one-sided interval.
        high: Upper end of the one on the other side.
    """

    passes: bool
    worse: bool
    difference: float
    low: float
    high: float


@dataclass(frozen=True)
class GateResult:
    """What came of the gate.

    Attributes:
        accepted: Whether the new model may be deployed.
        metric: What was compared.
        cases: Events that were to be foreseen.
        users: Whose.
        present: What the present model reaches.
        new: What the new one reaches.
        margin: How much worse still passes, in units of the metric.
        wanted_users: Users with whom a model that is as good passes in four cases of five.
        judged: The new model beside the present one.
        damaged: The new model with its scores shuffled over the items, beside the present one: it
            was rejected, or there were no verdict.
    """

    accepted: bool
    metric: str
    cases: int
    users: int
    present: float
    new: float
    margin: float
    wanted_users: int
    judged: Judged
    damaged: Judged


@dataclass(frozen=True, eq=False)
class Contender:
    """A model with the cases as its run knows them.

    Attributes:
        scorer: The model.
        cases: The same cases, in the same order, as those of the other one; rows are its run's.
    """

    scorer: Scorer
    cases: Cases


def verdict(
    present: Contender, new: Contender, users: Rows, settings: GateSettings, seed: int = 0
) -> GateResult:
    """Compare two models, after a preflight.

    Args:
        present: The model that answers.
        new: The one that would take its place.
        users: int32 [n_cases], whose case each is.
        settings: How strict.
        seed: Of the order in which the damaged model's scores stand.

    Raises:
        Refused: There are too few events to tell a damaged model from the present one, or the
            present one foresees none of them; how many there should be.
    """
    old = _figures(present.scorer.score, present.cases)
    reached = float(old.mean()) if len(old) else 0.0
    margin = settings.margin * reached
    if not reached:
        raise _too_few(len(old), users, None, "the present model foresees none of them")
    own = _figures(new.scorer.score, new.cases)
    broken = _figures(_shuffled(new.scorer, seed), new.cases)
    damaged = _judged(broken - old, users, margin, settings)
    if damaged.passes or not damaged.worse:
        wanted = _wanted(broken - old, users, margin, settings)
        raise _too_few(len(old), users, wanted, "a damaged model looks as good as the present one")
    judged = _judged(own - old, users, margin, settings)
    return GateResult(
        judged.passes,
        f"ndcg@{LENGTH}",
        len(old),
        len(np.unique(users)),
        reached,
        float(own.mean()),
        margin,
        wanted_users(own - old, users, margin, settings),
        judged,
        damaged,
    )


def wanted_users(difference: Doubles, users: Rows, margin: float, settings: GateSettings) -> int:
    """Users with whom a model that is as good as the present one passes in four cases of five.

    Args:
        difference: float64 [n_cases], of the two models that were compared.
        users: int32 [n_cases].
        margin: In units of the metric, > 0.
        settings: How strict.
    """
    own = np.bincount(users, difference) / np.maximum(np.bincount(users), 1)
    spread = float(np.std(own[np.unique(users)]))
    z = float(stats.norm.ppf(settings.level) + stats.norm.ppf(POWER))
    return max(math.ceil((z * spread / margin) ** 2), 1)


def _figures(score: Callable[[Histories], Floats], cases: Cases) -> Doubles:
    if not len(cases):
        return np.empty(0)
    ranks, _ = rank_scores(score, cases, LENGTH)
    return NdcgV2(AtKOrAll(LENGTH)).per_case(ranks)


def _shuffled(scorer: Scorer, seed: int) -> Callable[[Histories], Floats]:
    """The scores of a model, each given to another item."""

    def score(histories: Histories) -> Floats:
        found = scorer.score(histories)
        order = generator(seed, "refit", "damaged").permutation(found.shape[1])
        return np.ascontiguousarray(found[:, order])

    return score


def _judged(difference: Doubles, users: Rows, margin: float, settings: GateSettings) -> Judged:
    # the ends of a two-sided interval of this level are those of one-sided ones of the level wanted
    found: PairedDifference = compare(
        difference, np.zeros(len(difference)), users, 2 * settings.level - 1, most=1.0
    )
    passes, worse = found.low > -margin, found.high < -margin
    return Judged(bool(passes), bool(worse), found.difference, found.low, found.high)


def _wanted(difference: Doubles, users: Rows, margin: float, settings: GateSettings) -> int | None:
    """Users with whom the damaged model would be found; None where it is not worse here."""
    below = -margin - float(difference.mean())
    return wanted_users(difference, users, below, settings) if below > 0 else None


def _too_few(cases: int, users: Rows, wanted: int | None, why: str) -> Refused:
    n = len(np.unique(users))
    number = f"some {wanted:,} users" if wanted is not None and wanted > n else "more users"
    return Refused(
        f"{cases:,} events of {n:,} users say too little: {why}",
        where="the newest events",
        allowed=f"{number} with events that the refit did not learn from",
        next_step="wait for more events, or hold out a larger share of them",
    )
