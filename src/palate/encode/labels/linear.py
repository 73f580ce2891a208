"""Logistic and ridge regression on sentence vectors."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from palate.arrays import Doubles
from palate.encode.attributes.local.sentences import products
from palate.tables.questions import QuestionKind

SURE = 1e-3
"""Probability that is as good as none."""


@dataclass(frozen=True, eq=False)
class Linear:
    """Weights and biases of one question.

    Attributes:
        weights: float64 [d, k].
        biases: float64 [k].
    """

    weights: Doubles
    biases: Doubles

    def margins(self, X: Doubles) -> Doubles:
        """float64 [n, k]: log-odds of each option, or the number itself, of vectors X [n, d]."""
        return products(X, self.weights) + self.biases


def fit_linear(kind: QuestionKind, X: Doubles, Y: Doubles, strength: float) -> Linear:
    """Learn from vectors X [n, d] and values Y [n, k].

    Args:
        kind: `"label"`: the rows of Y are probabilities of one option each; `"labels"`: every entry
            stands alone; `"scale"`: one number.
        X: float64.
        Y: float64; NaN where nothing is known: of a whole row, or of one option of `"labels"`.
        strength: How closely it follows (the inverse of the ridge).
    """
    if kind == "labels":
        fits = [_binary(X[~np.isnan(y)], y[~np.isnan(y)], strength) for y in Y.T]
        return Linear(np.column_stack([w for w, _ in fits]), np.array([b for _, b in fits]))
    known = ~np.isnan(Y).any(axis=1)
    X, Y = X[known], Y[known]
    if kind == "label":
        return _multinomial(X, Y, strength)
    from sklearn.linear_model import Ridge

    ridge = Ridge(alpha=1 / strength).fit(X, Y[:, 0])
    weights = np.asarray(ridge.coef_, np.float64).reshape(-1, 1)
    return Linear(weights, np.atleast_1d(ridge.intercept_))


def _multinomial(X: Doubles, Y: Doubles, strength: float) -> Linear:
    """A teacher's probabilities count as that much of an example of each option."""
    from sklearn.linear_model import LogisticRegression

    weights = np.zeros((X.shape[1], Y.shape[1]))
    biases = np.full(Y.shape[1], np.log(SURE))
    row, option = np.nonzero(Y > SURE)
    there = np.unique(option)
    if len(there) == 1:
        biases[there] = 0.0
        return Linear(weights, biases)
    model = LogisticRegression(C=strength, max_iter=1000)
    with warnings.catch_warnings():
        # it takes many options of few labels for numbers
        warnings.filterwarnings("ignore", message="The number of unique classes")
        model.fit(X[row], option, sample_weight=Y[row, option])
    if len(there) == 2:  # one line parts two options
        weights[:, there[1]], biases[there] = model.coef_[0], (0.0, float(model.intercept_[0]))
        others = np.setdiff1d(np.arange(Y.shape[1]), there)
        biases[others] = np.log(SURE) + min(0.0, float(model.intercept_[0]))
        return Linear(weights, biases)
    weights[:, there], biases[there] = model.coef_.T, model.intercept_
    others = np.setdiff1d(np.arange(Y.shape[1]), there)
    biases[others] = model.intercept_.min() + np.log(SURE)
    return Linear(weights, biases)


def _binary(X: Doubles, y: Doubles, strength: float) -> tuple[Doubles, float]:
    from sklearn.linear_model import LogisticRegression

    share = float(np.clip(y.mean(), SURE, 1 - SURE)) if len(y) else 0.5
    sides = np.concatenate([y, 1 - y])
    if (y > SURE).sum() == 0 or (y < 1 - SURE).sum() == 0:
        return np.zeros(X.shape[1]), float(np.log(share / (1 - share)))
    marks = np.concatenate([np.ones(len(y)), np.zeros(len(y))])
    counts = sides > SURE
    model = LogisticRegression(C=strength, max_iter=1000)
    model.fit(np.concatenate([X, X])[counts], marks[counts], sample_weight=sides[counts])
    return np.asarray(model.coef_[0], np.float64), float(model.intercept_[0])
