from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from palate.errors import BadInput
from palate.tables import Interactions, Vocabulary

Event = tuple[int, int, float, int]
events = st.lists(
    st.tuples(
        st.integers(0, 3), st.integers(0, 5), st.sampled_from([1.0, 2.5]), st.integers(-2, 2)
    ),
    max_size=25,
)


def log_of(rows: list[Event], *, timed: bool = True) -> Interactions:
    user, item, value, time = (
        (list(column) for column in zip(*rows, strict=True)) if rows else ([], [], [], [])
    )
    return Interactions(
        Vocabulary(tuple("abcd")),
        Vocabulary(tuple("012345")),
        np.array(user, np.int32),
        np.array(item, np.int32),
        np.array(value, np.float32),
        np.array(time, np.int64) if timed else None,
    )


@given(events)
def test_time_order_keeps_the_file_order_of_ties(rows: list[Event]) -> None:
    expected = sorted(range(len(rows)), key=lambda i: rows[i][3])  # Python's sort is stable
    assert log_of(rows).in_time_order().tolist() == expected


@given(events)
def test_without_times_the_file_order_is_the_order(rows: list[Event]) -> None:
    order = log_of(rows, timed=False).in_time_order()
    assert order.tolist() == list(range(len(rows)))
    assert order.dtype == np.int64


@given(events, st.booleans(), st.randoms())
def test_take_by_mask_and_by_index_agree(rows: list[Event], timed: bool, random: Any) -> None:
    log = log_of(rows, timed=timed)
    keep = np.array([random.random() < 0.5 for _ in rows], np.bool_)
    by_mask, by_index = log.take(keep), log.take(np.flatnonzero(keep))
    for name in ("user", "item", "value", "time"):
        one, two = getattr(by_mask, name), getattr(by_index, name)
        assert (
            (one is None and two is None)
            if name == "time" and not timed
            else one.tolist() == two.tolist()
        )
    assert by_mask.users is log.users
    assert (by_mask.n_users, by_mask.n_items) == (4, 6)


@given(events)
def test_matrix_and_counts_against_a_slow_reference(rows: list[Event]) -> None:
    log = log_of(rows)
    expected = [
        [float(any(r[0] == u and r[1] == i for r in rows)) for i in range(6)] for u in range(4)
    ]
    X = log.matrix()
    assert X.toarray().tolist() == expected
    assert X.dtype == np.float32
    assert X.nnz == len({(r[0], r[1]) for r in rows})
    assert log.item_counts().tolist() == [sum(r[1] == i for r in rows) for i in range(6)]
    assert len(log) == len(rows)


@given(events)
def test_frame_has_outside_ids_and_leads_back(rows: list[Event]) -> None:
    log = log_of(rows)
    frame = log.frame()
    assert frame.columns == ["user_id", "item_id", "rating", "timestamp"]
    assert log.users.rows(frame["user_id"]).tolist() == log.user.tolist()
    assert log.items.rows(frame["item_id"]).tolist() == log.item.tolist()
    assert frame["timestamp"].to_list() == [r[3] for r in rows]
    assert "timestamp" not in log_of(rows, timed=False).frame().columns
    assert frame.height == len(rows)
    assert frame.schema["user_id"] == frame.schema["item_id"] == pl.String


@pytest.mark.parametrize("name", ["item", "value", "time"])
def test_columns_of_different_length_are_refused(name: str) -> None:
    columns: dict[str, Any] = {c: np.zeros(3, np.int32) for c in ("user", "item", "value", "time")}
    columns[name] = np.zeros(2, np.int32)
    with pytest.raises(BadInput, match=f"3 users and 2 of {name}"):
        Interactions(Vocabulary(("a",)), Vocabulary(("b",)), **columns)


@pytest.mark.parametrize(("name", "row"), [("user", 1), ("user", -1), ("item", 2), ("item", -1)])
def test_rows_outside_a_vocabulary_are_refused(name: str, row: int) -> None:
    columns: dict[str, Any] = {"user": np.zeros(2, np.int32), "item": np.zeros(2, np.int32)}
    columns[name] = np.array([0, row], np.int32)
    with pytest.raises(BadInput, match=r"rows from -?\d to \d of a vocabulary of \d") as info:
        Interactions(
            Vocabulary(("a",)), Vocabulary(("b", "c")), **columns, value=np.ones(2, np.float32)
        )
    assert info.value.where == f"interactions.{name}"
