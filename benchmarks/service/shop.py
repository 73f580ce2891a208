"""A made-up shop that a service is tried on: a log, titles, and a run over them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

import palate

WORDS = ("red", "blue", "oak", "steel", "tea", "rake", "violin", "chart", "bread", "scarf", "lamp")
RECIPE = {
    "split": {"part": "split.leave_last_out.v1"},
    "blocks": {"words": {"part": "text.tfidf.v1", "fields": ["title"]}},
    "models": {
        "popularity": {"part": "model.popularity.v1"},
        "ids": {"part": "model.cooccurrence.v1"},
        "titles": {"part": "model.text_kernel.v1", "block": "words"},
        "both": {"part": "model.blend.v1", "members": ["ids", "titles"]},
    },
    "evaluate": {"metrics": ["ndcg@10"], "controls": False, "users": 100},
    "report": {"users": 1},
}


def made_run(folder: Path, items: int = 2000, users: int = 500) -> Path:
    """A finished run over it; the model of its service is `both`."""
    rng = np.random.default_rng(0)
    user = np.repeat(np.arange(users), 10)
    item = np.minimum(rng.zipf(1.2, len(user)) + rng.integers(0, items, len(user)) // 2, items - 1)
    log = pl.DataFrame({"user_id": user, "item_id": item, "timestamp": np.arange(len(user))})
    words = rng.choice(WORDS, (items, 4))
    titles = [f"{' '.join(row)} {i % 997}" for i, row in enumerate(words.tolist())]
    shop = pl.DataFrame({"item_id": np.arange(items), "title": titles})
    distinct = log.unique(["user_id", "item_id"], maintain_order=True)
    palate.run(palate.read(distinct, shop), RECIPE, folder=folder)
    return folder
