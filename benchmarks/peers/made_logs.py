"""Four made logs of kinds that no real set at hand is of: hours of games, orders of products,
ratings of jokes with both signs, plays of artists.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

SEED = 7
TOPICS = [
    "space",
    "war",
    "farm",
    "racing",
    "puzzle",
    "zombie",
    "football",
    "fantasy",
    "city",
    "horror",
    "train",
    "dragon",
    "pirate",
    "chess",
    "island",
    "robot",
    "kitchen",
    "ninja",
    "medieval",
    "ocean",
]
KINDS = [
    "quest",
    "saga",
    "tycoon",
    "arena",
    "legends",
    "simulator",
    "story",
    "wars",
    "online",
    "deluxe",
]
TONES = ["dark", "tiny", "super", "lost", "final", "epic", "happy", "iron", "golden", "silent"]


def made(name: str, folder: Path) -> list[Path]:
    """Write a log, and its catalogue where it has one; the files in the order of the command line.

    Args:
        name: One of `MADE`.
        folder: Where to; what lies there is taken as it is.
    """
    files = [folder / file for file in FILES[name]]
    if not all(file.exists() for file in files):
        folder.mkdir(parents=True, exist_ok=True)
        for file, frame in zip(files, MADE[name](np.random.default_rng(SEED)), strict=True):
            frame.write_csv(file)
    return files


def _games(rng: np.random.Generator) -> tuple[pl.DataFrame, pl.DataFrame]:
    """A few games of each of 4,000 people, most of them the same famous ones; hours as values, no
    times.
    """
    n_users, n_items = 4000, 2500
    topic, price, appeal = _goods(rng, n_items, tail=1.1)
    taste = _tastes(rng, n_users, 0.35)
    rows = []
    for user in range(n_users):
        chance = appeal * (1 + 6 * taste[user, topic])
        chosen = _drawn(rng, chance, 1 + rng.poisson(rng.gamma(1.2, 4)))
        rows += [(user, item, round(float(rng.lognormal(1.5, 1.8)), 1)) for item in chosen]
    games = {
        "game_id": [f"g{i}" for i in range(n_items)],
        "title": _titles(rng, topic),
        "genres": [", ".join(dict.fromkeys((TOPICS[t], rng.choice(KINDS)))) for t in topic],
        "price": np.round(price, 2),
        "release_date": [
            f"20{rng.integers(5, 22):02d}-{rng.integers(1, 13):02d}-01" for _ in topic
        ],
    }
    log = pl.DataFrame(rows, ["user_id", "game_id", "hours"], orient="row")
    return log.with_columns(pl.format("g{}", "game_id").alias("game_id")), pl.DataFrame(games)


def _products(rng: np.random.Generator) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Some purchases of each of 6,000 people, mostly of one or two kinds of goods, with times."""
    n_users, n_items = 6000, 4000
    topic, price, appeal = _goods(rng, n_items, tail=0.7)
    taste = _tastes(rng, n_users, 0.06)
    trend = rng.uniform(0, 1, n_items)
    rows = []
    for user in range(n_users):
        chance = appeal * taste[user, topic]
        for item in _drawn(rng, chance, 3 + rng.poisson(3)):
            day = int(np.clip(rng.normal(trend[item], 0.25), 0, 1) * 700)
            rows.append((f"u{user}", f"p{item}", 1_600_000_000 + day * 86_400))
    goods = {
        "product_id": [f"p{i}" for i in range(n_items)],
        "name": _titles(rng, topic),
        "category": [TOPICS[t] for t in topic],
        "brand": [f"brand {b}" for b in topic * 7 + rng.integers(0, 7, n_items)],
        "price": np.round(price, 2),
    }
    log = pl.DataFrame(rows, ["user_id", "product_id", "timestamp"], orient="row")
    order = rng.permutation(len(log))
    return log[order], pl.DataFrame(goods)


def _jokes(rng: np.random.Generator) -> tuple[pl.DataFrame]:
    """Ratings from -10 to 10 of 100 jokes by 3,000 people, in the order of the jokes; no times."""
    n_users, n_items = 3000, 100
    quality, mood = rng.normal(1, 2, n_items), rng.normal(0, 2, n_users)
    shared = rng.normal(0, 1, (n_users, 4)) @ rng.normal(0, 1.4, (4, n_items))
    rated = rng.uniform(0, 1, (n_users, n_items)) < rng.beta(1.5, 1.0, n_users)[:, None]
    rated &= rng.uniform(0, 1, n_items) < np.linspace(1, 0.4, n_items)
    value = quality + mood[:, None] + shared + rng.normal(0, 3, (n_users, n_items))
    user, item = np.nonzero(rated)
    values = np.round(np.clip(value, -10, 10), 2)[user, item]
    return (pl.DataFrame({"user_id": user, "joke_id": item + 1, "rating": values}),)


def _music(rng: np.random.Generator) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The 50 artists that each of 2,000 people played most, of 12,000, by plays; no times."""
    n_users, n_items, n_scenes = 2000, 12_000, 60
    scene = rng.integers(0, n_scenes, n_items)
    appeal = (1 + rng.permutation(n_items)) ** -0.9
    taste = rng.dirichlet(np.full(n_scenes, 0.05), n_users)
    rows = []
    for user in range(n_users):
        chosen = _drawn(rng, appeal * (taste[user, scene] + 2e-3), 50)
        plays = np.sort(rng.lognormal(5, 1.3, len(chosen)).astype(int) + 1)[::-1]
        rows += [(user + 2, int(a) + 1, int(n)) for a, n in zip(chosen, plays, strict=True)]
    names = {
        "artist_id": np.arange(n_items) + 1,
        "name": [f"{rng.choice(TONES)} {rng.choice(TOPICS)} {i}" for i in range(n_items)],
    }
    log = pl.DataFrame(rows, ["user_id", "artist_id", "plays"], orient="row")
    return log, pl.DataFrame(names)


def _goods(rng: np.random.Generator, n_items: int, tail: float) -> tuple[Any, Any, Any]:
    """Topic, price and appeal of each item; appeal falls by its place to the power of `tail`."""
    topic = rng.integers(0, len(TOPICS), n_items)
    appeal = (5 + rng.permutation(n_items)) ** -tail
    return topic, rng.lognormal(2.5, 0.8, n_items), appeal / appeal.sum()


def _tastes(rng: np.random.Generator, n_users: int, even: float) -> Any:
    """[n_users, n_topics], rows that sum to 1; the lower `even`, the fewer topics a person has."""
    return rng.dirichlet(np.full(len(TOPICS), even), n_users) + 1e-4


def _titles(rng: np.random.Generator, topic: Any) -> list[str]:
    return [
        f"{rng.choice(TONES)} {TOPICS[t]} {rng.choice(KINDS)} {rng.integers(1, 9)}" for t in topic
    ]


def _drawn(rng: np.random.Generator, chance: Any, n: int) -> Any:
    """`n` different items, the likelier first on the whole."""
    keys = np.log(rng.uniform(size=len(chance))) / chance
    first = np.argpartition(-keys, min(n, len(chance) - 1))[:n]
    return first[np.argsort(-keys[first])]


MADE: dict[str, Callable[[np.random.Generator], tuple[pl.DataFrame, ...]]] = {
    "made: games": _games,
    "made: products": _products,
    "made: jokes": _jokes,
    "made: music": _music,
}
FILES = {
    "made: games": ("plays.csv", "games.csv"),
    "made: products": ("orders.csv", "products.csv"),
    "made: jokes": ("ratings.csv",),
    "made: music": ("plays.csv", "artists.csv"),
}
