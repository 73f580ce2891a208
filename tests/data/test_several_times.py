from __future__ import annotations

import polars as pl
import pytest

from palate.data.column_roles import log_roles
from palate.data.several_times import first_of_times
from palate.data.table import Table
from palate.data.times import as_times

DAYS = pl.date_range(pl.date(2024, 1, 1), pl.date(2024, 2, 9), eager=True).cast(pl.String)


def log(**more: pl.Series) -> pl.DataFrame:
    users, items = [f"u{n % 8}" for n in range(40)], [f"i{n % 13}" for n in range(40)]
    return pl.DataFrame({"user_id": users, "item_id": items, **more})


def test_an_event_is_played_before_it_is_sent() -> None:
    later = pl.Series([*DAYS[5:], *["2024-03-01"] * 5])
    frame = log(wasSent=later, wasPlayed=DAYS)
    roles = log_roles(Table("log", frame))
    assert roles.time == "wasPlayed"
    assert any("being the first of" in sentence for sentence in roles.said)


def test_what_a_user_has_in_all_events_is_no_time_of_an_event() -> None:
    born = pl.Series([f"19{70 + n % 8}-05-01" for n in range(40)])
    frame = log(born=born, wasPlayed=DAYS, wasSent=DAYS)
    assert (
        first_of_times(frame, ["born", "wasPlayed", "wasSent"], ["user_id", "item_id"])
        == "wasPlayed"
    )


def test_times_without_an_order_name_none() -> None:
    frame = log(one=DAYS, other=DAYS.shuffle(seed=1))
    assert first_of_times(frame, ["one", "other"], ["user_id"]) is None
    assert log_roles(Table("log", frame)).time is None


@pytest.mark.parametrize(
    ("values", "seconds"),
    [
        ([20240305, None], [1709596800, None]),
        (["20240305140300", "20240305140301"], [1709647380, 1709647381]),
        ([20240305, 20241305], [20240305, 20241305]),
        ([19691231], [19691231]),
    ],
)
def test_dates_that_look_like_numbers(values: list[object], seconds: list[int | None]) -> None:
    assert as_times(pl.Series("t", values), "t").values.to_list() == seconds


def test_their_zone_counts() -> None:
    found = as_times(pl.Series([20240305080000]), "t", time_zone="Asia/Shanghai")
    assert found.values.to_list() == [1709596800]


def test_days_of_a_spreadsheet_are_found_by_their_name() -> None:
    frame = log(**{"date sold": pl.Series([45_300.5 + n for n in range(40)])})
    assert log_roles(Table("log", frame)).time == "date sold"
    assert log_roles(Table("log", frame.rename({"date sold": "price"}))).time is None
