"""Ids that the kind of thing in a column's name gives away."""

from __future__ import annotations

import polars as pl
import pytest

from palate.data.column_roles import id_column, log_roles
from palate.data.folders import kind_of_table
from palate.data.readers.frames import from_frame
from palate.data.table import Table
from palate.errors import BadInput
from palate.tables.columns import ITEM, USER

USERS = [1, 1, 2, 2, 3, 3]
THINGS = ["Beyond Flavours", "Paradise", "Paradise", "Dal", "Dal", "Beyond Flavours"]


def table(**columns: object) -> Table:
    return from_frame(pl.DataFrame(columns), "log")


@pytest.mark.parametrize(
    "name",
    [
        *("item_name", "product", "Product Name", "StockCode", "dish", "Restaurant", "store_nr"),
        *("articleTitle", "clicked_article", "SKU code", "EAN", "film"),
    ],
)
def test_an_item_by_its_kind(name: str) -> None:
    log = table(user_id=USERS, **{name: THINGS}, n_pictures=[0, 1, 2, 3, 0, 1])
    roles = log_roles(log)
    assert (roles.user, roles.item) == ("user_id", name)
    assert any("by what its name says of items" in said for said in roles.said)


def test_both_by_their_kind() -> None:
    roles = log_roles(table(Customer=USERS, Dish=THINGS))
    assert (roles.user, roles.item) == ("Customer", "Dish")


def test_an_id_before_a_word_before_a_name() -> None:
    columns = {"dish_name": THINGS, "dish": THINGS, "dish_code": [7, 8, 8, 9, 9, 7]}
    assert log_roles(table(user_id=USERS, **columns)).item == "dish_code"
    del columns["dish_code"]
    assert log_roles(table(user_id=USERS, **columns)).item == "dish"


def test_the_usual_names_go_before_kinds() -> None:
    log = table(user_id=USERS, shop=["a", "b"] * 3, product_id=[1, 2, 2, 3, 3, 1])
    assert log_roles(log).item == "product_id"


def test_it_goes_before_the_only_other_numbers() -> None:
    log = table(user_id=USERS, dish_name=THINGS, rating=[1, 2, 3, 4, 5, 1], n=[4, 9, 2, 4, 1, 0])
    assert log_roles(log).item == "dish_name"


def test_two_of_the_best_are_refused() -> None:
    with pytest.raises(BadInput, match="several columns could be the item") as caught:
        log_roles(table(user_id=USERS, shop=["a", "b"] * 3, dish=THINGS))
    assert "item_column" in caught.value.next_step


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("product_category_1", [1, 2, 2, 1, 1, 2]),
        ("review_title", THINGS),
        ("product", [1.5, 2.5, 2.5, 1.5, 0.1, 0.1]),
        ("product", [True, False] * 3),
        ("product", ["one"] * 6),
        ("product", [1, 2, 3, 4, 5, 6]),
        ("product", ["a long review " * 20, "b"] * 3),
        ("app", ["ios", "web"] * 3),
        ("item_count", [1, 2, 2, 1, 1, 2]),
    ],
)
def test_what_names_no_item(name: str, values: list[object]) -> None:
    with pytest.raises(BadInput, match="recognised as the item"):
        log_roles(table(user_id=USERS, **{name: values}))


def test_a_catalogue_and_users_are_no_logs() -> None:
    people = table(user_id=[1, 2, 3], job_title=["cook", "cook", "baker"])
    assert kind_of_table(people) == "users"
    books = table(book_id=[1, 2, 3], reader=["Ann", "Ann", "Bob"])
    assert kind_of_table(books) == "items"


def test_the_id_of_a_catalogue_tells_rows_apart() -> None:
    dishes = table(store=["a", "b"] * 3, dish_name=list("uvwxyz"))
    assert id_column(dishes, ITEM).item == "dish_name"
    assert id_column(table(customer_no=[1, 2], age=[3, 3]), USER).user == "customer_no"
    with pytest.raises(BadInput, match="recognised as the item"):
        id_column(table(store=["a", "b"] * 3), ITEM)


def test_a_user_is_what_tells_most_apart() -> None:
    people = [f"s{n % 20}" for n in range(60)]
    programs = ["Mail/2.0", "Web/1.1", "Phone/4"] * 20
    log = table(subscriber=people, client=programs, item_id=[n % 9 for n in range(60)])
    assert log_roles(log).user == "subscriber"
    alone = table(client=programs, item_id=[n % 9 for n in range(60)])
    assert log_roles(alone).user == "client"


@pytest.mark.parametrize(
    ("user", "item"),
    [
        ("\u4f1a\u5458\u5361\u53f7", "\u8d27\u53f7"),
        ("Debitor", "Artikel"),
        ("user (id)", "item [sku]"),
    ],
)
def test_names_of_other_systems_and_with_units(user: str, item: str) -> None:
    roles = log_roles(table(**{user: USERS, item: THINGS}))
    assert (roles.user, roles.item) == (user, item)


def test_a_word_before_the_kind() -> None:
    log = table(order_id=[1, 1, 2, 2, 3, 3], customer_id=USERS, line_item_product_id=THINGS)
    assert log_roles(log).item == "line_item_product_id"
