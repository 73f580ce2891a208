"""Made clicks on lists whose first positions are looked at more, with relevance that is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from palate.arrays import Doubles, Mask, Rows
from palate.tables import Interactions, Vocabulary


@dataclass(frozen=True, eq=False)
class SeenLists:
    """What was shown and clicked.

    Attributes:
        user: int32 [n].
        item: int32 [n].
        position: int32 [n], from 1 on.
        clicked: bool [n].
        relevance: float64 [n_users, n_items], how likely a look becomes a click.
        examination: float64 [k], how likely each position is looked at.
    """

    user: Rows
    item: Rows
    position: Rows
    clicked: Mask
    relevance: Doubles
    examination: Doubles

    def clicks(self) -> Interactions:
        """The clicks as a log."""
        own = np.flatnonzero(self.clicked)
        n_users, n_items = self.relevance.shape
        users, items = (
            Vocabulary(tuple(f"{kind}{k}" for k in range(n)))
            for kind, n in (("u", n_users), ("i", n_items))
        )
        ones = np.ones(len(own), np.float32)
        return Interactions(
            users, items, self.user[own], self.item[own], ones, position=self.position[own]
        )


def seen_lists(
    rng: np.random.Generator,
    users: int = 600,
    items: int = 150,
    lists: int = 10,
    length: int = 10,
    bias: float = 1.0,
    order: float = 2.0,
) -> SeenLists:
    """Draw lists and clicks.

    Args:
        rng: Draws all.
        users: How many users.
        items: How many items.
        lists: Lists of each user.
        length: Items of a list.
        bias: Position k is looked at with probability 1 / k to this power; 0: all alike.
        order: How strongly lists are put in an order of the items that has nothing to do with
            relevance; 0: at random.
    """
    taste, kind = rng.normal(size=(users, 4)), rng.normal(size=(items, 4))
    relevance = expit(0.7 * taste @ kind.T + rng.normal(size=items) - 1)
    n = users * lists
    shown = np.argsort(rng.random((n, items)), axis=1)[:, :length]
    first = order * rng.normal(size=items)[shown] + rng.gumbel(size=shown.shape)
    lists_shown = np.take_along_axis(shown, np.argsort(-first, axis=1), axis=1)
    item = np.asarray(lists_shown.ravel(), np.int32)
    user = np.asarray(np.repeat(np.arange(users), lists * length), np.int32)
    position = np.tile(np.arange(1, length + 1, dtype=np.int32), n)
    examination = np.asarray(np.arange(1, length + 1) ** -bias, np.float64)
    clicked = rng.random(len(user)) < examination[position - 1] * relevance[user, item]
    return SeenLists(user, item, position, clicked, relevance, examination)
