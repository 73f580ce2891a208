"""Propensities of a treatment and expected outcomes under it, each row's by models that never saw
its user.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from palate.arrays import Doubles, Rows
from palate.evaluate.causal.observed import Observed
from palate.evaluate.offpolicy.rewards import user_folds

Family: TypeAlias = Literal["linear", "boosting", "best"]
"""Regularised regression, boosted trees, or whichever predicts other users' rows better."""

FOLDS: Final = 5
_FLOOR: Final = 1e-6
_RIDGE: Final = 1.0
_Predict: TypeAlias = Callable[[NDArray[Any]], Doubles]


@dataclass(frozen=True, eq=False)
class Nuisances:
    """What has to be known beside the effect.

    Attributes:
        propensity: float64 [n, n_levels], how likely each row was to get each level; rows sum to 1.
        expected: float64 [n, n_levels], its expected outcome under each.
        families: Kind of the model of each.
    """

    propensity: Doubles
    expected: Doubles
    families: tuple[str, str]

    def outcome_alone(self) -> Doubles:
        """float64 [n], the outcome expected of a row whatever it got."""
        return np.asarray((self.propensity * self.expected).sum(axis=1))


def cross_fitted(
    observed: Observed, rng: np.random.Generator, family: Family = "best", folds: int = FOLDS
) -> Nuisances:
    """Fit on all folds but one, predict that one.

    Args:
        observed: The rows.
        rng: Divides the users, and seeds trees.
        family: Of both models; "best" decides for each by its error on users that it never saw.
        folds: Parts of the users.

    Raises:
        BadInput: Fewer users than folds.

    Cost: folds (1 + n_levels) regressions, and as many boostings of 60 trees unless "linear".
    """
    fold = user_folds(observed.user, folds, rng)
    seed = int(rng.integers(2**31))
    kinds = ("linear", "boosting") if family == "best" else (family,)
    shares = {kind: _propensity(observed, fold, kind, seed) for kind in kinds}
    outcomes = {kind: _expected(observed, fold, kind, seed) for kind in kinds}
    own, y = (np.arange(len(observed)), observed.treatment), observed.outcome
    share = min(shares, key=lambda kind: -float(np.mean(np.log(shares[kind][own]))))
    outcome = min(outcomes, key=lambda kind: float(np.mean((y - outcomes[kind][own]) ** 2)))
    return Nuisances(shares[share], outcomes[outcome], (share, outcome))


def _propensity(observed: Observed, fold: Rows, kind: str, seed: int) -> Doubles:
    n_levels = len(observed.levels)
    found = np.empty((len(observed), n_levels))
    for k in range(int(fold.max()) + 1):
        held = fold == k
        learnt = observed.take(~held)
        found[held] = _shares(learnt, kind, seed)(observed.covariates[held])
    found = np.maximum(found, _FLOOR)
    return np.asarray(found / found.sum(axis=1, keepdims=True))


def _expected(observed: Observed, fold: Rows, kind: str, seed: int) -> Doubles:
    n_levels = len(observed.levels)
    found = np.empty((len(observed), n_levels))
    for k in range(int(fold.max()) + 1):
        held = fold == k
        for level in range(n_levels):
            learnt = observed.take(~held & (observed.treatment == level))
            found[held, level] = _outcomes(learnt, kind, seed, observed.binary)(
                observed.covariates[held]
            )
    return found


def _shares(learnt: Observed, kind: str, seed: int) -> _Predict:
    """Covariates [m, d] -> float64 [m, n_levels]."""
    n_levels, t = len(learnt.levels), learnt.treatment
    present = np.unique(t)
    if not learnt.covariates.shape[1] or len(present) < 2:
        share = np.bincount(t, minlength=n_levels) / max(len(t), 1)
        return lambda X: np.tile(share, (len(X), 1))
    model = _classifier(kind, seed).fit(learnt.covariates, t)

    def predicted(X: NDArray[Any]) -> Doubles:
        found = np.zeros((len(X), n_levels))
        found[:, model.classes_] = model.predict_proba(X)
        return found

    return predicted


def _outcomes(learnt: Observed, kind: str, seed: int, binary: bool) -> _Predict:
    """Covariates [m, d] -> float64 [m]."""
    y = learnt.outcome
    if not learnt.covariates.shape[1] or len(y) == 0 or np.ptp(y) == 0:
        mean = float(y.mean()) if len(y) else 0.0
        return lambda X: np.full(len(X), mean)
    if binary:
        model = _classifier(kind, seed).fit(learnt.covariates, y.astype(np.int32))
        return lambda X: np.asarray(model.predict_proba(X)[:, 1], np.float64)
    line = _regressor(kind, seed).fit(learnt.covariates, y)
    return lambda X: np.asarray(line.predict(X), np.float64)


def _classifier(kind: str, seed: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression

    if kind == "linear":
        return LogisticRegression(C=1 / _RIDGE, max_iter=1000)
    return HistGradientBoostingClassifier(**_TREES, random_state=seed)


def _regressor(kind: str, seed: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingRegressor
    from sklearn.linear_model import Ridge

    if kind == "linear":
        return Ridge(_RIDGE)
    return HistGradientBoostingRegressor(**_TREES, random_state=seed)


_TREES: Final[dict[str, Any]] = {
    # shallow and slow: propensities have to be calibrated, and sharp trees are not
    "max_iter": 60,
    "learning_rate": 0.08,
    "max_leaf_nodes": 8,
    "min_samples_leaf": 40,
    "l2_regularization": 5.0,
    "early_stopping": False,
}
