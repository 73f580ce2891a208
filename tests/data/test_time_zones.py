"""Local times and the zones they were written in."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from palate.data.assemble import read
from palate.data.settings import DataSettings
from palate.data.time_zones import in_utc
from palate.data.times import as_times
from palate.errors import BadInput

BERLIN = "Europe/Berlin"


@given(
    st.datetimes(dt.datetime(1985, 1, 1), dt.datetime(2035, 1, 1)).map(
        lambda t: t.replace(microsecond=0, fold=0)
    ),
    st.sampled_from([BERLIN, "Asia/Shanghai", "America/New_York", "Asia/Kolkata", "UTC"]),
)
def test_a_clock_time_is_the_moment_that_python_takes_it_for(clock: dt.datetime, zone: str) -> None:
    moment = clock.replace(tzinfo=ZoneInfo(zone))
    expected = int(moment.timestamp())
    for column in (pl.Series([clock]), pl.Series([clock.isoformat(sep=" ")])):
        assert as_times(column, "x", time_zone=zone).values.to_list() == [expected]


def test_an_hour_that_comes_twice_is_the_first_and_one_that_never_comes_is_kept() -> None:
    autumn, spring = dt.datetime(2026, 10, 25, 2, 30), dt.datetime(2026, 3, 29, 2, 30)
    found = in_utc(pl.Series([autumn, spring, None]), BERLIN).dt.replace_time_zone(None).to_list()
    assert found == [dt.datetime(2026, 10, 25, 0, 30), dt.datetime(2026, 3, 29, 1, 30), None]


@pytest.mark.parametrize(
    "written",
    ["2020-01-02T00:00:00Z", "2020-01-02 01:00:00 +0100", "Thu, 02 Jan 2020 00:00:00 GMT"],
)
def test_a_zone_that_is_written_goes_before_the_one_that_is_named(written: str) -> None:
    assert as_times(pl.Series([written]), "x", time_zone=BERLIN).values.to_list() == [1_577_923_200]


def test_numbers_have_no_zone_and_days_begin_at_midnight() -> None:
    seconds = 1_577_923_200
    assert as_times(pl.Series([seconds]), "x", time_zone=BERLIN).values.to_list() == [seconds]
    day = pl.Series([dt.date(2020, 1, 2)])
    for column in (day, day.cast(pl.String)):
        assert as_times(column, "x", time_zone=BERLIN).values.to_list() == [seconds - 3600]


def test_fractions_keep_their_order() -> None:
    column = pl.Series(["2020-01-02 01:00:00.000000002", "2020-01-02 01:00:00.000000001"])
    times = as_times(column, "x", time_zone=BERLIN)
    assert times.values.to_list() == [1_577_923_200] * 2
    assert times.order is not None
    assert times.order.to_list() == [1, 0]


def test_an_unknown_zone_is_refused_with_examples(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="Mars/Olympus") as error:
        as_times(pl.Series(["2020-01-02"]), "x", time_zone="Mars/Olympus")
    assert "Asia/Shanghai" in str(error.value)


def test_a_recipe_names_the_zone_and_the_report_says_it(tmp_path: Path) -> None:
    log = tmp_path / "clicks.csv"
    rows = [f"u{n % 4},i{n % 3},2026-07-01 12:00:{n:02d}" for n in range(40)]
    log.write_text("\n".join(["user_id,item_id,time", *rows]), encoding="utf-8")
    data = read(DataSettings(interactions="clicks.csv", time_zone="Asia/Shanghai"), tmp_path)
    first = dt.datetime.fromtimestamp(int(data.interactions.time.min()), dt.UTC)
    assert first == dt.datetime(2026, 7, 1, 4, tzinfo=dt.UTC)
    assert any("Asia/Shanghai where no zone is written" in said for said in data.guesses)
