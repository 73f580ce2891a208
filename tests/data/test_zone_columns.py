"""Times beside a column that names the zone of each row."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import polars as pl
import pytest

from palate.data.assemble import read, read_frames
from palate.data.readers import projection
from palate.data.settings import DataSettings
from palate.tables import Dataset

START = datetime(2024, 7, 1, 12, tzinfo=UTC)
HOURS = {"Europe/Berlin": 2, "America/New_York": -4, "Asia/Kolkata": 5.5}
N = 60


def log(
    column: str = "timezone", *, offsets: bool = False, form: str = "%Y-%m-%d %H:%M:%S"
) -> pl.DataFrame:
    names = list(HOURS)
    rows = []
    for n in range(N):
        zone = names[n % 3]
        minutes = int(60 * HOURS[zone])
        local = (START + timedelta(hours=n)).astimezone(timezone(timedelta(minutes=minutes)))
        written = f"{local:%z}"[:3] + ":" + f"{local:%z}"[3:] if offsets else zone
        rows.append((f"u{n % 5}", f"p{n % 7}", local.strftime(form), written))
    return pl.DataFrame(rows, schema=["user", "item", "bought", column], orient="row")


def hours(data: Dataset) -> list[float]:
    assert data.interactions.time is not None
    return ((data.interactions.time - int(START.timestamp())) / 3600).tolist()


@pytest.mark.parametrize("column", ["timezone", "Time Zone", "utc_offset", "时区"])
@pytest.mark.parametrize("offsets", [True, False])
def test_each_time_is_read_in_the_zone_of_its_row(column: str, offsets: bool) -> None:
    data = read_frames(log(column, offsets=offsets))
    assert hours(data) == list(range(N))
    assert any(f'by "{column}" where no zone is written' in said for said in data.guesses)


def test_times_that_say_their_zone_need_no_other() -> None:
    assert hours(read_frames(log(form="%Y-%m-%dT%H:%M:%S%z", offsets=True))) == list(range(N))


def test_a_zone_for_all_goes_before_the_column() -> None:
    data = read_frames(log(), settings=DataSettings(time_zone="Europe/Berlin"))
    assert hours(data)[:3] == [0, -5, 5.5]


@pytest.mark.parametrize("name", ["north", "Japan"])
def test_another_column_of_that_name_is_no_zone(name: str) -> None:
    data = read_frames(log().with_columns(timezone=pl.lit(name)))
    assert hours(data)[:2] == [2, -3]


def test_rows_without_a_zone_are_in_utc() -> None:
    data = read_frames(log().with_columns(pl.when(pl.int_range(N) > 0).then("timezone")))
    assert hours(data)[:3] == [2, 1, 2]


def test_the_column_of_a_long_log_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projection, "LEAST", 10)
    log().with_columns(words=pl.lit("none")).write_csv(tmp_path / "log.csv")
    assert hours(read(DataSettings(interactions="log.csv"), tmp_path)) == list(range(N))
