"""Blocks with a weight in a sparse linear model (the lasso)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Ge, Gt

from palate.arrays import Doubles
from palate.select.base import BlockSelector
from palate.select.user_folds import folds
from palate.tables.labelled_rows import LabelledRows


@dataclass(frozen=True)
class L1Settings:
    """How the strength is found."""

    folds: Annotated[int, Ge(2)] = 4
    """Parts of the users; every part is held out once."""
    slack: Annotated[float, Ge(0)] = 1.0
    """The sparsest model within so many standard errors of the best is taken; 0: the best, which
    keeps more noise."""
    least: Annotated[float, Gt(0)] = 1e-6
    """A weight (of standardised columns) below this share of the largest counts as none."""


class L1(BlockSelector):
    """Blocks of which a column has a weight in the lasso, at the strength that cross-validation
    over users advises.

    Quick and sparse, straight lines only; of two copies it takes either. Labels of 0
    and 1 are fitted as numbers, which is enough to choose by.

    Args:
        settings: See `L1Settings`.

    Cost: `folds` + 1 lasso paths of 40 strengths.

    Tibshirani, Regression shrinkage and selection via the lasso, JRSS B 1996.
    """

    Settings = L1Settings

    def __init__(self, settings: L1Settings | None = None) -> None:
        self.settings = settings or L1Settings()

    def choose(self, labelled: LabelledRows, seed: int) -> Collection[str]:
        """Blocks with a weight."""
        from sklearn.linear_model import lasso_path

        names = tuple(sorted(labelled.names))
        X = labelled.matrix(names)
        Z = (X - X.mean(axis=0)) / np.where(X.std(axis=0) > 1e-12, X.std(axis=0), np.inf)
        y = labelled.label - labelled.label.mean()
        top = float(np.abs(Z.T @ y).max(initial=0.0)) / len(y)
        if top <= 0:
            return []
        strengths = np.geomspace(top, top / 1000, 40)
        errors = []
        for held_out in folds(labelled, self.settings.folds, seed, "l1"):
            _, weights, _ = lasso_path(Z[~held_out], y[~held_out], alphas=strengths)
            errors.append(np.mean((y[held_out, None] - Z[held_out] @ weights) ** 2, axis=0))
        strength = strengths[self._place(np.stack(errors))]
        _, weights, _ = lasso_path(Z, y, alphas=[strength])
        size = np.abs(weights[:, 0])
        ends = np.cumsum([labelled.blocks[name].shape[1] for name in names])
        parts = np.split(size, ends[:-1])
        bar = self.settings.least * max(float(size.max()), 1e-300)
        return [
            name for name, part in zip(names, parts, strict=True) if part.max(initial=0.0) > bar
        ]

    def _place(self, errors: Doubles) -> int:
        """The first (strongest) strength whose error [n_folds, n_strengths] is within the slack of
        the least.
        """
        mean = errors.mean(axis=0)
        best = int(mean.argmin())
        spread = errors.std(axis=0, ddof=1)[best] / np.sqrt(len(errors))
        return int(np.flatnonzero(mean <= mean[best] + self.settings.slack * spread)[0])
