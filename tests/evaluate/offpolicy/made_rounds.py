"""Rounds made without any generator of random numbers, the same on every machine and in every
library: what reference values were worked out on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_A, _C, _M = 1_103_515_245, 12_345, 2**31


def numbers(seed: int, n: int) -> NDArray[np.float64]:
    """float64 [n], between 0 and 1, by a linear congruential generator."""
    found, state = np.empty(n), seed
    for i in range(n):
        state = (_A * state + _C) % _M
        found[i] = (state + 0.5) / _M
    return found


def distribution(seed: int, n: int, k: int) -> NDArray[np.float64]:
    """float64 [n, k], rows that add up to 1."""
    p = numbers(seed, n * k).reshape(n, k) ** 2 + 0.02
    return p / p.sum(axis=1, keepdims=True)


@dataclass(frozen=True)
class Made:
    """A log with all that estimators may want."""

    action: NDArray[np.int32]
    reward: NDArray[np.float64]
    logging: NDArray[np.float64]
    target: NDArray[np.float64]
    expected: NDArray[np.float64]
    group: NDArray[np.int32]

    @property
    def propensity(self) -> NDArray[np.float64]:
        """float64 [n], of the logged actions."""
        return self.logging[np.arange(len(self.action)), self.action]


def made(seed: int, n: int = 60, k: int = 7) -> Made:
    """A log of `n` rounds and `k` actions."""
    logging, target = distribution(seed, n, k), distribution(seed + 1, n, k)
    draw = numbers(seed + 2, n)
    action = (np.cumsum(logging, axis=1) < draw[:, None]).sum(axis=1).clip(0, k - 1)
    mean = numbers(seed + 3, n * k).reshape(n, k)
    reward = (numbers(seed + 4, n) < mean[np.arange(n), action]).astype(np.float64)
    expected = 0.5 * mean + 0.5 * numbers(seed + 5, n * k).reshape(n, k)
    return Made(
        action.astype(np.int32),
        reward,
        logging,
        target,
        expected,
        (np.arange(k) % 3).astype(np.int32),
    )


@dataclass(frozen=True)
class MadeSlates:
    """Lists of k positions over m actions, drawn from the top down."""

    action: NDArray[np.int32]
    reward: NDArray[np.float64]
    logging: NDArray[np.float64]
    target: NDArray[np.float64]
    target_all: NDArray[np.float64]
    expected_all: NDArray[np.float64]


def made_slates(seed: int, n: int = 40, k: int = 3, m: int = 4) -> MadeSlates:
    """`n` lists; propensities [n, k] are those given the items above."""
    logging = distribution(seed, n * k, m)
    target = distribution(seed + 1, n * k, m)
    draw = numbers(seed + 2, n * k)
    action = (np.cumsum(logging, axis=1) < draw[:, None]).sum(axis=1).clip(0, m - 1)
    rows: Any = np.arange(n * k)
    reward = (numbers(seed + 3, n * k) < 0.4).astype(np.float64)
    expected = numbers(seed + 4, n * k * m).reshape(n * k, m)
    return MadeSlates(
        action.astype(np.int32).reshape(n, k),
        reward.reshape(n, k),
        logging[rows, action].reshape(n, k),
        target[rows, action].reshape(n, k),
        target.reshape(n, k, m),
        expected.reshape(n, k, m),
    )
