"""Models of single rows, for yes-or-no questions: boosted trees and a logistic line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from palate.arrays import Doubles
from palate.errors import Refused
from palate.optional import need
from palate.seeding import seed_of
from palate.tables.labelled_rows import LabelledRows

RowModel: TypeAlias = Literal["trees", "line"]
Predicts: TypeAlias = Callable[[LabelledRows], Doubles]
"""Rows of the same blocks -> float64 [n_rows], the probability of a yes."""

STRENGTHS = (0.001, 0.01, 0.1, 1.0)
FARTHEST = 8.0
"""Standardised columns are cut off here, so that one wild value cannot decide a line."""


def fit_rows(kind: RowModel, train: LabelledRows, validation: LabelledRows, seed: int) -> Predicts:
    """Fit on training rows; validation rows stop the trees, or choose how strongly the line is held
    back.

    Args:
        kind: `"trees"` (LightGBM, finds interactions) or `"line"` (logistic regression, can be
            read).
        train: Rows with labels 0 and 1.
        validation: Others, later ones where time matters.
        seed: Seed of the columns that trees draw.

    Raises:
        Refused: All labels of a part are the same.
        MissingExtra: LightGBM is not installed and trees are wanted.

    Cost: seconds for 100,000 rows of 50 columns.
    """
    for name, rows in (("training", train), ("validation", validation)):
        if len(np.unique(rows.label)) < 2:
            reason = "are no rows" if not len(rows) else f"is one class only ({rows.label[0]:g})"
            raise Refused(
                f"there {reason} among the {name} rows",
                where="pointwise",
                allowed="a yes and a no at least",
            )
    return _trees(train, validation, seed) if kind == "trees" else _line(train, validation)


def _trees(train: LabelledRows, validation: LabelledRows, seed: int) -> Predicts:
    lightgbm = need("lightgbm", extra="trees", purpose="fit boosted trees")
    settings = {
        "objective": "binary",
        "metric": "binary_logloss",
        "num_leaves": 31,
        "learning_rate": 0.05,
        "min_data_in_leaf": 100 if len(train) > 5000 else 20,
        "lambda_l2": 10.0,
        "feature_fraction": 0.7,
        "seed": seed_of(seed, "rows") % 2**31,
        "deterministic": True,
        "force_col_wise": True,
        "verbosity": -1,
    }
    data = lightgbm.Dataset(train.matrix(), train.label)
    held = data.create_valid(validation.matrix(), validation.label)
    stop = lightgbm.early_stopping(40, verbose=False)
    booster = lightgbm.train(settings, data, 1000, valid_sets=[held], callbacks=[stop])
    names = train.names
    return lambda rows: np.asarray(booster.predict(rows.matrix(names)), np.float64)


def _line(train: LabelledRows, validation: LabelledRows) -> Predicts:
    from sklearn.linear_model import LogisticRegression

    scale = _Scale.of(train)
    X, held = scale(train), scale(validation)
    right = validation.label > 0.5
    best: tuple[float, Any] = (np.inf, None)
    for strength in STRENGTHS:
        model = LogisticRegression(C=strength, max_iter=2000).fit(X, train.label)
        p = np.clip(model.predict_proba(held)[:, 1], 1e-9, 1 - 1e-9)
        loss = -float(np.mean(np.where(right, np.log(p), np.log1p(-p))))
        best = min(best, (loss, model), key=lambda pair: pair[0])
    return lambda rows: np.asarray(best[1].predict_proba(scale(rows))[:, 1], np.float64)


@dataclass(frozen=True, eq=False)
class _Scale:
    names: tuple[str, ...]
    shift: Doubles
    spread: Doubles

    @classmethod
    def of(cls, rows: LabelledRows) -> _Scale:
        X = rows.matrix()
        spread = X.std(axis=0)
        return cls(rows.names, X.mean(axis=0), np.where(spread > 1e-12, spread, 1.0))

    def __call__(self, rows: LabelledRows) -> Doubles:
        X = (rows.matrix(self.names) - self.shift) / self.spread
        return np.asarray(np.clip(X, -FARTHEST, FARTHEST), np.float64)
