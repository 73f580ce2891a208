"""Times that users share, told from positions in each user's own sequence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from palate.tables import Interactions, Vocabulary
from palate.testing.logs import made_log


def positions(start: int = 0) -> Interactions:
    """The made-up log with each user's events counted from `start`."""
    log = made_log()
    order = np.lexsort((log.time, log.user))
    time = np.empty(len(log), np.int64)
    counts = np.bincount(log.user)
    time[order] = start + np.concatenate([np.arange(n) for n in counts])
    return replace(log, time=time)


def test_seconds_are_a_clock() -> None:
    assert made_log().has_timestamps()


def test_days_from_the_first_one_are_a_clock() -> None:
    log = made_log()
    assert log.time is not None
    assert replace(log, time=(log.time - log.time.min()) // 3600).has_timestamps()


def test_a_count_over_the_whole_log_is_a_clock() -> None:
    log = made_log()
    assert replace(log, time=np.arange(len(log), dtype=np.int64)).has_timestamps()


def test_positions_are_none() -> None:
    assert not positions().has_timestamps()
    assert not positions(1).has_timestamps()


def test_positions_with_gaps_from_cleaning_are_none() -> None:
    log = positions()
    kept = np.random.default_rng(0).random(len(log)) > 0.05
    assert not log.take(kept).has_timestamps()


def test_no_times_no_events_one_user() -> None:
    assert not replace(made_log(), time=None).has_timestamps()
    assert made_log().take(np.arange(0)).has_timestamps()
    one = np.zeros(3, np.int32)
    log = Interactions(
        Vocabulary.of(["u"]),
        Vocabulary.of("abc"),
        one,
        np.arange(3, dtype=np.int32),
        np.ones(3, np.float32),
    )
    assert replace(log, time=np.arange(3)).has_timestamps()
