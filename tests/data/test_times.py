from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Literal

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from palate.data.times import _QUICK, _of_texts, _quickly, as_times
from palate.errors import BadInput

SECONDS = 1_577_934_245
MOMENT = datetime.datetime(2020, 1, 2, 3, 4, 5)


@pytest.mark.parametrize(
    "values",
    [
        [SECONDS],
        [SECONDS * 1000],
        [SECONDS * 10**6 + 7],
        [SECONDS * 10**9],
        [float(SECONDS)],
        [f"{SECONDS}"],
        [f"{SECONDS}.0"],
        ["2020-01-02T03:04:05"],
        ["2020-01-02T03:04:05.123"],
        ["2020-01-02T03:04:05Z"],
        ["2020-01-02 03:04:05"],
        ["2020-01-02 03:04:05Z"],
        ["2020-01-02T05:04:05+02:00"],
        ["2020-01-02 05:04:05+0200"],
        [" 2020-01-02 03:04:05 "],
        ["2020-01-02 03:04:05 AM"],
        ["2020\u5e741\u67082\u65e5 03:04:05"],
        ["2020\u5e7401\u670802\u65e5 3\u65f64\u52065\u79d2"],
        ["Thu, 02 Jan 2020 03:04:05 +0000"],
        ["Thu, 02 Jan 2020 03:04:05 GMT"],
        ["Thu Jan 02 03:04:05 +0000 2020"],
        ["02/Jan/2020:05:04:05 +0200"],
        ["2020-01-02 03:04:05 UTC"],
        ["2020-01-02 05:04:05.5 +02:00"],
        ["2020/01/02 03:04:05"],
        ["Thu, 02 Jan 2020 05:04:05 +0200"],
        ["Wed, 01 Jan 2020 22:04:05 EST"],
        ["2020-01-02 12:04:05 JST"],
        ["Thu Jan  2 04:04:05 CET 2020"],
        ["Thu Jan 02 2020 04:04:05 GMT+0100 (Central European Standard Time)"],
        ["Thursday, January 2, 2020 3:04:05 AM"],
        ["13/01/2020 03:04:05 UTC", "02/01/2020 05:04:05 +0200"],
        ["2020\u5e741\u67082\u65e5(\u6728) 03:04:05"],
        ["2020\ub144 1\uc6d4 2\uc77c \ubaa9\uc694\uc77c 03:04:05"],
        ["02-Jan-2020 03:04:05"],
        ["02.01.2020 03:04:05"],
        [MOMENT],
        [MOMENT.replace(tzinfo=datetime.UTC)],
    ],
)
def test_one_moment_written_in_many_ways(values: list[object]) -> None:
    assert as_times(pl.Series("t", values), "x").values.to_list()[-1] == SECONDS


def test_a_zone_of_several_countries_is_not_guessed() -> None:
    texts = pl.Series("t", ["2020-01-02 03:04:05 CST", "2020-01-02 03:04:05 UTC"])
    assert as_times(texts, "x").values.to_list() == [None, SECONDS]


def test_days_of_the_week_in_full_width() -> None:
    text = "\uff12\uff10\uff12\uff10\u5e74\uff11\u6708\uff12\u65e5\u3000\u661f\u671f\u56db"
    assert as_times(pl.Series("t", [text]), "x").values.to_list() == [SECONDS - 11_045]


@pytest.mark.parametrize(
    "written",
    ["2020-01-02", "2020/01/02", "02-Jan-2020", "01 2, 2020", "Jan 2, 2020", "January 2, 2020"],
)
def test_days(written: str) -> None:
    assert as_times(pl.Series([written]), "x").values.to_list() == [1_577_923_200]


def test_dates_without_a_clock() -> None:
    assert as_times(pl.Series([datetime.date(2020, 1, 2)]), "x").values.to_list() == [1_577_923_200]


@given(st.lists(st.integers(0, 99_999_999), min_size=1))
def test_ranks_stay_as_they_are(ranks: list[int]) -> None:
    times = as_times(pl.Series(ranks), "x")
    assert times.values.to_list() == ranks
    assert "ranks" in times.said


@given(
    st.lists(st.integers(10**9, 2 * 10**9), min_size=1), st.sampled_from([1, 1000, 10**6, 10**9])
)
def test_units_keep_the_moment_and_the_order(seconds: list[int], factor: int) -> None:
    assert as_times(pl.Series([s * factor for s in seconds]), "x").values.to_list() == seconds


def test_the_unit_is_said() -> None:
    assert "milliseconds" in as_times(pl.Series([SECONDS * 1000]), "x").said
    assert "seconds since 1970" in as_times(pl.Series([SECONDS]), "x").said
    assert "dates" in as_times(pl.Series(["2020-01-02"]), "x").said


def test_mixed_zones_are_all_understood() -> None:
    written = ["2020-01-02T03:04:05Z", "2020-01-02T05:04:05+02:00", "2020-01-02T03:04:05", None]
    assert as_times(pl.Series(written), "x").values.to_list() == [SECONDS, SECONDS, SECONDS, None]


def test_what_is_no_time_is_null() -> None:
    assert as_times(pl.Series(["2020-01-02", "soon", "2020-02-30"]), "x").values.to_list() == [
        1_577_923_200,
        None,
        None,
    ]
    assert as_times(pl.Series([1e9, float("nan"), float("inf"), 1e300]), "x").values.to_list() == [
        10**9,
        None,
        None,
        None,
    ]
    assert as_times(pl.Series(["1000000000", "soon"]), "x").values.to_list() == [10**9, None]
    assert as_times(pl.Series([None, None], dtype=pl.String), "x").values.null_count() == 2


def test_years_outside_of_every_calendar_are_still_numbers() -> None:
    values = as_times(pl.Series(["0000-01-01", "9999-12-31"]), "x").values.to_list()
    assert values == [-62_167_219_200, 253_402_214_400]


def test_slashes_are_read_where_the_days_tell_their_order() -> None:
    day_first = as_times(pl.Series(["13/02/2020", "01/02/2020"]), "x").values.to_list()
    month_first = as_times(
        pl.Series(["02/13/2020 00:00", "02/01/2020 00:00"]), "x"
    ).values.to_list()
    assert day_first == month_first == [1_581_552_000, 1_580_515_200]


def test_slashes_that_tell_nothing_are_refused_or_told() -> None:
    doubtful = pl.Series(["03/04/2020"])
    with pytest.raises(BadInput, match="time_format"):
        as_times(doubtful, "x")
    assert as_times(doubtful, "x", "%d/%m/%Y").values.to_list() == [1_585_872_000]


def test_a_format_may_be_given() -> None:
    assert as_times(pl.Series(["20200102"]), "x", "%Y%m%d").values.to_list() == [1_577_923_200]
    zoned = as_times(pl.Series(["2020-01-02 05:04:05 +0200"]), "x", "%Y-%m-%d %H:%M:%S %z")
    assert zoned.values.to_list() == [SECONDS]
    with pytest.raises(BadInput, match="no way to write a time"):
        as_times(pl.Series(["20"]), "x", "%H")


def test_times_of_day_are_ranks() -> None:
    assert "rank" in as_times(pl.Series([datetime.time(1, 2)]), "x").said


@pytest.mark.parametrize("column", [pl.Series([[1]]), pl.Series([True])])
def test_other_types_are_refused(column: pl.Series) -> None:
    with pytest.raises(BadInput, match="type"):
        as_times(column, "x")


NS = 1_600_000_000_000_000_000
"""Nanoseconds, of which a float knows every 256th."""


def in_order(
    values: list[object], dtype: pl.DataType | None = None, time_format: str = ""
) -> list[int]:
    """The rows, sorted by the times as they are understood."""
    times = as_times(pl.Series("t", values, dtype=dtype), "x", time_format)
    return (times.values if times.order is None else times.order).arg_sort().to_list()


@pytest.mark.parametrize(
    "values",
    [
        [NS + 2, NS + 1, NS + 3],
        [str(NS + 2), str(NS + 1), str(NS + 3)],
        [1_600_000_000_000_002, 1_600_000_000_000_001, 1_600_000_000_000_003],
        [1_600_000_000_002, 1_600_000_000_001, 1_600_000_000_003],
        [1_600_000_000.2, 1_600_000_000.1, 1_600_000_000.3],
        ["1600000000.000000002", "1600000000.000000001", "1600000000.000000003"],
        [Decimal("1600000000.0000002"), Decimal("1600000000.0000001"), Decimal("1600000000.3")],
        ["2020-01-02T03:04:05.2", "2020-01-02T03:04:05.1Z", "2020-01-02T03:04:05.3"],
        [f"2020-01-02 03:04:05.00000000{n}+02:00" for n in (2, 1, 3)],
        ["1500-01-02T03:04:05.2", "1500-01-02T03:04:05.1", "1500-01-02T03:04:05.3"],
        [MOMENT.replace(microsecond=n) for n in (2, 1, 3)],
        [datetime.time(1, 2, 3, n) for n in (2, 1, 3)],
        [datetime.timedelta(microseconds=n) for n in (2, 1, 3)],
        [0.5, 0.25, 0.75],
        ["0.25", "0.1250", "0.5"],
        ["0.50000000000000002", "0.50000000000000001", "0.6"],
        [-0.5, -0.75, 0.5],
        ["-0.5", "-1.5", "0.5"],
    ],
)
def test_nothing_is_rounded_before_it_is_sorted(values: list[object]) -> None:
    assert in_order(values) == [1, 0, 2]


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=20), st.sampled_from(["us", "ns"]))
def test_dates_of_any_unit_keep_their_order(ticks: list[int], unit: Literal["us", "ns"]) -> None:
    column = pl.Series(ticks).cast(pl.Datetime(unit))
    times = as_times(column, "x")
    kept = times.values if times.order is None else times.order
    assert kept.rank("dense").to_list() == pl.Series(ticks).rank("dense").to_list()


def test_a_format_of_ones_own_keeps_fractions() -> None:
    written = ["02/01/2020 03:04:05.2", "02/01/2020 03:04:05.1"]
    assert in_order(written, time_format="%d/%m/%Y %H:%M:%S%.f") == [1, 0]


def test_an_order_is_kept_only_where_seconds_lose_it() -> None:
    assert as_times(pl.Series([NS, NS + 10**9, NS + 10**9]), "x").order is None
    assert as_times(pl.Series([NS + 1, NS + 10**9, NS + 10**9]), "x").order is None
    assert as_times(pl.Series([NS + 1, NS + 2, NS + 2]), "x").order is not None


def test_a_missing_time_has_no_place_in_the_order() -> None:
    times = as_times(pl.Series([NS + 2, None, NS + 1]), "x")
    assert times.order is not None
    assert times.order.to_list() == [1, None, 0]
    assert times.values.to_list() == [1_600_000_000, None, 1_600_000_000]


def test_places_between_0_and_1_become_ranks() -> None:
    times = as_times(pl.Series([0.9, 0.1, 0.5, 0.1, float("nan"), None]), "x")
    assert times.values.to_list() == [2, 0, 1, 0, None, None]


SERIALS = [45_123, 45_124, 45_130]
SERIAL_SECONDS = [1_689_465_600, 1_689_552_000, 1_690_070_400]


@pytest.mark.parametrize("name", ["date", "Order Date", "Bestelldatum", "下单日期", "day"])
@pytest.mark.parametrize("as_text", [True, False])
def test_whole_days_of_a_spreadsheet(name: str, as_text: bool) -> None:
    column = pl.Series(name, [*map(str, SERIALS), None] if as_text else [*SERIALS, None])
    times = as_times(column, "x")
    assert times.values.to_list() == [*SERIAL_SECONDS, None]
    assert "days of a spreadsheet" in times.said


def test_whole_days_are_told_where_only_the_values_speak_for_them() -> None:
    times = as_times(pl.Series("timestamp", SERIALS), "x")
    assert times.values.to_list() == SERIALS
    assert 'time_format = "days"' in times.said
    assert as_times(pl.Series("timestamp", SERIALS), "x", "days").values.to_list() == SERIAL_SECONDS


@pytest.mark.parametrize("values", [[1, 2, 3], [19_723, 19_724], [45_123, 99_999], [20_240_115, 3]])
def test_other_numbers_under_such_a_name_are_ranks(values: list[int]) -> None:
    times = as_times(pl.Series("date", values), "x")
    assert times.values.to_list() == values
    assert "spreadsheet" not in times.said


@pytest.mark.parametrize("written", _QUICK)
@pytest.mark.parametrize("zone", ["", "Asia/Shanghai"])
def test_usual_ways_are_read_quickly_and_as_the_slow_reading_does(written: str, zone: str) -> None:
    some = np.random.default_rng(0).integers(-(10**15), 3 * 10**15, 60)
    ours = written.replace(".%3f", "%.3f").replace(".%6f", "%.6f")
    text = pl.Series(some).cast(pl.Datetime("us")).dt.strftime(ours)
    quick, slow = _quickly(text, "", zone), _of_texts(text, "x", "", zone)
    assert quick is not None
    assert quick.values.equals(slow.values)
    assert quick.said == slow.said
    assert (quick.order is None) == (slow.order is None)
    assert quick.order is None or slow.order is None or quick.order.equals(slow.order)


def test_one_time_of_another_kind_leaves_the_column_to_the_slow_reading() -> None:
    usual = ["2020-01-02T00:00:00Z"] * 300
    assert _quickly(pl.Series([*usual, "2 Jan 2020"]), "", "") is None
    assert as_times(pl.Series([*usual, "2 Jan 2020"]), "x").values.n_unique() == 1
    assert _quickly(pl.Series([*usual, None]), "", "") is not None


@pytest.mark.parametrize(
    "written",
    [
        ["2024.03.05 오전 9:20", "2024.03.05 오후 1:20"],
        ["2024/3/5 上午9:20", "2024/3/5 下午1:20"],
        ["2024年3月5日 09时20分", "2024年3月5日 13时20分"],
    ],
)
def test_halves_of_the_day_in_eastern_languages(written: list[str]) -> None:
    morning, afternoon = as_times(pl.Series(written), "x").values
    assert (morning, afternoon - morning) == (1709630400, 4 * 3600)


def test_days_of_a_spreadsheet_with_decimal_commas() -> None:
    found = as_times(pl.Series("date", ["45295,5", "45296", "45296,25", None]), "x")
    assert found.values.to_list() == [1704369600, 1704412800, 1704434400, None]
    assert "days of a spreadsheet" in found.said
