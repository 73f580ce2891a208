"""palate from Python: frames go in, a run comes out, and the run recommends.

    python examples/python_face.py

A made-up shop sells six kinds of things; each customer likes one kind, and the titles name the
kind. Nothing is written outside a temporary folder.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import polars as pl

import palate

KINDS = ("green tea", "garden rake", "violin bow", "star chart", "rye bread", "wool scarf")
N_CUSTOMERS, N_ITEMS, N_PURCHASES = 120, 180, 8


def made_shop(seed: int = 0) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(purchases, items): item i is of kind i % 6; nine purchases in ten are of the kind that the
    customer likes.
    """
    random = np.random.default_rng(seed)
    n = N_CUSTOMERS * N_PURCHASES
    customer = np.repeat(np.arange(N_CUSTOMERS), N_PURCHASES)
    kind = np.where(random.random(n) < 0.9, customer, random.integers(0, 6, n)) % len(KINDS)
    item = len(KINDS) * random.integers(0, N_ITEMS // len(KINDS), n) + kind
    purchases = pl.DataFrame(
        {"customer": customer, "sku": item, "time": 1_700_000_000 + np.arange(n)}
    )
    titles = [f"{KINDS[i % len(KINDS)]}, number {i}" for i in range(N_ITEMS)]
    items = pl.DataFrame({"sku": range(N_ITEMS), "title": titles})
    return purchases.unique(["customer", "sku"], maintain_order=True), items


def main(folder: Path) -> palate.Run:
    """Run a recipe on the shop, with its run directory below `folder`."""
    purchases, items = made_shop()
    data = palate.read(purchases, items, user_column="customer", item_column="sku")
    recipe = {
        "split": {"part": "split.leave_last_out.v1"},
        "blocks": {"words": {"part": "text.tfidf.v1", "fields": ["title"]}},
        "models": {
            "popularity": {"part": "model.popularity.v1"},
            "ids": {"part": "model.cooccurrence.v1"},
            "text": {"part": "model.text_kernel.v1", "block": "words"},
            "both": {"part": "model.blend.v1", "members": ["ids", "text"]},
        },
    }
    # a keyword is a key of the recipe, with __ for the dot
    run = palate.run(data, recipe, folder=folder / "run", report__users=4)

    print(run.summary.headline)
    board = run.leaderboard().filter(metric="ndcg@10", slice="all", kind="model")
    print(board.select("model", "value", "low", "high"))
    print(run.recommend(user="7", k=5))
    print(run.recommend(user="7", k=5, model="text"))
    return run


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        main(Path(made))
