"""The two models that selectors measure blocks with: linear models, and boosted trees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from palate.arrays import Doubles
from palate.perturbation.problems import FitRows
from palate.perturbation.sampler import ridge
from palate.seeding import seed_of
from palate.tables.importance_problem import Blocks, Predictor
from palate.tables.labelled_rows import LabelledRows, side_by_side

Learns: TypeAlias = Literal["linear", "trees"]


def learner(kind: Learns, seed: int) -> FitRows:
    """A function that fits rows: ridge, or scikit-learn's histogram boosting."""
    if kind == "linear":
        return fit_linear
    return lambda rows: fit_trees(rows, seed)


def fit_linear(rows: LabelledRows) -> Predictor:
    """Ridge with the strength of least cross-validation error; probabilities are held within 0 and
    1.
    """
    X = rows.matrix()
    centre = X.mean(axis=0)
    spread = np.where(X.std(axis=0) > 1e-12, X.std(axis=0), 1.0)
    mean = float(rows.label.mean())
    weights = ridge((X - centre) / spread, (rows.label - mean)[:, None])[:, 0] / spread
    limits = (0.0, 1.0) if rows.task == "binary" else (-np.inf, np.inf)
    return _Linear(rows.names, centre, weights, mean, limits)


def fit_trees(rows: LabelledRows, seed: int) -> Predictor:
    """Boosted trees of 15 leaves, 80 rounds; candidates of a request are distinguished by their
    probability of being taken.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    if not rows.names or np.ptp(rows.label) == 0:
        return _Linear((), np.empty(0), np.empty(0), float(rows.label.mean()), (-np.inf, np.inf))
    kind = (
        HistGradientBoostingRegressor
        if rows.task == "regression"
        else HistGradientBoostingClassifier
    )
    model = kind(
        max_iter=80,
        max_leaf_nodes=15,
        early_stopping=False,
        random_state=seed_of(seed, "trees") % 2**32,
    )
    # columns sorted by name: trees break ties by place, and nothing may depend on that
    names = tuple(sorted(rows.names))
    return _Trees(names, model.fit(rows.matrix(names), rows.label), rows.task == "regression")


@dataclass(frozen=True, eq=False)
class _Linear:
    names: tuple[str, ...]
    centre: Doubles
    weights: Doubles
    mean: float
    limits: tuple[float, float]

    def __call__(self, blocks: Blocks, /) -> NDArray[Any]:
        n = len(next(iter(blocks.values()))) if blocks else 1
        X = side_by_side({name: blocks[name] for name in self.names}, n)
        return np.clip((X - self.centre) @ self.weights + self.mean, *self.limits)


@dataclass(frozen=True, eq=False)
class _Trees:
    names: tuple[str, ...]
    model: Any
    plain: bool

    def __call__(self, blocks: Blocks, /) -> NDArray[Any]:
        X = side_by_side(
            {name: blocks[name] for name in self.names}, len(next(iter(blocks.values())))
        )
        return np.asarray(
            self.model.predict(X) if self.plain else self.model.predict_proba(X)[:, 1], np.float64
        )
