"""Local times, of which a recipe says where they were written -> UTC."""

from __future__ import annotations

import polars as pl

from palate.errors import BadInput


def in_utc(local: pl.Series, zone: str) -> pl.Series:
    """Local times of a place as times of UTC.

    An hour that comes twice, in autumn, is taken for the first; a time that is skipped, in spring,
    for what it were if nothing had been put forward.

    Args:
        local: Datetime [n_rows] without a zone.
        zone: Name of the zone in the IANA data base.

    Raises:
        BadInput: There is no such zone.

    >>> import datetime
    >>> noon = pl.Series([datetime.datetime(2026, 7, 1, 12)])
    >>> in_utc(noon, "Asia/Shanghai").dt.hour().to_list()
    [4]
    """
    given = pl.col("local")
    try:
        utc = pl.coalesce(
            # what is skipped is written an hour later, and the same time
            time.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
            for time in (given, given.dt.offset_by("1h"))
        ).dt.convert_time_zone("UTC")
        return pl.DataFrame({"local": local}).select(utc).to_series().alias(local.name)
    except pl.exceptions.ComputeError as cause:
        raise BadInput(
            f'"{zone}" is no time zone: {cause}',
            where="data.time_zone",
            allowed="a name of the IANA data base",
            next_step='write e.g. "Europe/Berlin" or "Asia/Shanghai"; empty is UTC',
        ) from cause
