"""A log of about two gigabytes, drawn in pieces, so that the generator needs little memory."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import polars as pl
from dirt.shop import START, shop

ROWS = 30_000_000
"""Of about 70 bytes each."""
PIECE = 1_000_000
USERS = 1_500_000


def write(folder: Path, rows: int = ROWS) -> tuple[str, str]:
    """Write `clicks.csv` and `items.csv`; their names.

    The log has kinds of events, milliseconds, an empty user in a thousand rows, the header again
    after every piece; its rows are in the order of time.
    """
    world = shop(601)
    rng = np.random.default_rng(601)
    with (folder / "clicks.csv").open("wb") as file:
        for start in range(0, rows, PIECE):
            n = min(PIECE, rows - start)
            user = np.minimum(rng.pareto(0.7, n) * 40, USERS - 1).astype(np.int64)
            item = (user * 7 + rng.integers(0, 60, n) ** 2 // 15) % len(world.names)
            at = START * 1000 + (start + np.arange(n)) * 400 + rng.integers(0, 400, n)
            kind = rng.choice(["view", "cart", "purchase"], n, p=[0.9, 0.07, 0.03])
            piece = pl.DataFrame(
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
            piece.write_csv(file)
    pl.DataFrame(
        {
            "product": [f"{row:06}" for row in range(len(world.names))],
            "title": world.names,
            "price": [price / 100 for price in world.prices],
        }
    ).write_csv(folder / "items.csv")
    return "clicks.csv", "items.csv"


def faults(recipe: Path) -> list[str]:
    """What is wrong with the recipe for it, in words; the log is too long to be read again."""
    settings = tomllib.loads(recipe.read_text(encoding="utf-8"))
    data, cleaning = settings["data"], settings.get("clean", {})
    wanted = {
        "user_column": ("visitor",),
        "item_column": ("product",),
        "time_column": ("time_ms",),
        "action_column": ("event",),
    }
    found = [f"data.{k} is {data.get(k)!r}" for k, v in wanted.items() if data.get(k) not in v]
    if "missing-ids" not in data.get("drop", []):
        found.append("rows without a user are not left out")
    if cleaning.get("min_value", 0) > 1:
        found.append("views are left out")
    if settings["split"]["part"] not in ("split.leave_last_out.v1", "split.time.v1"):
        found.append(f"{settings['split']['part']} does not suit")
    return found
