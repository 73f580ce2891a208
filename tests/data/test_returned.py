"""Refunds by quantity: found, said, and left out."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from palate.data.assemble import read, read_frames
from palate.data.checks import check_path
from palate.data.settings import DataSettings
from palate.errors import BadRecipe
from palate.recipe.init import init
from palate.recipe.recipe import load


def orders(column: str = "Quantity", back: str = "-2") -> pl.DataFrame:
    """Ten users with six items; the first gives one back wholly, the second one of two lamps."""
    rows = [
        (f"u{u}", f"p{(u + n * n) % 17}", "2", f"2024-03-{n + 1:02}")
        for u in range(10)
        for n in range(6)
    ]
    rows += [("u0", "p0", back, "2024-03-09"), ("u1", "p1", "-1", "2024-03-09")]
    return pl.DataFrame(rows, schema=["user_id", "item_id", column, "date"], orient="row")


@pytest.mark.parametrize("column", ["Quantity", "qty", "Menge", "数量", "Lineitem quantity"])
def test_goods_given_back_are_left_out_by_a_guessed_recipe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, column: str
) -> None:
    monkeypatch.chdir(tmp_path)
    orders(column).write_csv("orders.csv")
    (found,) = (f for f in check_path(Path("orders.csv")) if f.code == "returned-goods")
    assert (found.count, found.advice) == (3, 'to leave them out: drop = ["returned-goods"]')
    said = init([Path("orders.csv")], Path("recipe.toml")).sentences
    assert any("given back wholly" in sentence for sentence in said)
    assert not any("faulty" in sentence for sentence in said)
    recipe = load(Path("recipe.toml"))
    assert recipe.data.drop == ("returned-goods",)
    log = read(recipe.data, recipe.base).interactions
    pairs = {(log.users.ids[u], log.items.ids[i]) for u, i in zip(log.user, log.item, strict=True)}
    assert len(log) == 59
    assert ("u0", "p0") not in pairs
    assert ("u1", "p1") in pairs


@pytest.mark.parametrize("back", ["2-", "(2)", "\u22122", "-2"])
def test_signs_of_accountants(back: str) -> None:
    rows = orders(back=back).with_columns(pl.col("Quantity").str.replace("^-1$", "1-"))
    data = read_frames(rows, settings=DataSettings(drop=("returned-goods",)))
    log = data.interactions
    pairs = {(log.users.ids[u], log.items.ids[i]) for u, i in zip(log.user, log.item, strict=True)}
    assert len(log) == 59
    assert ("u0", "p0") not in pairs


def test_a_recipe_that_says_nothing_keeps_them_and_is_told() -> None:
    data = read_frames(orders())
    assert len(data.interactions) == 62
    assert [f.code for f in data.findings] == ["returned-goods"]


@pytest.mark.parametrize(
    ("frame", "settings"),
    [
        (orders(back="2").head(60), DataSettings()),
        (orders("rating"), DataSettings()),
        (orders("quantity_in_store"), DataSettings()),
        (orders(), DataSettings(quantity_column="-")),
        (orders().with_columns(Quantity=pl.lit(-1)), DataSettings()),
    ],
    ids=["none below 0", "ratings", "of the store", "none", "all below 0"],
)
def test_what_is_no_return(frame: pl.DataFrame, settings: DataSettings) -> None:
    assert not read_frames(frame, settings=settings).findings


def test_a_column_of_any_name_can_be_named() -> None:
    settings = DataSettings(quantity_column="n", drop=("returned-goods",))
    assert len(read_frames(orders("n"), settings=settings).interactions) == 59
    with pytest.raises(BadRecipe, match="has no column"):
        read_frames(orders("n"), settings=DataSettings(quantity_column="m"))
