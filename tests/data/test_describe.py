from __future__ import annotations

import json

import polars as pl

from palate.data.assemble import read_frames
from palate.data.describe import describe
from palate.data.times import are_dates

DAY = 1_577_836_800


def test_the_numbers_of_a_small_log() -> None:
    log = pl.DataFrame(
        {
            "user_id": [1, 1, 1, 2],
            "item_id": ["a", "b", "b", "a"],
            "rating": [5, 4, 4, 1],
            "timestamp": [DAY, DAY + 1, DAY + 86_400, DAY],
        }
    )
    items = pl.DataFrame(
        {"item_id": ["a", "b", "c"], "title": ["An ant here", "A bee", None], "year": [1, 2, 3]}
    )
    users = pl.DataFrame({"user_id": [1, 2], "age": [20, 30]})
    told = describe(read_frames(log, items, users))
    counts = told["counts"]
    assert (counts["users"], counts["items"], counts["interactions"]) == (2, 3, 4)
    assert counts["items_without_events"] == 1
    assert counts["density"] == 0.5
    assert (counts["events_per_user_median"], counts["events_per_user_max"]) == (2.0, 3)
    assert (counts["first"], counts["last"], counts["time"]) == (
        "2020-01-01",
        "2020-01-02",
        "clock",
    )
    assert told["values"] == {"counts": {"1": 1, "4": 2, "5": 1}}
    assert told["text"] == [{"field": "title", "share": 0.6667, "median_words": 2.5}]
    assert [f["kind"] for f in told["fields"]] == ["text", "number"]
    assert told["user_fields"] == ["age"]
    assert json.loads(json.dumps(told, allow_nan=False)) == told


def test_ranks_and_no_times() -> None:
    log = pl.DataFrame({"user_id": [1, 1], "item_id": ["a", "b"], "position": [0, 1]})
    assert describe(read_frames(log))["counts"]["time"] == "rank"
    told = describe(read_frames(log.drop("position")))
    assert (told["counts"]["time"], told["counts"]["first"]) == ("none", None)
    assert (told["text"], told["fields"], told["user_fields"]) == ([], [], [])


def test_many_values_are_summed_up() -> None:
    log = pl.DataFrame(
        {"user_id": range(30), "item_id": range(30), "weight": [float(i) for i in range(30)]}
    )
    assert describe(read_frames(log))["values"] == {"min": 0.0, "median": 14.5, "max": 29.0}


def test_impossible_times_break_nothing() -> None:
    times = [10**9, -(10**15), 10**9, 9 * 10**14, 10**9]
    log = pl.DataFrame({"user_id": range(5), "item_id": range(5), "timestamp": times})
    data = read_frames(log)
    assert are_dates(data.interactions.time)
    assert not are_dates(None)
    counts = describe(data)["counts"]
    assert (counts["first"], counts["last"]) == ("0001-01-01", "9999-12-31")
