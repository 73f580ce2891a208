from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from palate.data.assemble import read_frames
from palate.data.column_names import WORDS
from palate.data.column_roles import Roles, id_column, log_roles
from palate.data.settings import DataSettings
from palate.data.table import Table
from palate.errors import BadInput, BadRecipe
from palate.tables.columns import ALIASES, ITEM, LOG_COLUMNS, USER


def _table(**columns: list[Any]) -> Table:
    return Table("folder/log.csv", pl.DataFrame(columns))


def _found(roles: Roles) -> tuple[str | None, ...]:
    return (roles.user, roles.item, roles.value, roles.time)


@pytest.mark.parametrize(
    "names",
    [
        ("user_id", "item_id", "rating", "timestamp"),
        ("userId", "movieId", "rating", "timestamp"),
        ("User-ID", "ISBN", "Book-Rating", "Date"),
        ("reviewerID", "asin", "overall", "unixReviewTime"),
        ("customer id", "product id", "stars", "review date"),
        ("visitorid", "itemid", "weight", "event_time"),
    ],
)
def test_common_names(names: tuple[str, ...]) -> None:
    values: list[list[Any]] = [[1, 1, 2], [7, 8, 7], [1.0, 2.0, 5.0], [10**9, 10**9 + 1, 10**9 + 2]]
    table = _table(**dict(zip(names, values, strict=True)))
    roles = log_roles(table)
    assert _found(roles) == names
    assert len(roles.said) == 1
    assert all(f'"{name}"' in roles.said[0] for name in names)
    assert roles.said[0].startswith("In log.csv ")


def test_aliases_are_written_as_the_search_compares_them() -> None:
    for role, names in ALIASES.items():
        assert names[0] == role
        assert all(name == name.lower() and " " not in name for name in names)
    every = [name for names in ALIASES.values() for name in names]
    assert len(set(every)) == len(every)


def test_the_canonical_name_wins() -> None:
    roles = log_roles(_table(user_id=[1], item_id=[2], book_id=[3], asin=["x"]))
    assert roles.item == "item_id"
    assert "better than" in roles.said[1]


def test_two_candidates_are_refused() -> None:
    with pytest.raises(BadInput, match="several columns") as caught:
        log_roles(_table(user_id=[1], asin=["a"], parent_asin=["b"]))
    assert 'item_column = "asin"' in caught.value.next_step


def test_the_settings_decide() -> None:
    table = _table(
        user_id=[1, 2], asin=["a", "b"], parent_asin=["b", "c"], rating=[1, 2], position=[0, 1]
    )
    roles = log_roles(table, DataSettings(item_column="asin", value_column="-", time_column="-"))
    assert _found(roles) == ("user_id", "asin", None, None)
    with pytest.raises(BadRecipe, match="did you mean"):
        log_roles(table, DataSettings(item_column="assin"))


def test_times_and_ratings_by_their_values() -> None:
    table = _table(
        user_id=[1, 1, 2],
        item_id=[1, 2, 1],
        x=[10**9, 10**9 + 5, 10**9 + 9],
        y=[1.0, 4.5, 5.0],
        z=[9, 700, 3],
    )
    roles = log_roles(table)
    assert (roles.time, roles.value) == ("x", "y")
    assert "by its values" in roles.said[1]


def test_values_that_fit_two_columns_are_not_guessed() -> None:
    table = _table(user_id=[1, 1, 2], item_id=[1, 2, 1], a=[1, 2, 3], b=[3, 2, 1])
    assert log_roles(table).value is None


@pytest.mark.parametrize(
    "when", [["2020-01-01", "2020-01-02"], ["2020-01-01 10:00", "2020-01-02 10:00"]]
)
def test_dates_by_their_values(when: list[str]) -> None:
    assert log_roles(_table(user_id=[1, 2], item_id=[1, 2], when=when)).time == "when"


def test_the_only_other_id_beside_a_rating() -> None:
    roles = log_roles(_table(user_id=[1, 2], thing=["x", "y"], rating=[1, 5]))
    assert roles.item == "thing"
    assert "only other column of ids" in " ".join(roles.said)


def test_a_catalogue_is_not_taken_for_a_log() -> None:
    with pytest.raises(BadInput, match="recognised as the user"):
        log_roles(_table(item_id=[1, 2, 3], title=["Ant", "Bee", "Cat"], price=[1.0, 2.0, 3.0]))


def test_columns_without_names_go_by_their_places() -> None:
    table = _table(
        column_1=["u", "v"], column_2=["a", "b"], column_3=[5.0, 3.0], column_4=[10**9, 10**9 + 1]
    )
    assert _found(log_roles(table)) == ("column_1", "column_2", "column_3", "column_4")


def test_absence_lists_the_columns() -> None:
    with pytest.raises(BadInput) as caught:
        log_roles(_table(colour=["red"], size=[3]))
    assert '"colour", "size"' in caught.value.what
    assert "user_column" in caught.value.next_step


def test_a_long_list_is_cut() -> None:
    with pytest.raises(BadInput, match="and 30 more"):
        log_roles(_table(**{f"c{i}": [1] for i in range(50)}))


@pytest.mark.parametrize(
    ("columns", "like", "expected"),
    [
        ({"movie_id": [1], "title": ["a"]}, None, "movie_id"),
        ({"movie_id": [1], "sku": ["a"]}, "sku", "sku"),
        ({"id": [1], "title": ["a"]}, None, "id"),
        ({"book_id": [1], "isbn": ["x"]}, None, "book_id"),
        ({"item_name": ["x"], "id": [1]}, "item_name", "item_name"),
    ],
)
def test_the_id_of_a_catalogue(
    columns: dict[str, list[Any]], like: str | None, expected: str
) -> None:
    assert id_column(_table(**columns), ITEM, like=like).item == expected


def test_the_id_of_the_users() -> None:
    assert id_column(_table(id=[1], age=[2]), USER).user == "id"
    assert id_column(_table(uid=[1], age=[2]), USER, given="age").user == "age"


def test_a_catalogue_without_an_id_is_refused() -> None:
    with pytest.raises(BadInput, match="items_item_column"):
        id_column(_table(title=["a"]), ITEM, setting="data.items_item_column")
    with pytest.raises(BadRecipe):
        id_column(_table(title=["a"]), ITEM, given="nope", setting="data.items_item_column")


def test_roles_know_their_names() -> None:
    assert set(ALIASES) == set(WORDS) == set(LOG_COLUMNS)


@pytest.mark.parametrize(
    ("column", "values", "read"),
    [
        ("liked", [True, False, True], [1.0, 0.0, 1.0]),
        ("is_like", [1, 0, 1], [1.0, 0.0, 1.0]),
        ("rating", ["like", "Dislike", "like"], [1.0, 0.0, 1.0]),
        ("vote", ["yes", "no", "no"], [1.0, 0.0, 0.0]),
        ("thumbs", [-1, 1, 1], [-1.0, 1.0, 1.0]),
        ("liked", ["very much", "a bit", "no"], [1.0, 1.0, 1.0]),
        ("like", [3, 70, 900], [1.0, 1.0, 1.0]),
        ("verified", [True, False, True], [1.0, 1.0, 1.0]),
    ],
)
def test_a_column_that_says_yes_or_no_is_the_value(
    column: str, values: list[object], read: list[float]
) -> None:
    log = pl.DataFrame({"user_id": ["a", "b", "c"], "item_id": ["x", "y", "z"], column: values})
    assert read_frames(log).interactions.value.tolist() == read


def test_stars_go_before_a_like() -> None:
    log = pl.DataFrame(
        {"user_id": [1, 2], "item_id": [1, 2], "liked": [True, False], "stars": [2.0, 5.0]}
    )
    assert read_frames(log).interactions.value.tolist() == [2.0, 5.0]


def test_a_session_stands_for_the_user_where_no_one_else_does() -> None:
    assert log_roles(_table(session_id=[1, 1, 2], item_id=[1, 2, 1])).user == "session_id"
    with_user = _table(session_id=[1, 1, 2], item_id=[1, 2, 1], customer_id=[1, 1, 1])
    assert log_roles(with_user).user == "customer_id"


def test_a_quantity_is_no_rating_by_its_values() -> None:
    table = _table(user_id=[1, 1, 2], item_id=[1, 2, 1], Qty=[1, 5, 2], level=[1, 3, 2])
    assert log_roles(table).value is None


def test_kinds_of_events_by_their_values() -> None:
    table = _table(column_1=["7", "7", "8"], column_2=["a", "b", "a"], column_3=["pv", "buy", "pv"])
    assert log_roles(table).action == "column_3"


def test_a_count_of_the_rows_and_times_are_no_ids_of_a_file_without_names() -> None:
    when = ["2024-01-05 22:45:48", "2024-01-06 15:28:32", "2024-01-06 16:08:14"]
    table = _table(
        column_1=["1", "2", "3"], column_2=when, column_3=["u", "u", "v"], column_4=["a", "b", "a"]
    )
    assert _found(log_roles(table)) == ("column_3", "column_4", None, "column_2")


def test_two_words_in_one() -> None:
    table = _table(CustomerID=[1, 1, 2], Itemname=["tea", "pot", "tea"], Date=["x", "y", "z"])
    assert log_roles(table).item == "Itemname"


def test_whole_numbers_with_a_point_are_ids() -> None:
    assert log_roles(_table(customer=[1.0, 1.0, 2.0], product=["a", "b", "a"])).user == "customer"
