"""Killed under clients that try again: nothing that was answered is lost, or counts twice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any


def test_nothing_is_lost_by_kills_and_nothing_counts_twice(
    tried: Callable[[str], ModuleType], process: Any, tmp_path: Path
) -> None:
    kills = tried("faults.kills")
    known = [f"i{n}" for n in range(75)]
    found = kills.killed(process, tmp_path / "live" / "events.db", 3, 4, known)
    assert {kind: found.faults[kind] for kind in kills.NEVER} == dict.fromkeys(kills.NEVER, 0)
    assert found.faults["acknowledged"] > 100
    assert found.faults["items"] > 3
