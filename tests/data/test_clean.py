from __future__ import annotations

from collections import Counter
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from palate import config
from palate.data.assemble import read_frames
from palate.data.clean import CleanSettings, clean, known_items
from palate.data.settings import DataSettings
from palate.errors import BadInput, BadRecipe
from palate.tables import Dataset


def _data(**more: Any) -> Dataset:
    log = pl.DataFrame(
        {
            "user_id": ["u", "u", "u", "v", "v", "w"],
            "item_id": ["a", "a", "b", "a", "x", "a"],
            "rating": [5.0, 5.0, 2.0, 4.0, 3.0, 1.0],
            "timestamp": [2, 2, 3, 1, 5, 9],
        }
    )
    items = pl.DataFrame(
        {
            "item_id": ["a", "b", "c"],
            "title": ["<b>Ant</b>", "Bee \n &amp; co", None],
            "tags": [["x<br>y"], [], None],
        }
    )
    users = pl.DataFrame({"user_id": ["u", "v", "w"], "age": [1, 2, 3]})
    return read_frames(log, items, users)


def _events(data: Dataset) -> list[tuple[Any, ...]]:
    return data.interactions.frame().rows()


def test_by_default_nothing_happens() -> None:
    data = _data()
    cleaned, said = clean(data, CleanSettings())
    assert cleaned is data
    assert said == ()


def test_max_value() -> None:
    log = pl.DataFrame(
        {"user_id": [1, 1, 2], "item_id": ["a", "b", "a"], "rating": [9.97, 99.0, -3.0]}
    )
    cleaned, said = clean(read_frames(log), CleanSettings(max_value=9.97))
    assert [round(e[2], 2) for e in _events(cleaned)] == [9.97, -3.0]
    assert said == ("max_value = 9.97: 1 of 3 events left out, 2 stay.",)


def test_min_value() -> None:
    cleaned, said = clean(_data(), CleanSettings(min_value=4))
    assert [e[2] for e in _events(cleaned)] == [5.0, 5.0, 4.0]
    assert said == ("min_value = 4: 3 of 6 events left out, 3 stay.",)
    assert cleaned.interactions.users.ids == ("u", "v")
    assert cleaned.users is not None
    assert cleaned.users["age"].to_list() == [1, 2]
    assert cleaned.interactions.items.ids == ("a", "b", "c", "x")


@pytest.mark.parametrize(
    ("rule", "pairs"),
    [
        ("exact", [("u", "a"), ("u", "b"), ("v", "a"), ("v", "x"), ("w", "a")]),
        ("user-item-first", [("u", "a"), ("u", "b"), ("v", "a"), ("v", "x"), ("w", "a")]),
    ],
)
def test_duplicates(rule: str, pairs: list[tuple[str, str]]) -> None:
    cleaned, _ = clean(_data(), config.parse(CleanSettings, {"drop_duplicates": rule}))
    assert [e[:2] for e in _events(cleaned)] == pairs


def test_first_and_last_are_in_time_not_in_the_file() -> None:
    log = pl.DataFrame(
        {
            "user_id": [1, 1, 1],
            "item_id": ["a"] * 3,
            "rating": [3.0, 1.0, 2.0],
            "timestamp": [30, 10, 20],
        }
    )
    first, _ = clean(read_frames(log), CleanSettings(drop_duplicates="user-item-first"))
    last, _ = clean(read_frames(log), CleanSettings(drop_duplicates="user-item-last"))
    assert [e[2] for e in _events(first)] == [1.0]
    assert [e[2] for e in _events(last)] == [3.0]
    no_time = log.drop("timestamp")
    untimed, _ = clean(read_frames(no_time), CleanSettings(drop_duplicates="user-item-last"))
    assert [e[2] for e in _events(untimed)] == [2.0]


def test_the_highest_of_a_pair_is_the_purchase_among_views() -> None:
    log = pl.DataFrame(
        {
            "user_id": [1, 1, 1, 1, 2],
            "item_id": ["a", "a", "a", "b", "a"],
            "event": ["view", "buy", "buy", "view", "view"],
            "timestamp": [10, 30, 20, 5, 7],
        }
    )
    data = read_frames(log, settings=DataSettings(action_values={"view": 1.0, "buy": 5.0}))
    cleaned, _ = clean(data, CleanSettings(drop_duplicates="user-item-highest"))
    kept = sorted(zip(cleaned.interactions.value, cleaned.interactions.time, strict=True))
    assert kept == [(1.0, 5), (1.0, 7), (5.0, 20)]


def test_unknown_items_go_from_the_vocabulary_too() -> None:
    data = _data()
    assert known_items(data).tolist() == [True, True, False, False]
    cleaned, said = clean(data, CleanSettings(drop_unknown_items=True))
    assert "1 of 6" in said[0]
    assert cleaned.interactions.items.ids == ("a", "b")
    assert cleaned.catalogue.fields.height == 2
    assert not known_items(read_frames(data.interactions.frame())).any()


def test_texts() -> None:
    cleaned, said = clean(_data(), CleanSettings(strip_html=True, collapse_space=True))
    assert cleaned.catalogue.fields["title"].to_list() == ["Ant", "Bee & co", None, None]
    assert cleaned.catalogue.fields["tags"].to_list() == [["x y"], [], None, None]
    assert said == (
        "strip_html: 3 texts of the catalogue changed.",
        "collapse_space: 1 texts of the catalogue changed.",
    )


def test_the_core() -> None:
    cleaned, said = clean(_data(), CleanSettings(min_user_events=2, min_item_events=2))
    assert [e[:2] for e in _events(cleaned)] == [("u", "a"), ("u", "a")]
    assert cleaned.interactions.items.ids == ("a",)
    assert "rounds" in said[0]


PAIRS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=60)


@given(PAIRS, st.integers(0, 4), st.integers(0, 4))
def test_a_core_is_a_core_and_the_largest(pairs: list[tuple[int, int]], k: int, m: int) -> None:
    data = read_frames(pl.DataFrame(pairs, schema=["user_id", "item_id"], orient="row"))
    left = list(pairs)
    while True:  # the definition, one event at a time
        users, items = Counter(u for u, _ in left), Counter(i for _, i in left)
        smaller = [(u, i) for u, i in left if users[u] >= k and items[i] >= m]
        if len(smaller) == len(left):
            break
        left = smaller
    if not left:
        with pytest.raises(BadInput, match="no event"):
            clean(data, CleanSettings(min_user_events=k, min_item_events=m))
        return
    cleaned, _ = clean(data, CleanSettings(min_user_events=k, min_item_events=m))
    assert [(int(u), int(i)) for u, i, *_ in _events(cleaned)] == left


@given(PAIRS)
def test_cleaning_twice_changes_nothing_more(pairs: list[tuple[int, int]]) -> None:
    data = read_frames(pl.DataFrame(pairs, schema=["user_id", "item_id"], orient="row"))
    settings = CleanSettings(drop_duplicates="user-item-first")
    once, _ = clean(data, settings)
    twice, _ = clean(once, settings)
    assert twice.interactions.frame().equals(once.interactions.frame())


def test_a_threshold_between_two_floats() -> None:
    log = pl.DataFrame({"user_id": [1, 2], "item_id": [1, 2], "rating": [0.1, 0.2]})
    cleaned, _ = clean(read_frames(log), CleanSettings(min_value=0.1))
    assert len(cleaned.interactions) == 2


def test_settings_have_bounds() -> None:
    with pytest.raises(BadRecipe):
        config.parse(CleanSettings, {"min_user_events": -1}, "clean")
    with pytest.raises(BadRecipe):
        config.parse(CleanSettings, {"drop_duplicates": "yes"}, "clean")


def test_what_might_be_meant_is_repaired_where_most_of_the_field_was_wrong() -> None:
    right = ["\u00cele bleue", "\u00e9t\u00e9", "No\u00ebl", "caf\u00e9", "plain"]
    wrong = [text.encode().decode("cp1252") for text in right]
    wrong[3] = right[3]  # one that was right all the time
    log = pl.DataFrame({"user_id": [1] * 5, "item_id": list("abcde")})
    items = pl.DataFrame({"item_id": list("abcde"), "title": wrong})
    mended, _ = clean(read_frames(log, items), CleanSettings(repair_text=True))
    assert mended.catalogue.fields["title"].to_list() == right


def test_wrongly_decoded_texts_are_repaired_where_that_is_wanted() -> None:
    wrong = "Fran\u00e7ois et Zo\u00eb".encode().decode("cp1252")
    items = pl.DataFrame({"item_id": ["a", "b"], "title": [wrong, "plain \u00e9"]})
    data = read_frames(pl.DataFrame({"user_id": [1, 2], "item_id": ["a", "b"]}), items)
    assert clean(data, CleanSettings())[0].catalogue.fields["title"][0] == wrong
    mended, said = clean(data, CleanSettings(repair_text=True))
    assert mended.catalogue.fields["title"].to_list() == [
        "Fran\u00e7ois et Zo\u00eb",
        "plain \u00e9",
    ]
    assert said == ("repair_text: 1 texts of the catalogue changed.",)
