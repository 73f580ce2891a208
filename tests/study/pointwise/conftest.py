"""A log with a clock, in which users take items of their own taste and items appear over time."""

from __future__ import annotations

import numpy as np
import pytest

from palate.seeding import generator
from palate.tables import Block, Interactions, Origin, Vocabulary

N_USERS, N_ITEMS, N_TASTES = 150, 240, 6
DAY = 86_400


def made_log(n_events: int = 9000, seed: int = 0) -> Interactions:
    """Everybody has one taste out of six and obeys it three times in four; item i is of taste i %
    6, listed in turn.
    """
    random = generator(seed, "pointwise world")
    time = np.sort(random.integers(0, 400 * DAY, n_events)).astype(np.int64)
    user = random.integers(0, N_USERS, n_events).astype(np.int32)
    listed = np.maximum((time / (400 * DAY) * N_ITEMS).astype(int), 30)
    item = (random.random(n_events) ** 2 * listed).astype(int)
    obeys = random.random(n_events) < 0.75
    own = item - item % N_TASTES + user % N_TASTES
    item = np.where(obeys & (own < listed), own, item).astype(np.int32)
    users, items = Vocabulary.of(range(N_USERS)), Vocabulary.of(range(N_ITEMS))
    return Interactions(
        users, items, user, item, random.integers(1, 6, n_events).astype(np.float32), time
    )


@pytest.fixture(scope="session")
def log() -> Interactions:
    return made_log()


@pytest.fixture(scope="session")
def taste() -> Block:
    """Content that knows the taste, with noise."""
    random = generator(1, "pointwise content")
    X = np.eye(N_TASTES)[np.arange(N_ITEMS) % N_TASTES] + 0.2 * random.normal(
        size=(N_ITEMS, N_TASTES)
    )
    return Block("taste", X.astype(np.float32), np.ones(N_ITEMS, bool), Origin("made"))
