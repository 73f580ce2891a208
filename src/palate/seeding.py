"""Random numbers whose seed comes from what they are for, never from the order of calls."""

from __future__ import annotations

import hashlib

import numpy as np


def seed_of(seed: int, *identity: str | int) -> int:
    """A 63-bit seed for one purpose.

    >>> seed_of(1, "split", "user", 7) == seed_of(1, "split", "user", 7)
    True
    >>> seed_of(1, "split") == seed_of(1, "control")
    False
    """
    text = "\x1f".join([str(seed), *map(str, identity)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def generator(seed: int, *identity: str | int) -> np.random.Generator:
    """A numpy generator seeded by `seed_of`."""
    return np.random.default_rng(seed_of(seed, *identity))
