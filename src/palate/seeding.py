"""Random numbers whose seed comes from what they are for, never from the order of calls."""

from __future__ import annotations

import hashlib
import json

import numpy as np


def seed_of(seed: int, *identity: str | int) -> int:
    """A 63-bit seed for one purpose; the text "7" and the number 7 are different purposes.

    >>> seed_of(1, "split", "user", 7) == seed_of(1, "split", "user", 7)
    True
    >>> seed_of(1, "split") == seed_of(1, "control")
    False
    """
    # as JSON, so that no two identities run together; numpy's whole numbers count as numbers
    text = json.dumps([int(seed), *(i if isinstance(i, str) else int(i) for i in identity)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def generator(seed: int, *identity: str | int) -> np.random.Generator:
    """A numpy generator seeded by `seed_of`."""
    return np.random.default_rng(seed_of(seed, *identity))
