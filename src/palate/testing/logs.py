"""Small made-up logs and rankings that the contract suites try parts on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from palate.arrays import Ragged
from palate.ranks import positions
from palate.seeding import generator
from palate.tables import Event, Interactions, Rankings, TargetRanks, Vocabulary
from palate.tables.event import ContextValue


def made_log(
    seed: int = 0, n_users: int = 60, n_items: int = 80, repeats: bool = False
) -> Interactions:
    """A log of 4 to 20 events a user, ratings 1 to 5, times with ties, popular and rare items.

    Args:
        seed: Seed of everything.
        n_users: Users; one more in the vocabulary has no event.
        n_items: Items; the last one has no event.
        repeats: Whether a user may have an item several times.
    """
    rng = generator(seed, "made log", n_users, n_items, int(repeats))
    weights = 1 / np.arange(1, n_items) ** 0.7
    rows: list[tuple[int, int]] = []
    for user in range(n_users):
        drawn = rng.choice(
            n_items - 1, int(rng.integers(4, 21)), replace=repeats, p=weights / weights.sum()
        )
        rows += [(user, int(item)) for item in drawn]
    pairs = np.array(rows, np.int32)[rng.permutation(len(rows))]
    value = rng.integers(1, 6, len(rows)).astype(np.float32)
    time = 1_000_000_000 + 60 * rng.integers(0, 2 * len(rows), len(rows)).astype(np.int64)
    users = Vocabulary.of(f"u{i}" for i in range(n_users + 1))
    items = Vocabulary.of(f"i{i}" for i in range(n_items))
    return Interactions(users, items, pairs[:, 0], pairs[:, 1], value, time)


def made_events(seed: int = 0, n: int = 120) -> list[Event]:
    """Events of 10 users with 30 items that say everything an event can say, some of them not all;
    times with ties, no user with the same item twice.
    """
    rng = generator(seed, "made events", n)
    pairs = rng.permutation(300)[:n]
    return [
        Event(
            f"u{pair % 10}",
            f"i{pair // 10}",
            ("view", "buy", "add to basket", "")[int(rng.integers(4))],
            1_600_000_000 + 60 * int(rng.integers(n)),
            float(rng.integers(1, 6)) / 2,
            f"r{int(rng.integers(20))}" if rng.random() < 0.8 else "",
            int(rng.integers(1, 11)) if rng.random() < 0.8 else None,
            float(np.float32(rng.uniform(0.01, 1))) if rng.random() < 0.8 else None,
            _made_context(rng),
        )
        for pair in pairs.tolist()
    ]


def _made_context(rng: np.random.Generator) -> dict[str, ContextValue]:
    full: dict[str, ContextValue] = {
        "device": ("phone", "desk, old", 'a "quoted" one')[int(rng.integers(3))],
        "hour": int(rng.integers(24)),
        "price": float(rng.integers(100)) / 8 + 0.5,
        "logged_in": bool(rng.integers(2)),
    }
    return {name: value for name, value in full.items() if rng.random() < 0.8}


def made_ranks(seed: int = 0, n_cases: int = 40, n_items: int = 30) -> TargetRanks:
    """Places of 0 to 6 targets a case among `n_items`, some unreachable, some tied, of values 1 to
    5.
    """
    rng = generator(seed, "made ranks", n_cases, n_items)
    rows = [
        rng.permutation(n_items)[: int(rng.integers(0, 7))].astype(np.int32) for _ in range(n_cases)
    ]
    targets = Ragged.of(rows)
    scores = rng.integers(0, n_items // 2, (n_cases, n_items)).astype(np.float32)
    seen = Ragged.of([row[rng.random(len(row)) < 0.1] for row in rows])
    value = rng.integers(1, 6, len(targets.values)).astype(np.float64)
    return replace(positions(scores, seen, targets), value=value)


def made_lists(seed: int = 0, n_cases: int = 40, n_items: int = 80, k: int = 20) -> Rankings:
    """Lists of `k` items or fewer, one of them empty."""
    rng = generator(seed, "made lists", n_cases, n_items, k)
    items = np.stack([rng.choice(n_items, k, replace=False) for _ in range(n_cases)]).astype(
        np.int32
    )
    items[0] = -1
    items[1, 3:] = -1
    scores = np.sort(rng.standard_normal((n_cases, k)).astype(np.float32))[:, ::-1].copy()
    scores[items < 0] = -np.inf
    return Rankings(np.arange(n_cases, dtype=np.int32), items, scores)
