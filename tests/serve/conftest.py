"""A small run, made once, that services open."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import palate
from palate.serve.data_folder import Opened, open_engine
from palate.testing.servers import Postgres, Valkey, postgres, valkey


def recipe_of(**more: Any) -> dict[str, Any]:
    """Behaviour, words, and both: the model of the headline is the blend."""
    return {
        "name": "live",
        "seed": 3,
        "split": {"part": "split.leave_last_out.v1"},
        "blocks": {"words": {"part": "text.tfidf.v1", "fields": ["title"]}},
        "models": {
            "popularity": {"part": "model.popularity.v1"},
            "ids": {"part": "model.cooccurrence.v1"},
            "by-words": {"part": "model.text_kernel.v1", "block": "words"},
            "both": {"part": "model.blend.v1", "members": ["ids", "by-words"]},
        },
        "evaluate": {"metrics": ["ndcg@10"], "controls": False},
        "report": {"users": 1},
        **more,
    }


@pytest.fixture(scope="session")
def run_folder(
    tmp_path_factory: pytest.TempPathFactory, frames: tuple[pl.DataFrame, pl.DataFrame]
) -> Path:
    """A finished run over 60 users and 75 items, whose titles say what users like."""
    folder = tmp_path_factory.mktemp("serve") / "run"
    palate.run(palate.read(*frames), recipe_of(), folder=folder)
    return folder


@pytest.fixture
def opened(run_folder: Path, tmp_path: Path) -> Iterator[Opened]:
    """The run with an empty data folder."""
    opened = open_engine(run_folder, tmp_path / "data", model="both")
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """A real PostgreSQL; every test takes a database of its own."""
    with postgres() as running:
        yield running


@pytest.fixture(scope="session")
def valkey_server() -> Iterator[Valkey]:
    """A real Valkey; every test takes a database of its own."""
    with valkey() as running:
        yield running
