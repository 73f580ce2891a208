"""The parts that lists are made of, each by itself."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from palate.event_store import Appended, NewEvent, StoredEvent
from palate.serve.engine.answers import ListRequest
from palate.serve.lists.contexts import LEAST, Contexts
from palate.serve.lists.field_values import FieldValues
from palate.serve.lists.pages import Page, Pages
from palate.serve.refusals import Gone, NotFound
from palate.serve.state.recent import EVERYWHERE, RecentEvents, spelled
from palate.tables import Catalogue, Event, Interactions, Vocabulary


class Kept:
    """A log in memory."""

    def __init__(self, events: list[Event]) -> None:
        self.events = [StoredEvent(n, f"e{n}", event) for n, event in enumerate(events, start=1)]

    def append(self, events: list[NewEvent]) -> list[Appended]:
        raise NotImplementedError

    def read(self, after: int = 0, most: int = 10_000) -> list[StoredEvent]:
        return [one for one in self.events if one.offset > after][:most]

    def last_offset(self) -> int:
        return len(self.events)

    def erase_user(self, user: str) -> list[StoredEvent]:
        raise NotImplementedError

    def erasures(self) -> int:
        return 0

    def close(self) -> None:
        pass


def test_pages_are_kept_for_a_while_and_not_too_many() -> None:
    now = [0.0]
    pages = Pages(most=2, seconds=10, now=lambda: now[0])
    page = Page(ListRequest("u"), ("a",), 1)
    for name in ("one", "two", "three"):
        pages.put(name, page)
    assert len(pages) == 2
    assert pages.get("three") == page
    for unknown in ("one", "never"):
        with pytest.raises(NotFound, match="can be continued"):
            pages.get(unknown)
    now[0] = 11
    with pytest.raises(Gone, match="too old"):
        pages.get("two")


def test_recent_events_are_counted_by_context_and_the_oldest_go() -> None:
    events = [
        Event("u", "a", context={"country": "DE", "age": 1}),
        Event("u", "b", "impression", context={"country": "DE"}),
        Event("v", "a", context={"country": "FR", "age": 1.0}),
    ]
    recent = RecentEvents(Kept(events), ["impression"], most=3)
    assert recent.counts() == {"a": 2}
    assert recent.counts(("age", "1")) == {"a": 2}
    assert recent.counts(("country", "DE")) == {"a": 1}
    assert recent.has("country")
    recent.follow([StoredEvent(4, "4", Event("w", "c")), StoredEvent(3, "3", events[2])])
    assert recent.counts(EVERYWHERE) == {"a": 2, "c": 1}
    recent.follow([StoredEvent(5, "5", Event("w", "c"))])
    assert recent.counts() == {"a": 1, "c": 2}
    recent.erase("v", [])
    assert recent.counts() == {"c": 2}
    assert not recent.has("country")
    assert RecentEvents(Kept(events * 4), [], most=2).counts() == {"b": 1, "a": 1}


@given(st.lists(st.tuples(st.sampled_from("uvw"), st.sampled_from("abc")), max_size=30))
def test_erasing_is_as_if_they_had_never_been(taken: list[tuple[str, str]]) -> None:
    events = [Event(user, item, context={"user": user}) for user, item in taken]
    recent = RecentEvents(Kept(events), [], most=100)
    recent.erase("v", [])
    wanted = RecentEvents(Kept([event for event in events if event.user != "v"]), [], most=100)
    assert recent.counts() == wanted.counts()
    assert recent.counts(("user", "v")) == {}


def test_values_of_a_context_are_compared_as_people_write_them() -> None:
    assert [spelled(value) for value in (True, 3, 3.0, 2.5, "x")] == ["true", "3", "3", "2.5", "x"]


def test_popularity_in_the_context_that_narrows_most() -> None:
    n = LEAST
    events = [
        *(Event("u", "a", context={"country": "DE", "x": 1.0, "new": False}) for _ in range(n)),
        *(Event("u", "b", context={"country": "FR", "x": 1.0, "new": True}) for _ in range(2 * n)),
    ]
    log = Interactions.of_events(events)
    live = [Event("w", "c", context={"country": "DE"})]
    contexts = Contexts(log, RecentEvents(Kept(live), []))
    row_of = {"a": 0, "b": 1, "c": 2}
    found = contexts.of({"x": 1, "country": "DE"}, row_of)
    assert found is not None
    assert (found.field, found.value, found.counts.tolist()) == ("country", "DE", [n, 0, 1])
    wide = contexts.of({"x": 1, "country": "ES"}, row_of)
    assert wide is not None
    assert (wide.field, wide.counts.tolist()) == ("x", [n, 2 * n, 0])
    true = contexts.of({"new": True}, row_of)
    assert true is not None
    assert true.counts.tolist() == [0, 2 * n, 0]
    assert contexts.of({"country": "ES", "planet": "earth"}, row_of) is None
    assert contexts.known("country")
    assert not contexts.known("planet")


def test_values_that_stand_out_among_the_first_items() -> None:
    fields = pl.DataFrame(
        {
            "genres": [["jazz", "old"] if n < 10 else ["rock"] for n in range(40)],
            "maker": ["x" if n % 2 else "y" for n in range(40)],
            "title": [f"number {n}" for n in range(40)],
            "price": list(range(40)),
        }
    )
    values = FieldValues.of(Catalogue(Vocabulary.of(range(40)), fields))
    assert {value.field for value in values.values} == {"genres", "maker"}
    found = values.leading(np.arange(0, 10, dtype=np.int32), 3, ())
    assert (found[0].field, found[0].value) in {("genres", "jazz"), ("genres", "old")}
    assert len({one.field for one in found}) == len(found)
    assert values.leading(np.arange(5, dtype=np.int32), 3, ("genres", "maker")) == []
    assert values.leading(np.empty(0, np.int32), 3, ()) == []
