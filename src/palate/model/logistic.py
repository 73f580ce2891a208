"""The odds that an item is the next one: a logistic regression on what came last against items
drawn at random.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from palate.arrays import Doubles, Mask, Rows
from palate.errors import Refused
from palate.seeding import generator
from palate.tables import Histories, Interactions, Training

Inputs: TypeAlias = Callable[[Rows], Doubles]
"""One item [n_cases] of each case -> float64 [n_cases, n_coefficients], what each coefficient
multiplies."""


def fit_logistic(
    training: Training,
    seed: int,
    n_examples: int,
    negatives: int,
    l2: float,
    describe: Callable[[Histories], Inputs],
) -> Doubles:
    """float64 [n_coefficients], learnt on the last event of training users; the last one is the
    constant.

    Args:
        training: Its log is learnt from.
        seed: Of the items drawn at random.
        n_examples: Most events that are learnt from.
        negatives: Items drawn at random against each.
        l2: Ridge on the coefficients but not on the constant.
        describe: Histories before those events -> the columns of an item, the last of them 1
            everywhere.

    Raises:
        Refused: No training user has two events.
    """
    before, targets = last_events(training.log, n_examples, seed)
    if not len(targets):
        raise Refused(
            "no training user has two events", next_step="use a model that needs no order of events"
        )
    rng = generator(seed, "odds")
    wrong = rng.integers(0, training.log.n_items, (negatives, len(targets)))
    candidates = [targets, *wrong.astype(np.int32)]
    inputs = describe(before)
    X = np.concatenate([inputs(items) for items in candidates])
    return logistic(X, np.arange(len(X)) < len(targets), l2)


def last_events(log: Interactions, most: int, seed: int) -> tuple[Histories, Rows]:
    """Histories without their last event, and that event's item [n], of at most `most` users with
    two events.
    """
    histories = Histories.of(log, np.arange(log.n_users, dtype=np.int32))
    users = np.flatnonzero(histories.items.lengths() > 1)
    if len(users) > most:
        users = np.sort(generator(seed, "odds", "users").permutation(users)[:most])
    chosen = histories.take(users)
    earlier = chosen.ages() > 0
    return chosen.keep(earlier), chosen.items.values[~earlier]


def logistic(X: Doubles, y: Mask, l2: float) -> Doubles:
    """float64 [d], coefficients of a logistic regression of `y` [n] on `X` [n, d]; the last column
    is the constant.
    """
    from sklearn.linear_model import LogisticRegression

    line = LogisticRegression(C=1 / l2, solver="newton-cholesky", tol=1e-8).fit(X[:, :-1], y)
    return np.append(line.coef_[0], line.intercept_[0])
