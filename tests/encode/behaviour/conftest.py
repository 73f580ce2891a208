from __future__ import annotations

import numpy as np
import pytest

from palate.arrays import Ragged
from palate.tables import Cases, Coded, FeatureTable, Histories, Interactions, Training, Vocabulary
from palate.testing.user_encoder import WordSpace

TEXTS = ["red wine", "blue lamp", "old dragon book", None, "nail polish"]
DAY = 86_400


@pytest.fixture
def space():
    return WordSpace(TEXTS)


@pytest.fixture
def training():
    """`training(times, actions)` -> a log of five items at these times, of these actions; None:
    without.
    """

    def make(times=(0, 5 * DAY, 7, 9, 11), actions=None):
        log = Interactions(
            Vocabulary.of("uv"),
            Vocabulary.of("abcde"),
            np.array([0, 0, 0, 1, 1], np.int32),
            np.arange(5, dtype=np.int32),
            np.ones(5, np.float32),
            None if times is None else np.asarray(times, np.int64),
            None if actions is None else Coded.of(actions),
        )
        empty = Ragged.of([])
        return Training(
            log,
            FeatureTable(log.items),
            Cases(Histories.of(log, np.empty(0, np.int32)), empty, empty),
        )

    return make


@pytest.fixture
def histories():
    """`histories([[0, 1]], values=[[1, 5]], days=[[0, 3]], actions=["view", "buy"])`."""

    def make(rows, values=None, days=None, actions=None):
        items = Ragged.of(rows)
        flat = (
            np.ones(len(items.values), np.float32)
            if values is None
            else np.concatenate(values).astype(np.float32)
        )
        times = None if days is None else (DAY * np.concatenate(days)).astype(np.int64)
        done = None if actions is None else Coded.of(actions)
        return Histories(np.full(len(items), -1, np.int32), items, flat, times, done)

    return make
