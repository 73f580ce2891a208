"""Ended under load: what was begun is answered."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any


def test_what_was_begun_is_answered(
    tried: Callable[[str], ModuleType], process: Any, tmp_path: Path
) -> None:
    events = tmp_path / "live" / "events.db"
    found = tried("faults.drain").drained(process, events, ends=2, clients=4, item="i1")
    assert found.dropped == []
    assert (found.lost, found.codes) == (0, [])
    assert found.answered > 50
