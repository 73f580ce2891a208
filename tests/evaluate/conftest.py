"""Rankings to measure, from plain numbers, and made-up populations of known mean."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from palate.arrays import Ragged
from palate.tables import TargetRanks


@pytest.fixture
def places() -> Callable[..., TargetRanks]:
    """`places([1, 3], [], [inf], of=10)` -> the places of each case's targets among 10
    candidates.
    """

    def make(*cases: Sequence[float], of: int = 10) -> TargetRanks:
        items = Ragged.of([list(range(len(case))) for case in cases])
        position = np.array([p for case in cases for p in case], np.float64)
        return TargetRanks(
            items.row_of_value(), items.values, position, np.full(len(cases), of, np.int64)
        )

    return make


@pytest.fixture(scope="session")
def clustered() -> Callable[[np.random.Generator, int], tuple[np.ndarray, np.ndarray]]:
    """`clustered(random, n_users)` -> values [n_cases] of mean 0.3 and their users: 1 to 9 cases a
    user.

    Most of the variance lies between users, so the cases of one hang together.
    """

    def draw(random: np.random.Generator, n_users: int) -> tuple[np.ndarray, np.ndarray]:
        users = np.repeat(np.arange(n_users, dtype=np.int32), random.integers(1, 10, n_users))
        level = random.beta(0.6, 1.4, n_users)
        return (random.random(len(users)) < level[users]).astype(np.float64), users

    return draw


@pytest.fixture(scope="session")
def binomial_bounds() -> Callable[[int, float], tuple[float, float]]:
    """`binomial_bounds(n, share)` -> where the share of n trials lies with near certainty (3.3
    deviations).
    """

    def bounds(n: int, share: float) -> tuple[float, float]:
        width = 3.3 * np.sqrt(share * (1 - share) / n)
        return share - width, share + width

    return bounds
