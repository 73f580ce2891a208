"""The architecture page: its walks enter each room once, and its answers to "where is it?" hold."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any

import pytest

IDEAS = {
    "the time from which an event counts half": ("encode/behaviour/pooled.py", "half_life"),
    "how tied items share ranks": ("ranks.py", "tied"),
    "what a recipe writes out as its defaults": ("recipe/settings.py", "EvaluateSettings"),
    "which models are measured against which": ("recipe/references.py", "def base_of"),
    "what happens to a text that was encoded before": ("encode/row_cache.py", "class RowCache"),
    "how random vectors take the place of a block": ("evaluate/controls.py", "def random_like"),
    "the row of leaderboard.json": ("runs/rows.py", "class Score"),
    "the sentence at the head of the report": ("report/headline.py", "def headline"),
    "which questions about features the time allows": (
        "study/importance/plan.py",
        "def planned",
    ),
    "the names by which a column of timestamps is known": ("tables/columns.py", "ALIASES"),
}
"""Idea -> the file that a newcomer is looking for, and what stands in it."""
WALKS = (
    "From a log to a metric",
    "From a text to a vector to a recommendation",
    "From a run to a selected recipe",
)


@pytest.fixture(scope="module")
def page(repository: Path) -> str:
    return (repository / "docs" / "architecture.md").read_text(encoding="utf-8")


def walk_of(page: str, title: str) -> str:
    """The text under a walk's title."""
    return re.split(r"^##", page.partition(f"### {title}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]


def resolved(name: str) -> Any:
    """The module, class or function of a dotted name."""
    module, _, attribute = name.rpartition(".")
    return getattr(importlib.import_module(module), attribute)


@pytest.mark.parametrize("title", WALKS)
def test_a_walk_enters_each_room_once_and_names_what_is_there(page: str, title: str) -> None:
    walk = walk_of(page, title)
    rooms = re.findall(r"^\d+\. `(\w+)`:", walk, flags=re.MULTILINE)
    drawn = re.findall(r"\w+", walk.partition("flowchart LR\n")[2].partition("```")[0])
    assert len(rooms) >= 5
    assert len(set(rooms)) == len(rooms)
    assert drawn == rooms
    for name in re.findall(r"`(palate\.[\w.]+)`", walk):
        assert callable(resolved(name)), name


def test_each_function_stands_in_the_room_that_the_walk_is_in(page: str) -> None:
    for title in WALKS:
        for room, text in re.findall(
            r"^\d+\. `(\w+)`:(.*?)(?=^\d+\. |\Z)", walk_of(page, title), re.MULTILINE | re.DOTALL
        ):
            named = re.findall(r"`palate\.(\w+)", text)
            assert named, f"{title}, {room}"
            assert set(named) == {room}, f"{title}: {named} in {room}"


def test_a_newcomer_finds_the_file_for_ten_ideas(page: str, repository: Path) -> None:
    table = dict(re.findall(r"^\| ([^|`]+) \| `src/palate/([\w/.]+)` \|$", page, re.MULTILINE))
    assert table == {idea: file for idea, (file, _) in IDEAS.items()}
    for file, holds in IDEAS.values():
        assert holds in (repository / "src" / "palate" / file).read_text(encoding="utf-8"), file
