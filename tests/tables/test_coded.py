from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from palate.errors import BadInput
from palate.tables import Coded

names = st.lists(st.none() | st.sampled_from(["view", "buy", "", "кор"]), max_size=20)


@given(names)
def test_texts_lead_back(told: list[str | None]) -> None:
    column = Coded.of(told)
    assert column.texts().to_list() == told
    assert column.names == tuple(dict.fromkeys(name for name in told if name is not None))
    assert column.codes.dtype == np.int16
    assert column.counts() == {name: told.count(name) for name in column.names}


@given(names, st.randoms())
def test_take_keeps_the_names_and_used_drops_them(told: list[str | None], random: object) -> None:
    keep = np.array([random.random() < 0.5 for _ in told], np.bool_)  # type: ignore[attr-defined]
    some = Coded.of(told).take(keep)
    left = [name for name, kept in zip(told, keep, strict=True) if kept]
    assert some.names == Coded.of(told).names
    assert some.texts().to_list() == left
    assert some.used().texts().to_list() == left
    assert set(some.used().names) == {name for name in left if name is not None}


def test_many_names_need_wider_codes() -> None:
    column = Coded.of([str(i) for i in range(32_768)])
    assert column.codes.dtype == np.int32
    assert column.take(np.array([32_767])).used().codes.dtype == np.int16
    assert Coded.of([str(i) for i in range(32_767)]).codes.dtype == np.int16


@pytest.mark.parametrize("code", [-2, 1])
def test_codes_without_a_name_are_refused(code: int) -> None:
    with pytest.raises(BadInput, match="of 1 names"):
        Coded(np.array([0, code], np.int16), ("view",))


def test_a_name_twice_is_refused() -> None:
    with pytest.raises(BadInput, match="twice"):
        Coded(np.array([0], np.int16), ("view", "view"))


@given(st.lists(names, max_size=4))
def test_joined_columns_stand_one_after_the_other(parts: list[list[str | None]]) -> None:
    joined = Coded.joined([Coded.of(part) for part in parts])
    assert joined.texts().to_list() == [name for part in parts for name in part]


@given(names)
def test_places_in_other_names(told: list[str | None]) -> None:
    wanted = ("buy", "gift", "view")
    places = Coded.of(told).positions_in(wanted)
    assert places.dtype == np.int64
    assert places.tolist() == [wanted.index(n) if n in wanted else -1 for n in told]
    assert Coded.unsaid(2).positions_in(wanted).tolist() == [-1, -1]
    assert Coded.unsaid(2).texts().to_list() == [None, None]
