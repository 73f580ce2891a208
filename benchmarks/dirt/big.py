"""A log of about two gigabytes, drawn in pieces, so that the generator needs little memory."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
from dirt.judge import faults as faults_of
from dirt.pair import ORDERED, Truth
from dirt.shop import START, Shop, shop

ROWS = 30_000_000
"""Of about 70 bytes each."""
PIECE = 1_000_000
USERS = 1_500_000
FILES = ("clicks.csv", "items.csv")
SMALL = (20_000, 4_000)
"""Rows and piece of the log that shows what the recipe of the large one makes of such files."""


def write(folder: Path, rows: int = ROWS, piece: int = PIECE) -> None:
    """Write `clicks.csv` and `items.csv`.

    The log has kinds of events, milliseconds, an empty user in a thousand rows, the header again
    after every piece; its rows are in the order of time.
    """
    world = shop(601)
    with (folder / FILES[0]).open("wb") as file:
        for frame in _pieces(world, rows, piece):
            frame.write_csv(file)
    pl.DataFrame(
        {
            "product": [_product(row) for row in range(len(world.names))],
            "title": world.names,
            "price": [price / 100 for price in world.prices],
        }
    ).write_csv(folder / FILES[1])


def _product(row: int) -> str:
    return f"{row:06}"


def _pieces(world: Shop, rows: int, piece: int) -> Iterator[pl.DataFrame]:
    rng = np.random.default_rng(601)
    for start in range(0, rows, piece):
        n = min(piece, rows - start)
        user = np.minimum(rng.pareto(0.7, n) * 40, USERS - 1).astype(np.int64)
        item = (user * 7 + rng.integers(0, 60, n) ** 2 // 15) % len(world.names)
        at = START * 1000 + (start + np.arange(n)) * 400 + rng.integers(0, 400, n)
        kind = rng.choice(["view", "cart", "purchase"], n, p=[0.9, 0.07, 0.03])
        yield pl.DataFrame(
            {
                "visitor": pl.Series(user).cast(pl.String).str.zfill(8),
                "product": pl.Series(item).cast(pl.String).str.zfill(6),
                "event": kind,
                "time_ms": at,
                "agent": pl.Series(user % 5).replace_strict(
                    range(5),
                    [f"Mozilla/5.0 ({os}) rv:1" for os in ("X11", "Mac", "iOS", "NT", "BSD")],
                ),
            }
        ).with_columns(
            pl.when(pl.int_range(n) % 1000 == 500)
            .then(None)
            .otherwise(pl.col("visitor"))
            .alias("visitor")
        )


def truth(rows: int, piece: int) -> Truth:
    """What a right recipe makes of a log of so many rows; views count as well."""
    world = shop(601)
    log = pl.concat(list(_pieces(world, rows, piece))).drop_nulls("visitor")
    first = log.group_by("visitor", "product").agg(pl.col("time_ms").min() // 1000)
    return Truth(
        good={(user, item): at for user, item, at in first.iter_rows()},
        most=len(log),
        names={_product(row): name for row, name in enumerate(world.names)},
        split=ORDERED,
        kinds=3,
    )


def faults(recipe: Path, folder: Path) -> list[str]:
    """What is wrong with a recipe for such files, in words: what it makes of a small log of the
    same kind, since the large one is too long to be read again.

    Args:
        recipe: The recipe for `FILES`.
        folder: Where the small log is written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write(folder, *SMALL)
    copy = folder / "recipe.toml"
    shutil.copy(recipe, copy)
    return faults_of(copy, truth(*SMALL))
