"""Whether rows can tell an effect: overlap, balance, and the verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from palate.arrays import Doubles
from palate.evaluate.causal.effects import LEAST_PROPENSITY, Scores
from palate.evaluate.evidence import Evidence, judged

MOST_TRIMMED: Final = 0.3
"""Share of the rows that may be left out before the answer is about somebody else."""
SOME_TRIMMED: Final = 0.05
LEAST_ROWS: Final = 50.0
"""Effective rows of a level."""
ENOUGH_ROWS: Final = 200.0
MOST_IMBALANCE: Final = 0.25
"""Difference of a covariate's weighted means, in its standard deviations."""
SOME_IMBALANCE: Final = 0.1


@dataclass(frozen=True)
class OverlapCard:
    """How far the levels of a treatment were given to comparable rows.

    Attributes:
        n_rows: Rows of the log.
        n_users: Users behind them.
        trimmed: Share of the rows left out, since some level was hardly possible for them.
        effective: Level -> rows that its weighted rows are worth.
        least: The smallest propensity that is kept.
        before: Largest difference of a covariate's mean between a level and all rows, in standard
            deviations; 0 without covariates.
        after: The same with rows weighted by their propensities.
        verdict: What an estimate is good for.
        reasons: Why it is not better.
    """

    n_rows: int
    n_users: int
    trimmed: float
    effective: dict[str, float]
    least: float
    before: float
    after: float
    verdict: Evidence
    reasons: tuple[str, ...]


def overlap_card(found: Scores) -> OverlapCard:
    """The figures and the verdict."""
    observed, p = found.observed, found.nuisances.propensity
    trimmed = 1 - float(found.kept.mean())
    got = observed.treatment[:, None] == np.arange(len(observed.levels))
    weight = got / p
    squares = (weight**2).sum(axis=0)
    effective = np.divide(
        weight.sum(axis=0) ** 2, squares, out=np.zeros(len(squares)), where=squares > 0
    )
    before, after = (_imbalance(observed.covariates, w) for w in (got * 1.0, weight))
    refusals, doubts = _doubted(trimmed, float(effective.min()), after)
    return OverlapCard(
        len(found.kept),
        len(np.unique(observed.user)),
        trimmed,
        dict(zip(observed.levels, map(float, effective), strict=True)),
        float(p.min()),
        before,
        after,
        *judged(refusals, doubts),
    )


def _imbalance(X: Doubles, weight: Doubles) -> float:
    """The largest standardised difference of a level's weighted mean from the mean of all rows."""
    spread = X.std(axis=0)
    X = X[:, spread > 0] / spread[spread > 0]
    total = weight.sum(axis=0)
    if not X.shape[1] or not total.all():
        return 0.0
    return float(np.abs(weight.T @ X / total[:, None] - X.mean(axis=0)).max())


def _doubted(trimmed: float, effective: float, after: float) -> tuple[list[str], list[str]]:
    """Reasons for a refusal, and reasons for doubt."""
    left_out = (
        f"{trimmed:.0%} of the rows are left out, since some level was hardly possible for them"
        f" (propensity below {LEAST_PROPENSITY:g})"
    )
    counted = f"a level's rows count as {effective:.0f}"
    off = f"a covariate still differs by {after:.2f} standard deviations between levels"
    grades = (
        (left_out, trimmed, SOME_TRIMMED, MOST_TRIMMED, "at most {:.0%}"),
        (counted, -effective, -ENOUGH_ROWS, -LEAST_ROWS, "at least {:.0f}"),
        (off, after, SOME_IMBALANCE, MOST_IMBALANCE, "at most {:g}"),
    )
    refusals = [f"{s} ({a.format(abs(most))})" for s, v, _, most, a in grades if v > most]
    doubts = [
        f"{s} (better {a.format(abs(some))})" for s, v, some, most, a in grades if some < v <= most
    ]
    return refusals, doubts
