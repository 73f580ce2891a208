from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from palate.arrays import Ragged
from palate.errors import BadInput
from palate.tables import Coded, Histories
from palate.tables.request import Request, histories_of


def history(items: list[int], times: list[int] | None = None, user: int = -1) -> Histories:
    return Histories(
        np.array([user], np.int32),
        Ragged.of([items]),
        np.arange(len(items), dtype=np.float32),
        None if times is None else np.array(times, np.int64),
    )


def test_a_request_is_of_one_person() -> None:
    for n in (0, 2):
        with pytest.raises(BadInput, match=f"{n} histories"):
            Request(Histories.of_items(Ragged.of([[1]] * n)))


def test_nothing_of_the_future_is_in_a_history() -> None:
    assert Request(history([1, 2], [10, 20]), time=20).time == 20
    assert Request(history([], []), time=0).time == 0
    with pytest.raises(BadInput, match="event at 20, after the request's own time 19"):
        Request(history([1, 2], [10, 20]), time=19)


def test_what_was_seen_is_left_out_only_where_it_is_said() -> None:
    assert Request(history([3])).exclude.tolist() == []
    assert Request.unseen(history([3, 1])).exclude.tolist() == [3, 1]


def test_histories_side_by_side() -> None:
    joined = histories_of(
        [Request(h) for h in (history([4, 5], [1, 2], 7), history([], []), history([6], [3]))]
    )
    assert [joined.items[i].tolist() for i in range(3)] == [[4, 5], [], [6]]
    assert joined.users.tolist() == [7, -1, -1]
    assert joined.values.tolist() == [0, 1, 0]
    assert joined.times is not None
    assert joined.times.tolist() == [1, 2, 3]


def test_times_are_kept_where_all_have_them() -> None:
    assert histories_of([Request(history([1], [5])), Request(history([2]))]).times is None
    assert len(histories_of([])) == 0


def test_an_unknown_row_is_named_with_its_place() -> None:
    request = Request(history([1]), candidates=np.array([2, 30], np.int32))
    request.check(31)
    with pytest.raises(BadInput, match="no item row 30") as caught:
        request.check(30, "request 4")
    assert caught.value.where == "request 4.candidates"
    assert "0 to 29" in caught.value.allowed


def test_actions_of_some_requests_are_kept() -> None:
    one = replace(Histories.of_items(Ragged.of([[4, 2]])), actions=Coded.of(["buy", None]))
    other = replace(Histories.of_items(Ragged.of([[1]])), actions=Coded.of(["view"]))
    silent = Histories.of_items(Ragged.of([[3]]))
    joined = histories_of([Request(h) for h in (one, silent, other)])
    assert joined.actions is not None
    assert joined.actions.texts().to_list() == ["buy", None, None, "view"]
    assert histories_of([Request(silent)]).actions is None
