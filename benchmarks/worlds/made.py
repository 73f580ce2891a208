"""Made worlds: which block says what, and for whom it can be of use."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Literal

import numpy as np
import polars as pl
from worlds.drawn import (
    DAYS,
    START,
    Drawn,
    Order,
    Shape,
    codes,
    drawn,
    events,
    ids,
    log_of,
    sizes_of,
)
from worlds.vocabulary import CHINESE, titles
from worlds.world import FIELDS, WORDS, Kind, Made, Truth, World

SPARSE = Shape()
LARGER = Shape(users=1600, items=1200)
UNDATED = Shape(users=800, items=700)
FEWER_TOPICS = Shape(users=800, items=700, topics=30, tail=0.3)
IN_CHINESE = Shape(users=1000, items=900, topics=len(CHINESE))
DENSE = Shape(users=1000, items=150, topics=6, events=30, taste=15.0)
"""So many events of every item that behaviour says all that there is to know."""
SIMPLE = Shape(users=1500, items=60, topics=2, events=16, taste=5.0, tail=0.8)

Column = Literal["title", "code", "sizes"]
NOBODY = Truth("no one")
TEST_FROM = 0.9
"""When the test begins where there are dates: the last tenth of the events, and of the time."""


def worlds() -> Iterator[World]:
    """All of them, in the order of their kinds."""
    yield from _helping()
    yield from _cold()
    yield from _slices()
    yield from _copies()
    yield from _noise()
    yield from _leaks()
    yield from _two_blocks()


def _helping() -> Iterator[World]:
    words = Truth("everybody", WORDS)
    for name, shape, order, more in (
        ("titles, dates", SPARSE, "dates", {}),
        ("titles, dates, more users", LARGER, "dates", {}),
        ("titles, order of rows", FEWER_TOPICS, "rows", {}),
        ("titles, no order", UNDATED, "none", {}),
        ("titles, ratings with dislikes", SPARSE, "dates", {"rated": True}),
        ("titles, ratings, no order", FEWER_TOPICS, "none", {"rated": True}),
        ("Chinese titles, dates", IN_CHINESE, "dates", {"chinese": True}),
        ("Chinese titles, no order", IN_CHINESE, "none", {"chinese": True}),
    ):
        yield _world(name, "help", words, partial(spoken, shape, order, **more))
    code = Truth("everybody", FIELDS)
    yield _world("codes, dates", "help", code, partial(spoken, SPARSE, "dates", says="code"))


def _cold() -> Iterator[World]:
    seldom = ("target 0", "target 1-5", "target 6-20")
    truth = Truth("some", WORDS, seldom, ("users <=5 events",))
    for name, more in (
        ("new items", {}),
        ("new items, more of them", {"late": 0.35}),
        ("new items, fewer topics", {"shape": replace(DENSE, topics=6, items=160)}),
        ("new items, Chinese", {"chinese": True}),
        ("new items, beside noise in fields", {"noise": True}),
    ):
        yield _world(name, "help, cold", truth, partial(with_new_items, **more))


def _slices() -> Iterator[World]:
    rare = Truth("some", WORDS, ("target 1-5", "target 0", "target 6-20"), ("users <=5 events",))
    yield _world("rare items", "help, one slice", rare, partial(_rare, "dates"))
    yield _world("rare items, order of rows", "help, one slice", rare, partial(_rare, "rows"))
    yield _world("rare items, no order", "help, one slice", rare, partial(_rare, "none"))
    short = replace(rare, slices=(*rare.slices, "users <=5 events"), unknown=())
    yield _world("short histories", "help, one slice", short, partial(_short, "rows"))
    yield _world("short histories, no order", "help, one slice", short, partial(_short, "none"))


def _copies() -> Iterator[World]:
    for name, shape, order, column in (
        ("title is a code", SPARSE, "dates", "code"),
        ("title is a name of its own", UNDATED, "rows", "name"),
        ("title is a name of its own, dense", DENSE, "dates", "name"),
    ):
        yield _world(name, "copy", NOBODY, partial(_named, shape, order, column))
    yield _world("title repeats behaviour", "copy", NOBODY, partial(spoken, SIMPLE, "none"))
    yield _world("title repeats behaviour, dates", "copy", NOBODY, partial(spoken, SIMPLE, "dates"))
    twin = partial(_twin, UNDATED, "rows")
    yield _world("twin of noise", "copy", NOBODY, partial(twin, says=None))
    yield _world("twin of a title", "copy", Truth("everybody", WORDS), partial(twin, says="title"))


def _noise() -> Iterator[World]:
    for name, shape, order, more in (
        ("titles, dates", SPARSE, "dates", {}),
        ("titles, order of rows", UNDATED, "rows", {}),
        ("titles, no order", FEWER_TOPICS, "none", {}),
        ("titles, dense", DENSE, "dates", {}),
        ("titles, ratings with dislikes", SPARSE, "dates", {"rated": True}),
        ("Chinese titles", IN_CHINESE, "none", {"chinese": True}),
        ("codes and sizes", SPARSE, "dates", {"noise": ("code", "sizes")}),
        ("titles, codes and sizes", UNDATED, "rows", {"noise": ("title", "code", "sizes")}),
        ("titles, codes and sizes, dense", DENSE, "none", {"noise": ("title", "code", "sizes")}),
    ):
        made = {"noise": ("title",), **more}
        yield _world(name, "noise", NOBODY, partial(spoken, shape, order, says=None, **made))
    late = partial(with_new_items, says=False)
    yield _world("titles, new items", "noise", NOBODY, late)


def _leaks() -> Iterator[World]:
    truth = Truth("leak")
    for name, shape, column in (
        ("orders of the last months", LARGER, "recent"),
        ("day of the last order", LARGER, "last"),
        ("who bought it", SPARSE, "buyers"),
        ("who bought it, hashed", LARGER, "hashed buyers"),
        ("orders of all time", LARGER, "sales"),
    ):
        yield _world(name, "leak", truth, partial(leaking, shape, column))


def _two_blocks() -> Iterator[World]:
    for order, shape in (("dates", SPARSE), ("none", UNDATED)):
        tail = "dates" if order == "dates" else "no order"
        for says, noise, blocks in (
            ("title", ("code", "sizes"), WORDS),
            ("code", ("title",), FIELDS),
            ("sizes", ("title",), FIELDS),
        ):
            name = f"{says} among {' and '.join(noise)}, {tail}"
            make = partial(spoken, shape, order, says=says, noise=noise)
            yield _world(name, "right block", Truth("everybody", blocks), make)


def _world(
    name: str, kind: Kind, truth: Truth, make: Callable[[np.random.Generator], Made]
) -> World:
    seed = [ord(c) for c in f"{kind}: {name}"]
    return World(f"{kind}: {name}", kind, truth, lambda: make(np.random.default_rng(seed)))


def spoken(
    shape: Shape,
    order: Order,
    rng: np.random.Generator,
    *,
    says: Column | None = "title",
    noise: tuple[Column, ...] = (),
    rated: bool = False,
    chinese: bool = False,
) -> Made:
    """A log of people with topics; one column says the topics, others are drawn at random."""
    made = drawn(rng, shape)
    parts = [pl.DataFrame({"item_id": ids(shape.items)})]
    if says:
        parts.append(_column(rng, says, made.topic, chinese))
    for column in noise:
        parts.append(_column(rng, column, rng.permutation(made.topic), chinese))
    log = log_of(rng, made, order, rated=rated)
    return Made(log, pl.concat(parts, how="horizontal"), made.topic if says else None)


def _column(
    rng: np.random.Generator, column: Column, topic: np.ndarray, chinese: bool = False
) -> pl.DataFrame:
    if column == "sizes":
        return sizes_of(rng, topic)
    values = codes(topic) if column == "code" else titles(rng, topic, chinese=chinese)
    return pl.DataFrame({"shelf" if column == "code" else "title": values})


LIKED = 2.0
"""How much likelier than the mean item a new one is."""


def with_new_items(
    rng: np.random.Generator,
    *,
    shape: Shape = DENSE,
    late: float = 0.3,
    says: bool = True,
    chinese: bool = False,
    noise: bool = False,
) -> Made:
    """A dense log in which a share of the items, `late`, come one by one, and are liked at once.

    Of the others behaviour says all; of new ones only their titles say anything. About a seventh of
    the test targets are of items that came after training: with more than a fifth no split by time
    would be made.
    """
    topic = rng.permutation(np.arange(shape.items) % shape.topics)
    own = rng.integers(0, shape.topics, shape.users)
    appeal = (1.0 + rng.permutation(shape.items)) ** -shape.tail
    new = rng.permutation(shape.items)[: round(late * shape.items)]
    appeal[new] = LIKED * appeal.mean()
    released = np.zeros(shape.items)
    released[new] = np.linspace(0.1, 1.0, len(new), endpoint=False)
    chance = appeal * np.where(topic == own[:, None], shape.taste, 1.0)
    sizes = 3 + rng.poisson(shape.events - 3, shape.users)
    made = events(rng, chance, sizes, topic, own, released)
    named = topic if says else rng.permutation(topic)
    items = pl.DataFrame(
        {"item_id": ids(shape.items), "title": titles(rng, named, chinese=chinese)}
    )
    if noise:
        items = pl.concat([items, sizes_of(rng, rng.permutation(topic))], how="horizontal")
    return Made(log_of(rng, made, "dates"), items, topic if says else None)


N_HEAD, N_RARE, N_GROUPS, N_TOPICS = 120, 800, 6, 40


def _rare(order: Order, rng: np.random.Generator) -> Made:
    """Most people keep to famous items, whose titles are noise; others are fond of rare ones, whose
    titles say the topic.
    """
    n_users = 1000
    fond = rng.uniform(size=n_users) < 0.5
    return _head_and_tail(rng, order, np.where(fond, 0.9, 0.03), 7 + rng.poisson(2, n_users))


def _short(order: Order, rng: np.random.Generator) -> Made:
    """Half of the people have few events, of rare items that behaviour hardly knows; the others
    have many, of famous ones.
    """
    n_users = 900
    is_short = rng.uniform(size=n_users) < 0.5
    sizes = np.where(is_short, 4 + rng.integers(0, 3, n_users), 18 + rng.poisson(6, n_users))
    return _head_and_tail(rng, order, np.where(is_short, 0.9, 0.03), sizes)


def _head_and_tail(
    rng: np.random.Generator, order: Order, rare: np.ndarray, sizes: np.ndarray
) -> Made:
    """Famous items are taken by groups of people of which titles say nothing, rare ones by topic.

    Args:
        rng: Draws everything.
        order: Of the log.
        rare: float64 [n_users], the share of rare items among a user's events.
        sizes: int64 [n_users].
    """
    n_users = len(sizes)
    group = rng.permutation(np.arange(N_HEAD) % N_GROUPS)
    topic = rng.permutation(np.arange(N_RARE) % N_TOPICS)
    mine, own = rng.integers(0, N_GROUPS, n_users), rng.integers(0, N_TOPICS, n_users)
    head = np.where(group == mine[:, None], 20.0, 1.0)
    tail = np.where(topic == own[:, None], 60.0, 1.0)
    shares = [1 - rare, rare]
    parts = [
        p / p.sum(1, keepdims=True) * s[:, None] for p, s in zip((head, tail), shares, strict=True)
    ]
    named = np.concatenate([rng.integers(0, N_TOPICS, N_HEAD), topic])
    made = events(rng, np.hstack(parts), sizes, named, own)
    items = pl.DataFrame({"item_id": ids(len(named)), "title": titles(rng, named)})
    known = np.concatenate([np.full(N_HEAD, -1), topic])
    return Made(log_of(rng, made, order), items, known)


def _named(shape: Shape, order: Order, column: str, rng: np.random.Generator) -> Made:
    """Titles that are a second id."""
    made = drawn(rng, shape)
    number = rng.permutation(shape.items)
    names = [_name(n) for n in number] if column == "name" else [f"article {n:05d}" for n in number]
    items = pl.DataFrame({"item_id": ids(shape.items), "title": names})
    return Made(log_of(rng, made, order), items)


def _name(number: int) -> str:
    """A word for each number, which no other has."""
    syllables = ("ba", "ko", "ti", "mu", "ra", "se", "lo", "vi", "na", "du")
    return " ".join(
        "".join(syllables[(number // 10**place * 7 + shift) % 10] for place in (2, 1, 0))
        for shift in (0, 3)
    )


def _twin(shape: Shape, order: Order, rng: np.random.Generator, *, says: Column | None) -> Made:
    """A title, and the same once more in capitals under another name."""
    made = drawn(rng, shape)
    named = made.topic if says else rng.permutation(made.topic)
    items = pl.DataFrame({"item_id": ids(shape.items), "title": titles(rng, named)})
    items = items.with_columns(label=pl.col("title").str.to_uppercase())
    return Made(log_of(rng, made, order), items, made.topic if says else None)


def leaking(shape: Shape, column: str, rng: np.random.Generator) -> Made:
    """Titles of noise, and a column that was made of the whole log."""
    made = drawn(rng, shape)
    title = titles(rng, rng.permutation(made.topic))
    items = pl.DataFrame({"item_id": ids(shape.items), "title": title, **_later(made, column)})
    return Made(log_of(rng, made, "dates"), items)


def _later(made: Drawn, column: str) -> dict[str, list[object]]:
    n_items = len(made.topic)
    own = [np.flatnonzero(made.item == i) for i in range(n_items)]
    if column == "sales":
        return {"orders": [len(rows) for rows in own]}
    if column == "recent":
        return {"orders_lately": [int((made.when[rows] >= TEST_FROM).sum()) for rows in own]}
    if column == "last":
        last = [made.when[rows].max() if len(rows) else 0.0 for rows in own]
        return {"last_ordered": [START + int(when * DAYS * 86_400) for when in last]}
    mark = (lambda u: f"u{u}") if column == "buyers" else (lambda u: f"x{u * 7919 % 100_003:05x}")
    return {"bought_by": [" ".join(mark(u) for u in sorted(made.user[rows])) for rows in own]}
