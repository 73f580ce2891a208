"""Thompson sampling with probabilities that are known."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from palate.arrays import Doubles
from palate.policy.bandits.belief import Belief
from palate.policy.shares import mixed, uniform
from palate.tables.offers import Offers

_NUMBERS_AT_A_TIME = 8_000_000


def shares_of_best(
    belief: Belief,
    X: NDArray[Any],
    offers: Offers,
    rng: np.random.Generator,
    samples: int,
) -> Doubles:
    """float64 [n, m], in which share of samples of the belief each candidate is the best.

    Thompson sampling draws one sample and shows what is best in it; the probability of that is an
    integral that cannot be logged. Here a round draws a set of samples, and one of the set at
    random: given the set, the share of samples in which a candidate is best is exactly its
    probability, and estimates that divide by it are unbiased set by set.

    Args:
        belief: Of the weights.
        X: float32 [n, m, d], features.
        offers: Which of them are allowed.
        rng: Draws the samples.
        samples: How many a round.
    """
    open_ = offers.open
    share = np.zeros(open_.shape)
    step = max(1, _NUMBERS_AT_A_TIME // (samples * max(X.shape[1], X.shape[2] + 1)))
    for start in range(0, len(X), step):
        rows = slice(start, start + step)
        values = X[rows] @ belief.samples(rng, len(X[rows]), samples)
        values[~open_[rows]] = -np.inf
        best = values == values.max(axis=1, keepdims=True)
        best &= open_[rows][:, :, None]
        # several best ones of a sample share it
        share[rows] = (best / np.maximum(best.sum(axis=1, keepdims=True), 1)).mean(axis=2)
    return share


def with_floor(share: Doubles, offers: Offers, explore: float) -> Doubles:
    """float64 [n, m], in a share of rounds any candidate instead."""
    return mixed(share, uniform(offers.open), explore)
