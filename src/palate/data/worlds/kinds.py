"""A shop whose people mostly stay with the kind of the item before: what operators can find."""

from __future__ import annotations

import numpy as np
import polars as pl

N_KINDS, N_COLOURS = 12, 6


def staying_with_a_kind(
    rng: np.random.Generator,
    stays: float,
    n_users: int = 1500,
    n_items: int = 300,
    per_user: int = 6,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """A log and its items; of their fields `kind` alone says anything, not `colour` and `price`.

    Args:
        rng: Draws everything.
        stays: Chance that somebody takes an item of the same kind as the one before; 0: any item,
            so that no field says anything.
        n_users: People.
        n_items: Items.
        per_user: Events of each person, no item twice.

    Returns:
        Frames {user_id, item_id, timestamp} and {item_id, kind, colour, price}.

    >>> from palate.seeding import generator
    >>> rng = generator(1, "shop")
    >>> log, items = staying_with_a_kind(rng, 0.5, n_users=2, n_items=40, per_user=3)
    >>> log.height, items.columns
    (6, ['item_id', 'kind', 'colour', 'price'])
    """
    kind, colour = rng.integers(0, N_KINDS, n_items), rng.integers(0, N_COLOURS, n_items)
    of_kind = [np.flatnonzero(kind == k) for k in range(N_KINDS)]
    rows: list[tuple[int, int]] = []
    for user in range(n_users):
        taken = [int(rng.integers(n_items))]
        while len(taken) < per_user:
            same = stays > 0 and rng.random() < stays
            item = int(rng.choice(of_kind[kind[taken[-1]]]) if same else rng.integers(n_items))
            if item not in taken:
                taken.append(item)
        rows += [(user, item) for item in taken]
    log = pl.DataFrame(rows, schema=["user_id", "item_id"], orient="row")
    items = pl.DataFrame(
        {
            "item_id": np.arange(n_items),
            "kind": [f"k{k}" for k in kind],
            "colour": [f"c{c}" for c in colour],
            "price": rng.random(n_items),
        }
    )
    return log.with_columns(timestamp=np.arange(len(log))), items
