"""Rows that continue another: orders of several lines, products of several sizes."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from palate.data.assemble import read, read_frames, read_unseen, read_unseen_frames
from palate.data.checks import check_paths
from palate.data.column_roles import log_roles
from palate.data.continued import items_filled_by, log_filled_by
from palate.data.settings import DataSettings
from palate.data.table import Table
from palate.errors import BadRecipe, PalateError
from palate.recipe.init import init

N = 24
FILES = DataSettings(interactions="orders.csv", items="products.csv")


def order(line: int) -> int:
    return line // 3


def orders(*, name: bool = True, later_user: bool = False) -> pl.DataFrame:
    """Orders of three lines, of which only the first says who and when."""
    first = [n % 3 == 0 for n in range(N)]
    return pl.DataFrame(
        {
            "Name": [f"#{order(n)}" if name or first[n] else None for n in range(N)],
            "Email": [
                f"u{order(n) % 4}@x.org" if first[n] or later_user else None for n in range(N)
            ],
            "Created at": [
                f"2024-03-{1 + order(n):02} 10:00" if first[n] else None for n in range(N)
            ],
            "Lineitem sku": [f"P{n % 7}" for n in range(N)],
        }
    )


def products() -> pl.DataFrame:
    rows = [(f"h{n // 2}", n % 2 == 0) for n in range(14)]
    return pl.DataFrame(
        {
            "Handle": [handle for handle, _ in rows],
            "Title": [f"Tea {handle}" if first else None for handle, first in rows],
            "Type": ["tea" if first else None for _, first in rows],
            "Lineitem sku": [f"P{n}" for n in range(7)] + [f"Q{n}" for n in range(7)],
        }
    )


@pytest.mark.parametrize("later_user", [True, False])
def test_orders_and_products_of_a_shop(tmp_path: Path, later_user: bool) -> None:
    orders(later_user=later_user).write_csv(tmp_path / "orders.csv")
    products().write_csv(tmp_path / "products.csv")
    data, used = read_unseen(FILES, tmp_path)
    assert (used.fill_by, used.items_fill_by, used.drop) == ("Name", "Handle", ())
    log = data.interactions
    assert len(log) == N
    assert log.time is not None
    assert [log.users.ids[u] for u in log.user] == [f"u{order(n) % 4}@x.org" for n in range(N)]
    assert len(set(log.time.tolist())) == N // 3
    assert data.catalogue.column("Title").to_list()[:3] == ["Tea h0", "Tea h0", "Tea h1"]
    found = check_paths([tmp_path / "orders.csv", tmp_path / "products.csv"])[0].findings
    assert [f.code for f in found if f.severity == "error"] == []
    assert [f.code for f in found].count("continued-rows") == 2


def test_init_writes_it_and_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    orders().write_csv("orders.csv")
    products().write_csv("products.csv")
    made = init([Path("orders.csv"), Path("products.csv")], Path("recipe.toml"), explain=True)
    text = Path("recipe.toml").read_text()
    assert 'fill_by = "Name"' in text
    assert 'items_fill_by = "Handle"' in text
    cleaning = next(c for c in made.choices if c.about == "cleaning")
    assert {"data.fill_by", "data.items_fill_by"} <= set(cleaning.keys)
    assert any("the first row of the same Name" in why for why in cleaning.why)


def test_merged_cells_of_a_spreadsheet_take_the_row_above() -> None:
    data, used = read_unseen_frames(orders(name=False), None, None, DataSettings())
    assert used.fill_by == "above"
    ids = [data.interactions.users.ids[u] for u in data.interactions.user]
    assert ids == [f"u{order(n) % 4}@x.org" for n in range(N)]


def test_a_recipe_without_it_is_told_how() -> None:
    with pytest.raises(PalateError, match='fill_by = "Name" takes it from the first row'):
        read_frames(orders())


@pytest.mark.parametrize(
    "frame",
    [
        orders().with_columns(
            pl.col("Email").reverse(), pl.col("Created at").fill_null("2024-01-01")
        ),
        orders(name=False).with_columns(pl.col("Created at").fill_null("2024-01-01")),
        orders(later_user=True).fill_null("2024-01-01"),
    ],
)
def test_gaps_of_another_kind_are_not_filled(frame: pl.DataFrame) -> None:
    table = Table("log", frame)
    assert log_filled_by(table, log_roles(table)) == ""


@pytest.mark.parametrize("names", [["a"] * N, [f"#{n}" for n in range(N)]])
def test_a_column_that_parts_nothing_is_passed_over(names: list[str]) -> None:
    table = Table("log", orders().with_columns(pl.Series("Name", names)))
    assert log_filled_by(table, log_roles(table)) == "above"


def test_fields_with_gaps_of_their_own_are_not_filled() -> None:
    items = products().with_columns(pl.col("Type").fill_null("tea"))
    assert items_filled_by(Table("items", items), "Lineitem sku") == ""


def test_a_column_that_is_not_there_is_refused() -> None:
    with pytest.raises(BadRecipe, match='has no column "Nme"') as caught:
        read_frames(orders(), settings=DataSettings(fill_by="Nme"))
    assert "Name" in caught.value.next_step


def test_rows_without_the_shared_value_stay_empty(tmp_path: Path) -> None:
    frame = orders().with_columns(
        pl.Series("Name", [None if n == N - 1 else f"#{order(n)}" for n in range(N)])
    )
    frame.write_csv(tmp_path / "orders.csv")
    settings = DataSettings(
        interactions="orders.csv", fill_by="Name", drop=("missing-ids", "bad-times")
    )
    assert len(read(settings, tmp_path).interactions) == N - 1


def test_rows_that_continue_a_product_do_not_share_their_text_with_it(tmp_path: Path) -> None:
    rows = [(f"h{n // 2}", f"P{n}" if n % 2 == 0 else None) for n in range(40)]
    frame = pl.DataFrame(
        {
            "Handle": [handle for handle, _ in rows],
            "Title": [f"a pot number {n} of iron" if n % 2 == 0 else None for n in range(40)],
            "Vendor": [f"maker {n}" if n % 2 == 0 else None for n in range(40)],
            "Variant SKU": [sku for _, sku in rows],
        }
    )
    path = tmp_path / "products.csv"
    frame.write_csv(path)
    (checked,) = check_paths([path])
    assert "repeated-texts" not in [f.code for f in checked.findings]


def merged(*, guests: bool = False) -> pl.DataFrame:
    """A sheet with each customer in the first of three rows, and a subtotal after every two."""
    rows: list[tuple[str | None, str | None, str | None]] = []
    for user in range(8):
        for line in range(3):
            who = f"u{user % 3 if guests else user}" if line == 0 else None
            rows.append((who, f"p{(user + line) % 7}", f"2024-03-{user + 1:02}"))
        if user % 2 and not guests:
            rows.append(("Subtotal", None, None))
    rows.append(("Total", None, None))
    return pl.DataFrame(rows, schema=["customer", "item_id", "date"], orient="row")


def test_merged_cells_of_a_sheet(tmp_path: Path) -> None:
    merged().write_csv(tmp_path / "orders.csv")
    data, used = read_unseen(DataSettings(interactions="orders.csv"), tmp_path)
    assert (used.fill_by, used.drop) == ("above", ("missing-ids",))
    log = data.interactions
    assert [log.users.ids[u] for u in log.user] == [f"u{n // 3}" for n in range(24)]


def test_guests_between_users_who_come_again_are_not_filled() -> None:
    table = Table("x", merged(guests=True))
    assert log_filled_by(table, log_roles(table)) == ""


def test_rows_below_a_subtotal_are_not_of_the_subtotal() -> None:
    frame = pl.DataFrame(
        {
            "user": ["u0", None, "Subtotal", None, "u1"],
            "item": ["a", "b", None, "c", "d"],
        }
    )
    settings = DataSettings(fill_by="above", drop=("missing-ids",))
    log = read_frames(frame, settings=settings).interactions
    assert [log.users.ids[u] for u in log.user] == ["u0", "u0", "u0", "u1"]
