"""Logs for the splitters' tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import polars as pl
import pytest

from palate.tables import Interactions, Vocabulary

Events = Sequence[tuple[str, str, float, int]]


@pytest.fixture
def log_of() -> Callable[..., Interactions]:
    """`log_of([(user, item, value, time), ...])` -> a log in that order; `times=False` leaves the
    times out.
    """

    def make(events: Events, times: bool = True) -> Interactions:
        users, items = Vocabulary.of(e[0] for e in events), Vocabulary.of(e[1] for e in events)
        return Interactions(
            users,
            items,
            users.rows([e[0] for e in events]),
            items.rows([e[1] for e in events]),
            np.array([e[2] for e in events], np.float32),
            np.array([e[3] for e in events], np.int64) if times else None,
        )

    return make


@pytest.fixture
def read_log(data_folder: Callable) -> Callable[..., Interactions]:
    """`read_log(set, file, user, item, value, time)` -> a real log; skips where the set is
    missing.
    """

    def read(
        name: str, file: str, user: str, item: str, value: str = "", time: str = ""
    ) -> Interactions:
        table = pl.read_parquet(data_folder(name) / file)
        users, items = Vocabulary.of(table[user]), Vocabulary.of(table[item])
        values = (
            table[value].cast(pl.Float32).to_numpy() if value else np.ones(len(table), np.float32)
        )
        times = table[time].cast(pl.Int64).to_numpy() if time else None
        return Interactions(
            users, items, users.rows(table[user]), items.rows(table[item]), values, times
        )

    return read
