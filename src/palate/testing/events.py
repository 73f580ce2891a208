"""What everything must keep that a log of events goes through: a file, a store, a run's folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from palate.data.clean import CleanSettings, clean
from palate.data.splits.leave_last_out import LeaveLastOut
from palate.tables import Catalogue, Dataset, Event, Interactions
from palate.testing.logs import made_events

Carrier = Callable[[Interactions], Interactions]
"""Writes a log somewhere and reads it back from there."""


class EventLogContract:
    """Give what carries a log by overriding the fixture `part`: a function that takes a log, puts
    it wherever it belongs, and returns what is read back from there.

    It gets logs with the context columns `device`, `hour`, `price` and `logged_in`, or without any.
    """

    @pytest.fixture
    def part(self) -> Carrier:
        """What is tried."""
        raise NotImplementedError("give what carries a log: override the fixture `part`")

    @pytest.fixture
    def events(self) -> list[Event]:
        """Events that say everything an event can say, some of them not all."""
        return made_events()

    def test_events_come_back_in_their_order(self, part: Carrier, events: list[Event]) -> None:
        """Every field of every event, among them what some events do not say."""
        assert part(Interactions.of_events(events)).events() == events

    @pytest.mark.parametrize(
        "left_out",
        [
            {"action": ""},
            {"request": ""},
            {"position": None},
            {"propensity": None},
            {"context": {}},
            {"time": None},
            {
                "action": "",
                "request": "",
                "position": None,
                "propensity": None,
                "context": {},
            },
        ],
        ids="+".join,
    )
    def test_an_absent_column_stays_absent(
        self, part: Carrier, events: list[Event], left_out: dict[str, Any]
    ) -> None:
        """It is None, not a column of nothing."""
        fewer = [replace(event, **left_out) for event in events]
        log = part(Interactions.of_events(fewer))
        for name in left_out:
            assert _column(log, name) is None
        assert log.events() == fewer

    def test_types_are_the_documented_ones(self, part: Carrier, events: list[Event]) -> None:
        """As numbers they are as wide as `Interactions` says."""
        log = part(Interactions.of_events(events))
        assert log.action is not None
        assert log.request is not None
        assert log.time is not None
        assert log.position is not None
        assert log.propensity is not None
        found = [
            column.dtype
            for column in (log.value, log.time, log.position, log.propensity, log.action.codes)
        ]
        assert found == [np.float32, np.int64, np.int32, np.float32, np.int16]
        assert log.action.counts() == Interactions.of_events(events).action.counts()  # type: ignore[union-attr]

    def test_columns_stay_aligned_when_rows_are_taken(
        self, part: Carrier, events: list[Event]
    ) -> None:
        """By a mask and by numbers, also in another order."""
        log = part(Interactions.of_events(events))
        rows = np.arange(len(events))[::-3]
        assert log.take(rows).events() == [events[i] for i in rows]
        mask = np.array([event.action == "buy" for event in events])
        assert log.take(mask).events() == [event for event in events if event.action == "buy"]
        assert log.take(np.zeros(len(events), np.bool_)).events() == []

    def test_columns_stay_aligned_when_the_log_is_cleaned(
        self, part: Carrier, events: list[Event]
    ) -> None:
        """And actions and requests that no event has any more are forgotten."""
        log = part(Interactions.of_events(events))
        data = Dataset(log, Catalogue(log.items, pl.DataFrame()))
        cleaned, _ = clean(data, CleanSettings(min_value=2, drop_duplicates="exact"))
        kept = [event for event in events if event.value >= 2]
        assert cleaned.interactions.events() == kept
        assert cleaned.interactions.request is not None
        assert set(cleaned.interactions.request.names) == {e.request for e in kept if e.request}

    def test_columns_stay_aligned_when_the_log_is_split(
        self, part: Carrier, events: list[Event]
    ) -> None:
        """The training part holds whole events, and histories know what was done."""
        log = part(Interactions.of_events(events))
        split = LeaveLastOut().split(log, 0)
        known = {(event.user, event.item): event for event in events}
        train = split.train.events()
        assert train == [known[event.user, event.item] for event in train]
        assert 0 < len(train) < len(events)
        histories = split.test.open("inspect").histories
        users = log.users.names(histories.users[histories.items.row_of_value()])
        items = log.items.names(histories.items.values)
        assert histories.actions is not None
        assert len(items) > 0
        assert histories.actions.texts().fill_null("").to_list() == [
            known[pair].action for pair in zip(users, items, strict=True)
        ]

    def test_the_log_is_left_as_it_was(self, part: Carrier, events: list[Event]) -> None:
        """Nothing is written into the caller's arrays."""
        log = Interactions.of_events(events)
        part(log)
        assert log.events() == events


def _column(log: Interactions, name: str) -> object:
    columns: dict[str, object] = {
        "time": log.time,
        "action": log.action,
        "request": log.request,
        "position": log.position,
        "propensity": log.propensity,
        "context": log.context,
    }
    return columns[name]
