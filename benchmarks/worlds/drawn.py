"""Logs drawn by chance from people who keep to topics, and the columns that are made of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

Order = Literal["dates", "rows", "none"]
"""Times in seconds; no times, but rows in the order of events; neither."""
START, DAYS = 1_600_000_000, 700


@dataclass(frozen=True)
class Shape:
    """How large a log is, and how strongly people keep to their topics.

    Attributes:
        users: How many.
        items: How many.
        topics: How many; items are spread evenly over them.
        events: Mean events of a user; at least three.
        taste: How many times likelier an item of the own topic is.
        tail: How fast the appeal of items falls by their place: its power.
    """

    users: int = 1200
    items: int = 1000
    topics: int = 40
    events: float = 4.2
    taste: float = 60.0
    tail: float = 0.5


@dataclass(frozen=True, eq=False)
class Drawn:
    """Events and what is behind them.

    Attributes:
        user: int64 [n_events].
        item: int64 [n_events].
        when: float64 [n_events], 0 to 1; each user's events in order.
        topic: int64 [n_items].
        own: int64 [n_users], the topic that a user keeps to.
    """

    user: NDArray[np.int64]
    item: NDArray[np.int64]
    when: NDArray[np.float64]
    topic: NDArray[np.int64]
    own: NDArray[np.int64]


def drawn(rng: np.random.Generator, shape: Shape) -> Drawn:
    """Everybody takes different items, by appeal and by topic, at moments spread over all time."""
    topic = rng.permutation(np.arange(shape.items) % shape.topics)
    appeal = (1.0 + rng.permutation(shape.items)) ** -shape.tail
    own = rng.integers(0, shape.topics, shape.users)
    chance = appeal * np.where(topic == own[:, None], shape.taste, 1.0)
    sizes = 3 + rng.poisson(shape.events - 3, shape.users)
    return events(rng, chance, sizes, topic, own)


def events(
    rng: np.random.Generator,
    chance: NDArray[np.float64],
    sizes: NDArray[np.int64],
    topic: NDArray[np.int64],
    own: NDArray[np.int64],
    released: NDArray[np.float64] | None = None,
) -> Drawn:
    """Events of users who take different items.

    Args:
        rng: Draws them.
        chance: float64 [n_users, n_items], how likely each item is, up to a factor.
        sizes: int64 [n_users], events of each user.
        topic: int64 [n_items].
        own: int64 [n_users].
        released: float64 [n_items], since when there is an item; None: all the time.
    """
    users, items, times = [], [], []
    for user, size in enumerate(sizes):
        moments = np.sort(rng.uniform(size=size))
        free = chance[user].copy()
        for moment in moments:
            now = free if released is None else np.where(released <= moment, free, 0.0)
            item = int(rng.choice(len(now), p=now / now.sum()))
            free[item] = 0.0
            users.append(user)
            items.append(item)
            times.append(moment)
    return Drawn(np.array(users), np.array(items), np.array(times), topic, own)


def log_of(
    rng: np.random.Generator, made: Drawn, order: Order, *, rated: bool = False
) -> pl.DataFrame:
    """The events as a table.

    Args:
        rng: Shuffles rows, and draws ratings and what is disliked.
        made: The events.
        order: What the table says of their order.
        rated: Whether events have ratings from 1 to 5: high ones for all that `made` holds, and low
            ones for as many other items drawn at random.
    """
    user, item, when = made.user, made.item, made.when
    columns: dict[str, object] = {}
    if rated:
        user, item, when, liked = _with_dislikes(rng, made)
        columns["rating"] = np.where(
            liked, rng.integers(4, 6, len(user)), rng.integers(1, 3, len(user))
        )
    if order == "dates":
        columns["timestamp"] = START + (when * DAYS * 86_400).astype(np.int64)
    table = pl.DataFrame(
        {"user_id": [f"u{u}" for u in user], "item_id": [f"i{i}" for i in item], **columns}
    )
    by_time = np.argsort(when, kind="stable")
    return table[rng.permutation(len(table)) if order == "none" else by_time]


def _with_dislikes(
    rng: np.random.Generator, made: Drawn
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.bool_]]:
    n_items = len(made.topic)
    user = np.repeat(made.user, 2)
    item = np.repeat(made.item, 2)
    when = np.repeat(made.when, 2)
    when[1::2] += 1e-5
    item[1::2] = rng.integers(0, n_items, len(made.item))
    liked = np.arange(len(user)) % 2 == 0
    known = set(zip(made.user.tolist(), made.item.tolist(), strict=True))
    kept = []
    for row, (u, i, good) in enumerate(
        zip(user.tolist(), item.tolist(), liked.tolist(), strict=True)
    ):
        if good or (u, i) not in known:
            kept.append(row)
            known.add((u, i))
    rows = np.array(kept)
    return user[rows], item[rows], when[rows], liked[rows]


def ids(n: int) -> list[str]:
    """Names of items, as the log has them."""
    return [f"i{i}" for i in range(n)]


def codes(topic: NDArray[np.int64]) -> list[str]:
    """A code for each topic, in which there are no words."""
    return [f"{t:02d}-{(t * 37 + 11) % 97:02d}" for t in topic]


def sizes_of(rng: np.random.Generator, topic: NDArray[np.int64]) -> pl.DataFrame:
    """Price, weight and width: near to each other for items of one topic."""
    centre = rng.normal(0, 1, (int(topic.max()) + 1, 3))
    value = centre[topic] + 0.15 * rng.normal(size=(len(topic), 3))
    return pl.DataFrame(
        np.round(np.exp(0.8 * value + [3.0, 1.0, 2.0]), 2), ["price", "weight", "width"]
    )
