from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.tables.event_lists import event_lists

from palate.errors import BadInput
from palate.tables import Coded, Event, Interactions, Vocabulary


@given(event_lists())
def test_events_lead_to_a_log_and_back(events: list[Event]) -> None:
    assert Interactions.of_events(events).events() == events


@given(event_lists(), st.randoms())
def test_take_takes_from_every_column(events: list[Event], random: Any) -> None:
    rows = np.array([i for i in range(len(events)) if random.random() < 0.5], np.int64)
    random.shuffle(rows)
    assert Interactions.of_events(events).take(rows).events() == [events[i] for i in rows]
    mask = np.isin(np.arange(len(events)), rows)
    kept = Interactions.of_events(events).take(mask).events()
    assert kept == [events[i] for i in sorted(rows.tolist())]


def test_absent_columns_are_none_and_not_in_the_frame() -> None:
    log = Interactions.of_events([Event("u", "a"), Event("u", "b")])
    optional = (log.time, log.action, log.request, log.position, log.propensity, log.context)
    assert optional == (None,) * 6
    assert log.frame().columns == ["user_id", "item_id", "rating"]


def test_the_frame_says_null_where_a_row_has_none() -> None:
    log = Interactions.of_events(
        [
            Event("u", "a", "view", 5, 2.0, "r1", 3, 0.25, {"page": "home"}),
            Event("v", "a", "", 6),
        ]
    )
    frame = log.frame()
    assert frame.columns == [
        *("user_id", "item_id", "rating", "timestamp", "action", "request_id"),
        *("list_position", "propensity", "page"),
    ]
    assert frame.row(0) == ("u", "a", 2.0, 5, "view", "r1", 3, 0.25, "home")
    assert frame.row(1) == ("v", "a", 1.0, 6, None, None, None, None, None)


def test_vocabularies_can_be_given() -> None:
    users, items = Vocabulary(("w", "u")), Vocabulary(("b", "a"))
    log = Interactions.of_events([Event("u", "a")], users, items)
    assert (log.user.tolist(), log.item.tolist()) == ([1], [1])
    with pytest.raises(BadInput, match="unknown item"):
        Interactions.of_events([Event("u", "zzz")], users, items)


def test_whole_and_broken_numbers_of_one_context_become_numbers() -> None:
    events = [Event("u", "a", context={"x": 1}), Event("u", "b", context={"x": 1.5})]
    log = Interactions.of_events(events)
    assert log.context is not None
    assert log.context["x"].dtype == pl.Float64
    assert log.events() == events


@pytest.mark.parametrize("odd", ["1", True])
def test_mixed_contexts_are_refused(odd: Any) -> None:
    events = [Event("u", "a", context={"x": 1}), Event("u", "b", context={"x": odd})]
    with pytest.raises(BadInput, match="values of the types") as caught:
        Interactions.of_events(events)
    assert caught.value.where == "event.context.x"


def test_times_for_some_events_only_are_refused() -> None:
    with pytest.raises(BadInput, match="1 of 2 events have no time"):
        Interactions.of_events([Event("u", "a", time=0), Event("u", "b")])


def _log(**columns: Any) -> Interactions:
    rows = np.zeros(2, np.int32)
    return Interactions(
        Vocabulary(("u",)), Vocabulary(("a",)), rows, rows, np.ones(2, np.float32), **columns
    )


@pytest.mark.parametrize(
    ("columns", "where"),
    [
        ({"action": Coded.of(["view"])}, "interactions.action"),
        ({"request": Coded.of(["r"] * 3)}, "interactions.request"),
        ({"position": np.ones(1, np.int32)}, "interactions.position"),
        ({"position": np.array([1, -1], np.int32)}, "interactions.position"),
        ({"propensity": np.ones(3, np.float32)}, "interactions.propensity"),
        ({"propensity": np.array([0.5, 0], np.float32)}, "interactions.propensity"),
        ({"propensity": np.array([0.5, 1.5], np.float32)}, "interactions.propensity"),
        ({"propensity": np.array([0.5, np.inf], np.float32)}, "interactions.propensity"),
        ({"context": pl.DataFrame({"page": ["home"]})}, "interactions.context"),
        ({"context": pl.DataFrame({"user_id": ["u", "v"]})}, "interactions.context"),
        ({"context": pl.DataFrame({"tags": [["x"], []]})}, "interactions.context"),
    ],
)
def test_columns_that_do_not_fit_are_refused(columns: dict[str, Any], where: str) -> None:
    with pytest.raises(BadInput) as caught:
        _log(**columns)
    assert caught.value.where == where


def test_unknown_positions_and_propensities_are_allowed() -> None:
    log = _log(position=np.array([0, 2], np.int32), propensity=np.array([np.nan, 1.0], np.float32))
    told = [(e.position, e.propensity) for e in log.events()]
    assert told == [(None, None), (2, 1.0)]
