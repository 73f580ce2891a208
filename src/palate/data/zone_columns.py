"""Times beside a column that names the zone of each row."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final
from zoneinfo import available_timezones

import polars as pl

from palate.data.column_names import compact
from palate.data.settings import DataSettings
from palate.data.table import Table, shorten
from palate.data.times import Times, as_times

_NAMES: Final = frozenset(
    map(
        compact,
        (
            *("timezone", "time_zone", "tz", "zone", "user_timezone", "local_timezone", "tz_name"),
            *("utc_offset", "tz_offset", "timezone_offset", "zeitzone", "fuseau_horaire"),
            *("zona_horaria", "fuso_orario", "часовой_пояс", "时区", "タイムゾーン", "시간대"),
        ),
    )
)
"""What a column of zones is called."""

_SHORT: Final = ("UTC", "GMT", "CET", "EET", "WET")
_OFFSET: Final = re.compile(r"\s*(?:UTC|GMT)?\s*([+-])(\d{1,2}):?(\d{2})?\s*")
_MOST: Final = 600


def zone_column(table: Table, time: str | None, settings: DataSettings) -> str | None:
    """The column of a log that says in which zone each of its times was written; None where there
    is none, or where the settings name one zone for all.

    Args:
        table: The log.
        time: Its column of times.
        settings: The section `[data]`.
    """
    if time is None or settings.time_zone or table.first[time].dtype != pl.String:
        return None
    named = [c for c in table.first.columns if compact(c) in _NAMES and c != time]
    fits = [c for c in named if _are_zones(table.first[c])]
    return fits[0] if len(fits) == 1 else None


def as_zoned_times(table: Table, time: str, zones: str | None, settings: DataSettings) -> Times:
    """The times of a log, each by the zone of its row where a column has them.

    Args:
        table: The log.
        time: Its column of times.
        zones: What `zone_column` found.
        settings: How times are written.

    Raises:
        BadInput: As by `palate.data.times.as_times`.
    """
    where = f"{table.name}, column {time}"
    column = table.frame[time]
    whole = as_times(column, where, settings.time_format, settings.time_zone)
    if zones is None or zones not in table.frame.columns:
        return whole
    values = whole.values
    written = table.frame[zones].str.strip_chars()
    for zone in written.drop_nulls().unique().to_list():
        rows = (written == zone).fill_null(False)
        values = values.scatter(
            rows.arg_true(), _in_zone(column.filter(rows), where, zone, settings)
        )
    # the order that the written times have is not that of the times
    order = whole.order if bool((values == whole.values).fill_null(True).all()) else None
    said = whole.said.replace("UTC where", f'by "{shorten(zones)}" where')
    return replace(whole, values=values, order=order, said=said)


def _in_zone(column: pl.Series, where: str, zone: str, settings: DataSettings) -> pl.Series:
    seconds = _offset(zone)
    if seconds is None:
        return as_times(column, where, settings.time_format, zone).values
    ahead = as_times(column, where, settings.time_format, "Etc/GMT-1").values
    plain = as_times(column, where, settings.time_format).values
    # what names a zone itself is the same in any
    return plain.zip_with(plain == ahead, plain - seconds)


def _are_zones(column: pl.Series) -> bool:
    if column.dtype != pl.String:
        return False
    names = column.drop_nulls().str.strip_chars().unique()
    if not 0 < len(names) <= _MOST:
        return False
    # "Japan" and "Singapore" are zones too, and in a column called "zone" more likely countries
    known = {name for name in available_timezones() if "/" in name or name in _SHORT}
    return all(name in known or _offset(name) is not None for name in names.to_list())


def _offset(zone: str) -> int | None:
    """Seconds that an offset such as "+05:30" is before UTC; None for a name."""
    found = _OFFSET.fullmatch(zone)
    if found is None:
        return None
    seconds = 3600 * int(found[2]) + 60 * int(found[3] or 0)
    return seconds if found[1] == "+" else -seconds
