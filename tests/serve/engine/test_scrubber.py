"""What a service keeps holds no personal data, though it was sent."""

from __future__ import annotations

import pytest

from palate.event_store import NewEvent
from palate.serve.data_folder import Opened
from palate.serve.engine.engine import Engine
from palate.serve.engine.scrubber import Scrubber
from palate.serve.events.shapes import Shaped
from palate.serve.records.items import Change, Create, Hide, ItemRecord
from palate.tables import Event

SAID = "ask ann@example.org"


@pytest.fixture
def engine(opened: Opened) -> Engine:
    return opened.engine


def test_items_as_they_are_created_and_changed(engine: Engine) -> None:
    engine.change_items([Create("n1", {"title": SAID})]).result(10)
    assert engine.item("n1")["title"] == "ask [email]"
    engine.change_items([Change("n1", {"title": f"{SAID}!"}), Hide("n1")]).result(10)
    assert engine.item("n1")["title"] == "ask [email]!"
    assert engine.hidden("n1")


def test_users(engine: Engine) -> None:
    engine.keep_user("u1", {"note": SAID, "age": 7})
    assert engine.records.user("u1") == {"note": "ask [email]", "age": 7}


def test_contexts_of_events(engine: Engine) -> None:
    before = engine.state.offset
    events = [Event("u1", "i2", context={"page": SAID, "n": 3}), Event("u1", "i3")]
    named = [NewEvent(f"e{k}", event) for k, event in enumerate(events)]
    assert all(one.new for one in engine.take_in(named).result(10))
    kept = [stored.event.context for stored in engine.events_after(before, 5)]
    assert kept == [{"page": "ask [email]", "n": 3}, {}]


def test_a_recipe_that_protects_nothing_keeps_all() -> None:
    fields = {"title": SAID, "n": 1, "more": [SAID]}
    assert Scrubber(()).fields(fields) == fields
    assert Scrubber(("phone",)).fields(fields) == fields
    events = [NewEvent("e", Event("u", "i", context={"page": SAID}))]
    assert list(Scrubber(()).events(events)) == events


def test_events_without_a_context_are_passed_as_they_are() -> None:
    events = [NewEvent("e", Event("u", "i"))]
    assert Scrubber(("email",)).events(events) is events


def test_contexts_without_personal_data_cost_no_copy() -> None:
    events = [NewEvent("e", Event("u", "i", context={"page": "home", "n": 2}))]
    assert Scrubber(("email",)).events(events) is events


def test_what_another_service_knows() -> None:
    record = ItemRecord("a", {"title": SAID})
    shaped = Shaped([NewEvent("e", Event("u", "a"))], {"a": record}, {"u": {"note": SAID}})
    found = Scrubber(("email",)).shaped(shaped)
    assert found.items["a"].fields == {"title": "ask [email]"}
    assert found.users == {"u": {"note": "ask [email]"}}
    assert found.events == shaped.events
