"""The API keeps its description, by schemathesis, for some seconds."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest


@pytest.mark.skipif(
    importlib.util.find_spec("schemathesis") is None, reason="schemathesis is not installed"
)
def test_every_answer_is_described(tried: Callable[[str], ModuleType], process: Any) -> None:
    process.start()
    client = process.client(60)  # what is loaded once, at the first new item, is loaded now
    assert client.ask("POST", "/v1/items", {"item": "the first"}).status == 201
    client.close()
    found = tried("faults.contract").contract(process, examples=3, seconds=25, seed=1)
    assert found.failures == 0, found.told[-5000:]
    assert found.cases > 20  # hundreds where the machine has time
    client = process.client()
    assert client.ask("GET", "/health/ready").status == 200
    client.close()
