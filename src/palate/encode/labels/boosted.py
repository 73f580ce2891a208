"""Boosted trees on sentence vectors, one ensemble for each option."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from palate.arrays import Doubles
from palate.encode.labels.linear import SURE
from palate.optional import need
from palate.tree_text import checked_trees, damaged_trees

_SHAPE: Final = {
    "objective": "binary",
    "num_leaves": 4,
    "learning_rate": 0.1,
    # a few hundred examples: shallow trees, small leaves, a part of the columns each
    "min_data_in_leaf": 5,
    "feature_fraction": 0.3,
    "lambda_l2": 1.0,
    "deterministic": True,
    "force_col_wise": True,
    "num_threads": 1,
    "verbosity": -1,
}


@dataclass(frozen=True, eq=False)
class Boosted:
    """Trees of one question.

    Attributes:
        trees: [k], LightGBM's text of each option; empty where the option needs no trees.
        biases: float64 [k], log-odds of the options that have none.
    """

    trees: tuple[str, ...]
    biases: Doubles

    def margins(self, X: Doubles) -> Doubles:
        """float64 [n, k]: log-odds of each option for vectors X [n, d]."""
        out = np.tile(self.biases, (len(X), 1))
        for option, text in enumerate(self.trees):
            if text and len(X):
                out[:, option] = _booster(text).predict(X, raw_score=True, num_threads=1)
        return out


def fit_boosted(X: Doubles, Y: Doubles, trees: int, seed: int) -> Boosted:
    """Grow `trees` trees for each option that some rows have and others have not.

    Args:
        X: float64 [n, d].
        Y: float64 [n, k], probabilities; NaN where nothing is known.
        trees: How many.
        seed: Of the columns that each tree may use.

    Raises:
        MissingExtra: LightGBM is not installed.
    """
    texts, biases = [], np.zeros(Y.shape[1])
    for option, y in enumerate(Y.T):
        known = ~np.isnan(y)
        text, biases[option] = _grown(X[known], y[known], trees, seed)
        texts.append(text)
    return Boosted(tuple(texts), biases)


def stored_trees(trees: Sequence[bytes], biases: Doubles, n_columns: int) -> Boosted:
    """Trees out of a file.

    Raises:
        DamagedArtefact: They are none.
    """
    return Boosted(tuple(checked_trees(t, n_columns) if t else "" for t in trees), biases)


def _grown(X: Doubles, y: Doubles, trees: int, seed: int) -> tuple[str, float]:
    share = float(np.clip(y.mean(), SURE, 1 - SURE)) if len(y) else 0.5
    bias = float(np.log(share / (1 - share)))
    if (y > SURE).sum() == 0 or (y < 1 - SURE).sum() == 0:
        return "", bias
    sides = np.concatenate([y, 1 - y])
    counts = sides > SURE
    marks = np.concatenate([np.ones(len(y)), np.zeros(len(y))])[counts]
    lightgbm = _lightgbm()
    data = lightgbm.Dataset(np.concatenate([X, X])[counts], marks, weight=sides[counts])
    booster = lightgbm.train({**_SHAPE, "seed": seed % 2**31}, data, trees)
    return str(booster.model_to_string()), bias


def _booster(text: str) -> Any:
    lightgbm = _lightgbm()
    try:
        return lightgbm.Booster(model_str=text)
    except (lightgbm.basic.LightGBMError, ValueError) as error:
        raise damaged_trees(error) from error


def _lightgbm() -> Any:
    return need("lightgbm", extra="trees", purpose="learn labels by boosted trees")
