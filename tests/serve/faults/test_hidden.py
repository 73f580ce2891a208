"""A hidden item is on no list that is requested after the answer, whoever hides and asks."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any


def test_no_hidden_item_is_listed(tried: Callable[[str], ModuleType], process: Any) -> None:
    shop = tried("service.readers").Shop(
        [f"i{n}" for n in range(75)], [f"u{n}" for n in range(60)], ("violin", "rose", "bread")
    )
    process.start()
    found = tried("faults.hidden").hidden(process, shop, requests=1200, readers=3, hiders=2)
    assert found.wrong == []
    assert not found.failed
    assert found.hidings > 20
    assert found.requests.total() == 1200
    assert min(found.requests[kind] for kind in ("recommend", "rank", "similar", "search")) > 100


def test_a_hidden_item_would_be_noticed(tried: Callable[[str], ModuleType]) -> None:
    hidden = tried("faults.hidden")
    spans = hidden.Spans({"a": [hidden.Hidden(1.0, 2.0), hidden.Hidden(5.0, float("inf"))]})
    assert spans.hidden("a", 1.5, 1.6) == 0.5
    assert spans.hidden("a", 0.5, 1.5) == 0  # it was begun before
    assert spans.hidden("a", 1.5, 2.5) == 0  # it may have been shown again
    assert spans.hidden("a", 3.0, 4.0) == 0
    assert spans.hidden("a", 9.0, 9.1) == 4
    assert spans.hidden("b", 9.0, 9.1) == 0
