"""The order of events inside one second, from the file to the split, the export and the folder of a
run.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from palate.data.assemble import read, read_frames
from palate.data.checks import check
from palate.data.clean import CleanSettings, clean
from palate.data.export import export
from palate.data.settings import DataSettings
from palate.data.splits.leave_last_out import LeaveLastOut
from palate.data.splits.ratio import Ratio, RatioSettings
from palate.runs.log_columns import arrays_of, log_of
from palate.tables import Interactions

START = 1_600_000_000_000


def newest_first() -> pl.DataFrame:
    """Five events of each user within a second, the newest in the first row."""
    rows = [
        (f"u{u}", f"i{(u + n) % 7}", START + u * 100_000 + 900 - n * 100)
        for u in range(3)
        for n in range(5)
    ]
    return pl.DataFrame(rows, schema=["user_id", "item_id", "timestamp"], orient="row")


def last_items(log: Interactions) -> dict[str, str]:
    cases = LeaveLastOut().split(log, seed=0).test.open("inspect")
    return {
        log.users.ids[user]: log.items.ids[cases.targets[case][0]]
        for case, user in enumerate(cases.histories.users)
    }


WRITTEN: dict[str, Any] = {
    "milliseconds": pl.col("timestamp"),
    "microseconds": pl.col("timestamp") * 1000,
    "nanoseconds": pl.col("timestamp") * 10**6,
    "numbers as texts": (pl.col("timestamp") * 10**6).cast(pl.String),
    "seconds with fractions": pl.col("timestamp") / 1000,
    "dates": pl.col("timestamp").cast(pl.Datetime("ms")),
    "dates of a zone": pl.col("timestamp").cast(pl.Datetime("ns", "Asia/Tokyo")),
    "texts": pl.col("timestamp").cast(pl.Datetime("ms")).dt.strftime("%Y-%m-%dT%H:%M:%S%.3fZ"),
    "places": (pl.col("timestamp") - START) / 300_000,
}


@pytest.mark.parametrize("way", WRITTEN)
def test_the_last_item_is_the_last_one_however_times_are_written(way: str) -> None:
    log = read_frames(newest_first().with_columns(timestamp=WRITTEN[way])).interactions
    assert last_items(log) == {"u0": "i0", "u1": "i1", "u2": "i2"}
    newest = Ratio(RatioSettings(order="time", ratios=(0.8, 0.0, 0.2))).split(log, seed=0)
    of_test = newest.test.open("inspect")
    assert sorted(log.items.ids[i] for i in of_test.targets.values) == ["i0", "i1", "i2"]


@pytest.mark.parametrize("to", ["csv", "parquet", "jsonl", "atomic"])
def test_an_export_and_a_run_keep_the_order(tmp_path: Path, to: str) -> None:
    data = read_frames(newest_first())
    paths = export(data, tmp_path, to)
    again = read(DataSettings(interactions=str(paths[0])), Path.cwd()).interactions
    assert last_items(again) == {"u0": "i0", "u1": "i1", "u2": "i2"}
    kept = log_of(arrays_of(data.interactions))
    np.testing.assert_array_equal(kept.in_time_order(), data.interactions.in_time_order())


def test_times_as_times_stay_whole_seconds() -> None:
    log = read_frames(newest_first()).interactions
    assert log.time is not None
    assert set(log.time.tolist()) == {1_600_000_000, 1_600_000_100, 1_600_000_200}


def test_events_apart_by_a_fraction_are_neither_ties_nor_duplicates() -> None:
    log = pl.DataFrame(
        {"user_id": ["u"] * 3, "item_id": ["a"] * 3, "timestamp": [START, START + 1, START + 1]}
    )
    data = read_frames(log)
    assert len(clean(data, CleanSettings(drop_duplicates="exact"))[0].interactions) == 2
    counts = {f.code: f.count for f in check(data)}
    assert (counts["exact-duplicates"], counts["time-ties"]) == (1, 2)


def test_a_log_of_whole_seconds_carries_no_second_column() -> None:
    log = read_frames(newest_first().with_columns(timestamp=pl.col("timestamp") // 1000 * 1000))
    assert log.interactions.order is None
