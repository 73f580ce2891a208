"""Readers of quantities: plain numbers, dates, and what can be counted in a text."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from palate.arrays import Doubles
from palate.tables.catalogue import as_text

_DAY = 86_400.0
_YEAR = 365.2425


@dataclass(frozen=True)
class Number:
    """A plain number, or a text that is one.

    Attributes:
        field: Name of the field.
    """

    field: str

    def read(self, column: pl.Series) -> list[tuple[str, Doubles]]:
        """The number; NaN for what is no finite number."""
        values = column.cast(pl.Float64, strict=False).to_numpy().astype(np.float64)
        return [(self.field, np.where(np.isfinite(values), values, np.nan))]


@dataclass(frozen=True)
class Timestamp:
    """A day or moment: its age, its season, and the hour if there is one.

    Attributes:
        field: Name of the field.
        newest: Seconds since 1970 of the newest training item; ages are counted back from it.
        with_hour: Whether the hour of the day says something.
    """

    field: str
    newest: float
    with_hour: bool

    @classmethod
    def learn(cls, column: pl.Series) -> Timestamp:
        """Learn from the field of the training items."""
        seconds = seconds_of(column)
        known = seconds[np.isfinite(seconds)]
        newest = float(known.max()) if len(known) else 0.0
        return cls(column.name, newest, bool((known % _DAY != 0).any()))

    def read(self, column: pl.Series) -> list[tuple[str, Doubles]]:
        """Age in years (negative for later than every training item), and sine and cosine of season
        and hour.
        """
        seconds = seconds_of(column)
        found = [(f"{self.field} age in years", (self.newest - seconds) / (_DAY * _YEAR))]
        found += _circle(f"{self.field} season", seconds / (_DAY * _YEAR))
        return found + (_circle(f"{self.field} hour", seconds / _DAY) if self.with_hour else [])


@dataclass(frozen=True)
class Writing:
    """What can be counted in a text without understanding it.

    Attributes:
        field: Name of the field.
    """

    field: str

    def read(self, column: pl.Series) -> list[tuple[str, Doubles]]:
        """Logarithms of characters and words, and shares of capitals and digits among the
        characters.
        """
        text = as_text(column).to_frame("t")
        length = pl.col("t").str.len_chars().cast(pl.Float64)
        counted = text.select(
            characters=length.log1p(),
            words=pl.col("t").str.count_matches(r"\S+").cast(pl.Float64).log1p(),
            capitals=pl.col("t").str.count_matches(r"\p{Lu}") / length,
            digits=pl.col("t").str.count_matches(r"\d") / length,
        )
        return [
            (f"{self.field}: {c}", counted[c].to_numpy().astype(np.float64))
            for c in counted.columns
        ]


def seconds_of(column: pl.Series) -> Doubles:
    """float64 [n], seconds since 1970 of dates, moments, ISO texts or plain seconds; NaN where
    unknown.
    """
    if column.dtype == pl.String:
        days = column.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False).cast(pl.Datetime("ms"))
        time_of_day = (
            column.str.slice(11, 8).str.to_time("%H:%M:%S", strict=False).cast(pl.Int64) / 1e9
        )
        return np.asarray(
            _epoch(days) + np.nan_to_num(time_of_day.to_numpy().astype(np.float64)), np.float64
        )
    if column.dtype in (pl.Date, pl.Datetime):
        return _epoch(column.cast(pl.Datetime("ms")))
    return column.cast(pl.Float64, strict=False).to_numpy().astype(np.float64)


def _epoch(times: pl.Series) -> Doubles:
    return np.asarray(times.dt.epoch("ms").cast(pl.Float64).to_numpy() / 1000.0, np.float64)


def _circle(name: str, turns: Doubles) -> list[tuple[str, Doubles]]:
    return [
        (f"{name} sine", np.sin(2 * np.pi * turns)),
        (f"{name} cosine", np.cos(2 * np.pi * turns)),
    ]
