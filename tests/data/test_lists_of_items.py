"""Logs of which a row holds several items."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from palate.data.assemble import read, read_frames, read_unseen
from palate.data.checks import check_paths
from palate.data.lists_of_items import with_event_each
from palate.data.settings import DataSettings
from palate.data.table import Table

LINES = [[{"sku": "a", "qty": 1}, {"sku": "b", "qty": 2}], [{"sku": "a", "qty": 1}], []]


def orders(folder: Path, lines: list[object]) -> Path:
    file = folder / "orders.jsonl"
    rows = [
        {
            "id": n,
            "customer": {"id": f"c{n}", "age": 30},
            "lines": entries,
            "placed_at": f"2024-03-0{n + 1}",
        }
        for n, entries in enumerate(lines)
    ]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


def events(settings: DataSettings, folder: Path) -> list[tuple[str, str, int]]:
    log = read(settings, folder).interactions
    assert log.time is not None
    return [
        (log.users.ids[u], log.items.ids[i], t)
        for u, i, t in zip(log.user, log.item, log.time.tolist(), strict=True)
    ]


def test_each_line_of_an_order_is_an_event(tmp_path: Path) -> None:
    file = orders(tmp_path, list(LINES))
    days = [1_709_251_200 + 86_400 * n for n in range(2)]
    right = [("c0", "a", days[0]), ("c0", "b", days[0]), ("c1", "a", days[1])]
    assert events(DataSettings(interactions=file.name), tmp_path) == right
    named = DataSettings(interactions=file.name, item_column="sku", user_column="customer.id")
    assert events(named, tmp_path) == right
    (checked,) = check_paths([file])
    assert checked.error is None
    assert any("is an event" in f.message for f in checked.findings)
    said = read_unseen(DataSettings(interactions=file.name), tmp_path)[0].guesses
    assert any('"lines" of orders.jsonl is an event' in s for s in said)
    assert not any("was read as text" in s for s in said)


def test_a_name_that_the_order_has_too_is_that_of_the_list(tmp_path: Path) -> None:
    file = orders(tmp_path, [[{"id": "a"}, {"id": "b"}], [{"id": "a"}]])
    settings = DataSettings(interactions=file.name, item_column="lines.id")
    assert [e[1] for e in events(settings, tmp_path)] == ["a", "b", "a"]


def test_lists_of_ids() -> None:
    frame = pl.DataFrame({"user": [7, 8], "items": [["a", "b"], ["c"]]})
    log = read_frames(frame).interactions
    assert [log.items.ids[i] for i in log.item] == ["a", "b", "c"]


def test_a_list_of_any_name_that_is_said_to_be_the_items(tmp_path: Path) -> None:
    rows = [{"user": f"u{n}", "carts": ["a", "b"][: n + 1]} for n in range(2)]
    (tmp_path / "log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    settings = DataSettings(interactions="log.jsonl", item_column="carts")
    log = read(settings, tmp_path).interactions
    pairs = [(log.users.ids[u], log.items.ids[i]) for u, i in zip(log.user, log.item, strict=True)]
    assert pairs == [("u0", "a"), ("u1", "a"), ("u1", "b")]


def test_lists_with_an_entry_for_each_item_go_along() -> None:
    frame = pl.DataFrame(
        {
            "user": [7, 8, 9],
            "items": [["a", "b"], [], ["c"]],
            "timestamps": [[1_600_000_500.0, 1_600_000_100.0], [], [1_600_000_300.0]],
            "tags": [["x"], ["y"], []],
        }
    )
    log = read_frames(frame).interactions
    assert log.time is not None
    assert log.time.tolist() == [1_600_000_500, 1_600_000_100, 1_600_000_300]
    assert [log.users.ids[u] for u in log.user] == ["7", "7", "9"]


@pytest.mark.parametrize(
    "frame",
    [
        pl.DataFrame({"user": [7], "item": ["a"], "tags": [["x", "y"]]}),
        pl.DataFrame({"user": [7], "tags": [["x", "y"]]}),
        pl.DataFrame({"user": [7] * 3, "items": [["a"]] * 3, "products": [["b"], ["c"], ["b"]]}),
        pl.DataFrame({"items": [["a"]], "title": ["of no user"]}),
    ],
)
def test_other_lists_stay(frame: pl.DataFrame) -> None:
    table = Table("x", frame)
    assert with_event_each(table, DataSettings()) is table
