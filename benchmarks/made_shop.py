"""A made-up shop that is like real ones in what costs time: kinds of items with words of their own,
few items that are very popular, people with a few interests.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

import palate

KINDS, INTERESTS, EVENTS = 1_000, 3, 10
"""Kinds of items; kinds that one person likes; events of each person."""
N_WORDS, COMMON = 12_000, 3_000
"""Words of kinds, and words of all items."""
ANYTHING = 0.2
"""Share of events with an item of any kind."""


def made_run(folder: Path, n_items: int, n_users: int) -> None:
    """A run over such a shop, with co-occurrence, words of titles, and a blend of both ("both")."""
    log, items = shop(n_items, n_users)
    recipe = {
        "split": {"part": "split.leave_last_out.v1"},
        "blocks": {"words": {"part": "text.tfidf.v1", "fields": ["title"]}},
        "models": {
            "ids": {"part": "model.cooccurrence.v1"},
            "titles": {"part": "model.text_kernel.v1", "block": "words"},
            "both": {"part": "model.blend.v1", "members": ["ids", "titles"]},
        },
        "evaluate": {"metrics": ["ndcg@10"], "controls": False, "users": 100},
        "report": {"users": 1},
    }
    palate.run(palate.read(log, items), recipe, folder=folder)


def shop(n_items: int, n_users: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Its log (user_id, item_id, timestamp; nobody takes an item twice) and its items (item_id,
    title), drawn by a fixed seed.
    """
    rng = np.random.default_rng(0)
    kind = rng.integers(0, KINDS, n_items)
    items = pl.DataFrame({"item_id": np.arange(n_items), "title": _titles(rng, kind)})
    user = np.repeat(np.arange(n_users), EVENTS)
    item = _taken(rng, kind, user)
    log = pl.DataFrame({"user_id": user, "item_id": item, "timestamp": np.arange(len(user))})
    return log.unique(["user_id", "item_id"], maintain_order=True), items


def _titles(rng: np.random.Generator, kind: np.ndarray) -> list[str]:
    """Four words of the item's kind and two of any, few of them frequent."""
    of_kind = rng.integers(0, N_WORDS, (KINDS, 24))
    own = np.minimum(rng.zipf(1.4, (len(kind), 4)) - 1, 23)
    any_of = np.minimum(rng.zipf(1.3, (len(kind), 2)) - 1, COMMON - 1) + N_WORDS
    words = np.concatenate([np.take_along_axis(of_kind[kind], own, 1), any_of], axis=1)
    return [" ".join(f"w{word}" for word in row) for row in words.tolist()]


def _taken(rng: np.random.Generator, kind: np.ndarray, user: np.ndarray) -> np.ndarray:
    """An item for each event: of a kind that the user likes, or any; popular ones more often."""
    n_items = len(kind)
    order = np.argsort(kind, kind="stable")
    popularity = 1 / (1 + rng.permutation(n_items)) ** 0.8
    total = np.concatenate([[0], np.cumsum(popularity[order])])
    first = total[np.searchsorted(kind[order], np.arange(KINDS + 1))]
    liked = rng.integers(0, KINDS, (int(user.max()) + 1, INTERESTS))
    chosen = liked[user, rng.integers(0, INTERESTS, len(user))]
    drawn = rng.random(len(user))
    of_kind = first[chosen] + drawn * (first[chosen + 1] - first[chosen])
    place = np.where(rng.random(len(user)) < ANYTHING, drawn * total[-1], of_kind)
    return order[np.minimum(np.searchsorted(total[1:], place), n_items - 1)]
