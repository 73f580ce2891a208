from __future__ import annotations

from typing import Any

import pytest

from palate.errors import BadInput, SeveralProblems
from palate.tables import Event


def test_only_user_and_item_are_needed() -> None:
    event = Event("u", "a")
    assert (event.action, event.time, event.value, event.request) == ("", None, 1.0, "")
    assert (event.position, event.propensity, dict(event.context)) == (None, None, {})
    assert event == Event("u", "a")
    assert hash(event) == hash(Event("u", "a"))


@pytest.mark.parametrize(
    "given",
    [
        {"time": -(2**63)},
        {"time": 2**63 - 1},
        {"value": -3.4028234e38},
        {"position": 1},
        {"position": 2**31 - 1},
        {"propensity": 1},
        {"propensity": 1.2e-38},
        {"context": {"page": "home", "hour": 23, "price": 1.5, "logged_in": False}},
    ],
)
def test_the_ends_of_the_ranges(given: dict[str, Any]) -> None:
    name, value = next(iter(given.items()))
    assert getattr(Event("u", "a", **given), name) == value


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("user", ""),
        ("item", 7),
        ("action", None),
        ("request", 12),
        ("time", 1.5),
        ("time", True),
        ("time", 2**63),
        ("value", float("nan")),
        ("value", float("inf")),
        ("value", 1e39),
        ("value", 10**400),
        ("value", "5"),
        ("position", 0),
        ("position", 1.0),
        ("position", 2**31),
        ("propensity", 0.0),
        ("propensity", 1.0001),
        ("propensity", -0.5),
        ("propensity", float("nan")),
        ("propensity", 1e-50),
    ],
)
def test_what_makes_no_sense_is_refused(name: str, wrong: object) -> None:
    given: dict[str, Any] = {"user": "u", "item": "a", name: wrong}
    with pytest.raises(BadInput) as caught:
        Event(**given)
    assert caught.value.where == f"event.{name}"
    assert caught.value.allowed


@pytest.mark.parametrize("wrong", [None, float("nan"), [1], {"a": 1}, 2**63, b"x"])
def test_a_context_holds_plain_values(wrong: Any) -> None:
    with pytest.raises(BadInput, match="cannot be kept") as caught:
        Event("u", "a", context={"page": "home", "odd": wrong})
    assert caught.value.where == "event.context.odd"


def test_all_faults_come_together() -> None:
    with pytest.raises(SeveralProblems) as caught:
        Event("", "a", position=-1, propensity=2.0)
    assert len(caught.value.problems) == 3
