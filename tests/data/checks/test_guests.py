"""One id of all guests, orders that were undone, and texts that say nothing: found, and mended."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from palate.data.assemble import read, read_frames
from palate.data.checks import check, check_path
from palate.data.checks.guests import Guests, guests_of
from palate.data.clean import CleanSettings, clean
from palate.recipe.guess_clean import guessed_clean
from palate.recipe.init import init
from palate.recipe.recipe import load

N = 300


def log(guest: str = "0", n_guest: int = 60) -> pl.DataFrame:
    users = [guest] * n_guest + [f"u{n // 5}" for n in range(N)]
    items = [f"p{n * n % 23}" for n in range(len(users))]
    return pl.DataFrame({"user_id": users, "item_id": items})


@pytest.mark.parametrize("name", ["0", "-1", "Guest", "anonymous", "游客"])
def test_the_id_of_all_guests_is_found_and_left_out(name: str) -> None:
    data = read_frames(log(name))
    (found,) = (f for f in check(data) if f.code == "guests")
    assert found.count == 60
    assert found.advice == "[clean] max_user_events = 5 leaves them out"
    table, why = guessed_clean(data)
    assert table["max_user_events"] == 5
    assert any("all guests" in sentence for sentence in why)
    cleaned, said = clean(data, CleanSettings(max_user_events=5))
    assert name not in cleaned.interactions.users.ids
    assert len(cleaned.interactions) == N
    assert said == ("max_user_events = 5: 60 of 360 events left out, 300 stay.",)


@pytest.mark.parametrize(
    "users",
    [
        log("u-busy")["user_id"],
        log("0", 5)["user_id"],
        log("0", 16)["user_id"],
        pl.Series(["0"] * 9),
        pl.Series([], dtype=pl.String),
        pl.Series([None, None], dtype=pl.String),
    ],
)
def test_other_busy_users_are_people(users: pl.Series) -> None:
    assert guests_of(users) is None


def test_guests_are_counted() -> None:
    assert guests_of(log()["user_id"]) == Guests("0", 60, 5)


@pytest.mark.parametrize(
    ("column", "good", "bad"),
    [
        ("status", "wc-completed", "wc-refunded"),
        ("Financial Status", "paid", "voided"),
        ("订单状态", "交易成功", "交易关闭"),
        ("Bestellstatus", "versandt", "storniert"),
    ],
)
def test_orders_that_were_undone_are_told_and_the_advice_leaves_them_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, column: str, good: str, bad: str
) -> None:
    monkeypatch.chdir(tmp_path)
    frame = log(n_guest=0).with_columns(
        pl.Series(column, [bad if n % 6 == 0 else good for n in range(N)])
    )
    frame.write_csv("orders.csv")
    (found,) = (f for f in check_path(Path("orders.csv")) if f.code == "undone-orders")
    assert found.count == N // 6
    assert bad in found.message
    said = init([Path("orders.csv")], Path("plain.toml")).sentences
    assert any("undone" in sentence for sentence in said)
    assert f'"{bad}" = 0' in found.advice
    overrides = [
        f"action_column={column}",
        f'action_values={{"{good}" = 1, "{bad}" = 0}}',
        "min_value=1",
    ]
    init([Path("orders.csv")], Path("recipe.toml"), overrides=overrides)
    text = Path("recipe.toml").read_text()
    assert "min_value = 1" in text


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("status", ["paid", "sent"]),
        ("status", ["partially_refunded", "paid"]),
        ("status", ["refunded", "refunded"]),
        ("note", ["refunded", "paid"]),
    ],
)
def test_other_columns_undo_nothing(column: str, values: list[str]) -> None:
    frame = log(n_guest=0).with_columns(pl.Series(column, [values[n % 2] for n in range(N)]))
    assert "undone-orders" not in [f.code for f in check(read_frames(frame))]


def test_texts_that_say_nothing_are_emptied_and_categories_are_not() -> None:
    texts = [f"a sturdy pot of iron number {n}" for n in range(20)]
    texts[3], texts[4] = "N/A", "暂无"
    kinds = ["unknown" if n % 4 == 0 else "pot" for n in range(20)]
    items = pl.DataFrame(
        {"item_id": [f"p{n}" for n in range(20)], "description": texts, "kind": kinds}
    )
    data = read_frames(log(n_guest=0), items)
    assert guessed_clean(data)[0] == {"empty_placeholders": True}
    cleaned, said = clean(data, CleanSettings(empty_placeholders=True))
    assert cleaned.catalogue.column("description").to_list()[2:6] == [
        texts[2],
        None,
        None,
        texts[5],
    ]
    assert (
        cleaned.catalogue.column("kind").null_count() == data.catalogue.column("kind").null_count()
    )
    assert said == ("empty_placeholders: 2 texts of the catalogue changed.",)


def test_the_further_lines_of_an_order_that_was_undone_are_undone_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    states = ["paid", "refunded", "partially_refunded"]
    frame = log(n_guest=0).with_columns(
        pl.Series("Name", [f"#{n // 3}" for n in range(N)]),
        pl.Series("Financial Status", [None if n % 3 else states[n % 9 // 3] for n in range(N)]),
    )
    frame.write_csv("orders.csv")
    (found,) = (f for f in check_path(Path("orders.csv")) if f.code == "undone-orders")
    undone = sum(n % 9 // 3 == 1 for n in range(N))
    assert found.count == undone
    assert found.advice.endswith("99 rows are of orders refunded in part, and count as bought")
    given = [
        "action_column=Financial Status",
        'action_values={"paid" = 1, "refunded" = 0, "partially_refunded" = 1}',
        "min_value=1",
    ]
    init([Path("orders.csv")], Path("recipe.toml"), overrides=given)
    made = load(Path("recipe.toml"))
    assert made.data.fill_by == "Name"
    assert int((read(made.data, made.base).interactions.value == 0).sum()) == undone
