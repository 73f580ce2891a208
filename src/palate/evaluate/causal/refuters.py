"""Attempts to refute an effect: each changes the rows so that the right answer is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from scipy import special

from palate.evaluate.causal.effects import Scores, scores
from palate.evaluate.causal.nuisances import Family
from palate.evaluate.causal.observed import Observed
from palate.seeding import generator
from palate.tables.estimate import Estimate

ALARM: Final = 0.01
"""Probability with which a refuter raises an alarm where nothing is wrong."""
SUBSET: Final = 0.8
"""Share of the users that the subset keeps."""


@dataclass(frozen=True)
class Refuted:
    """What came of one attempt.

    Attributes:
        name: `placebo treatment`, `random common cause`, `subset` or `dummy outcome`.
        expected: What the estimate should be: 0, or the effect itself.
        estimate: What it is.
        p: Probability of being so far off where nothing is wrong.
        passed: Whether p is not below .01.
        question: What it asks.
    """

    name: str
    expected: float
    estimate: Estimate
    p: float
    passed: bool
    question: str


def refuted(
    observed: Observed, found: Scores, level: int, seed: int, family: Family = "best"
) -> tuple[Refuted, ...]:
    """Try all four.

    They can refute an effect and never prove one: something unmeasured passes all of them.

    Args:
        observed: The rows behind the effect.
        found: Their scores, made with `generator(seed, "causal", "folds")`.
        level: Whose effect.
        seed: Seed for what is random.
        family: Kind of the models.

    Cost: four times that of the effect.

    Sharma & Kiciman, DoWhy: an end-to-end library for causal inference, 2020.
    """
    effect = found.effect(level)

    def again(changed: Observed) -> Estimate:
        # the same folds as before: only what was changed may change the answer
        return scores(changed, generator(seed, "causal", "folds"), family).effect(level)

    rng = generator(seed, "causal", "refuters")
    attempts: dict[str, tuple[Callable[[], Observed], float, float, str]] = {
        "placebo treatment": (
            lambda: replace(observed, treatment=rng.permutation(observed.treatment)),
            0.0,
            0.0,
            "does a treatment that was dealt at random have an effect?",
        ),
        "random common cause": (
            lambda: _with_noise(observed, rng),
            effect.value,
            # it is the same rows; noise among the covariates may move it by a part of its error
            0.5,
            "does a column of noise, held fixed too, change the effect?",
        ),
        "subset": (
            lambda: observed.take(_some_users(observed, rng)),
            effect.value,
            float(np.sqrt(1 / SUBSET - 1)),
            f"is it the same among {SUBSET:.0%} of the users?",
        ),
        "dummy outcome": (
            lambda: replace(observed, outcome=_dummy(observed, found, rng)),
            0.0,
            0.0,
            "does an outcome that only the held-fixed columns move show an effect?",
        ),
    }
    tried = list[Refuted]()
    for name, (change, expected, share, question) in attempts.items():
        estimate = again(change())
        # a second estimate on nearly the same rows varies by a known share of the first one's error
        error = share * effect.error if share else estimate.error
        p = _p(estimate.value - expected, error, estimate.n_users)
        tried.append(Refuted(name, expected, estimate, p, p >= ALARM, question))
    return tuple(tried)


def _p(off: float, error: float, n_users: int) -> float:
    if not error > 0:
        return 1.0 if off == 0 else 0.0
    return float(2 * special.stdtr(max(n_users - 1, 1), -abs(off / error)))


def _with_noise(observed: Observed, rng: np.random.Generator) -> Observed:
    noise = rng.normal(size=(len(observed), 1))
    return replace(observed, covariates=np.concatenate([observed.covariates, noise], axis=1))


def _some_users(observed: Observed, rng: np.random.Generator) -> np.ndarray:
    users, code = np.unique(observed.user, return_inverse=True)
    chosen = rng.permutation(len(users)) < SUBSET * len(users)
    return np.asarray(chosen[code])


def _dummy(observed: Observed, found: Scores, rng: np.random.Generator) -> np.ndarray:
    """float64 [n], what the covariates lead to expect, whatever the treatment, and a draw around
    it; rows that were left out keep the mean.
    """
    level = np.full(len(observed), float(observed.outcome.mean()))
    level[found.kept] = found.nuisances.outcome_alone()
    if observed.binary:
        return np.asarray(rng.random(len(level)) < np.clip(level, 0, 1), np.float64)
    return np.asarray(level + rng.permutation(observed.outcome - level))
