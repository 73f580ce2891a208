"""A world of two blocks in which each is right about half of the items."""

from __future__ import annotations

import numpy as np

from palate.arrays import Ragged
from palate.tables import (
    Block,
    Cases,
    FeatureTable,
    Histories,
    Interactions,
    Origin,
    Training,
    Vocabulary,
)

N, USERS, FAMILIES = 240, 600, 8


def family(item: np.ndarray) -> np.ndarray:
    return item % FAMILIES


def made_world(popular_share: float = 1.0, seed: int = 0) -> Training:
    """Everybody has items of one family; validation asks for another one of it. Later items may be
    rarer.
    """
    random = np.random.default_rng(seed)
    rng = np.where(np.arange(N) < N // 2, 1.0, popular_share)
    rows = []
    for u in range(USERS):
        own = np.arange(u % FAMILIES, N, FAMILIES)
        rows.append(random.choice(own, 7, replace=False, p=rng[own] / rng[own].sum()))
    user = np.repeat(np.arange(USERS, dtype=np.int32), 6)
    item = np.concatenate([r[:6] for r in rows]).astype(np.int32)
    names = Vocabulary.of(f"i{i}" for i in range(N))
    log = Interactions(
        Vocabulary.of(f"u{u}" for u in range(USERS)),
        names,
        user,
        item,
        np.ones(len(user), np.float32),
    )
    histories = Histories.of(log, np.arange(USERS, dtype=np.int32))
    cases = Cases(histories, histories.items, Ragged.of([r[6:] for r in rows]))
    return Training(log, FeatureTable(names), cases)


def block(name: str, right: np.ndarray, noise: float = 0.3, seed: int = 0) -> Block:
    """Rows that tell an item's family where it is `right`, and noise as loud where not; the last
    column says which.
    """
    random = np.random.default_rng(seed)
    X = noise * random.normal(size=(N, FAMILIES + 1))
    X[np.arange(N), family(np.arange(N))] += np.where(right, 1.5, 0.0)
    wrong = np.flatnonzero(~right)
    X[wrong, random.integers(FAMILIES, size=len(wrong))] += 1.5
    X[:, -1] = np.where(right, 0.5, -0.5)
    return Block(name, X.astype(np.float32), np.ones(N, bool), Origin("made", data=name))
