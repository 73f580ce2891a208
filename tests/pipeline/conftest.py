"""A small world in which words matter: each user likes one theme, and titles name the theme."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from palate.seeding import generator

THEMES = ("garden rose soil", "engine piston oil", "violin bow string", "planet orbit comet", "bread flour yeast")


@pytest.fixture(scope="session")
def frames() -> tuple[pl.DataFrame, pl.DataFrame]:
    """Log [60 users x 12 events] and catalogue [75 items]."""
    rng = generator(7, "tests", "small world")
    items = [f"i{n}" for n in range(75)]
    titles = [f"{THEMES[n % 5]} number {n}" for n in range(75)]
    rows = []
    for u in range(60):
        own = np.arange(u % 5, 75, 5)
        liked = rng.permutation(own)[:9].tolist() + rng.choice(75, 3, replace=False).tolist()
        rows += [
            (f"u{u}", items[i], 1000 * u + t) for t, i in enumerate(dict.fromkeys(rng.permutation(liked).tolist()))
        ]
    log = pl.DataFrame(rows, schema=["user_id", "item_id", "timestamp"], orient="row")
    genres = [[THEMES[n % 5].split()[0]] for n in range(75)]
    return log, pl.DataFrame({"item_id": items, "title": titles, "genres": genres, "price": np.linspace(1, 9, 75)})


@pytest.fixture
def table() -> dict[str, Any]:
    """A recipe's table without data: three models, one block."""
    return {
        "name": "small",
        "seed": 3,
        "split": {"part": "split.leave_last_out.v1"},
        "blocks": {"text.tfidf": {"part": "text.tfidf.v1", "fields": ["title"]}},
        "models": {
            "popularity": {"part": "model.popularity.v1"},
            "ids": {"part": "model.cooccurrence.v1"},
            "words": {"part": "model.text_kernel.v1", "block": "text.tfidf"},
            "both": {"part": "model.blend.v1", "members": ["ids", "words"]},
        },
        "evaluate": {"metrics": ["ndcg@10", "recall@10", "coverage@10", "novelty@10", "auc"], "resamples": 200},
        "report": {"users": 2, "k": 3},
    }


@pytest.fixture
def files(tmp_path: Path, frames: tuple[pl.DataFrame, pl.DataFrame]) -> Path:
    """A folder with log.csv and items.parquet."""
    frames[0].write_csv(tmp_path / "log.csv")
    frames[1].write_parquet(tmp_path / "items.parquet")
    return tmp_path
