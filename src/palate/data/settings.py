"""The `[data]` section of a recipe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Fault = Literal["missing-ids", "bad-values", "bad-times", "duplicate-items"]
NONE = "-"
PATHS = ("interactions", "items", "users")
"""The settings that name files."""


@dataclass(frozen=True)
class DataSettings:
    """Which data, and how its columns are to be understood.

    Either `set`, or `interactions` and whatever else there is. Paths may hold `~` and
    `$PALATE_DATA`, and are relative to the recipe. An empty column name is guessed, and the guess
    is said in the report.
    """

    set: str = ""
    """A known data set, e.g. "ml-100k"; `palate data get` lists them."""

    interactions: str = ""
    """File of the log, or a folder: MovieLens, atomic files, or one log beside a catalogue."""

    items: str = ""
    """File of the catalogue."""

    users: str = ""
    """File of what is known about the users."""

    user_column: str = ""
    """Column of the log with the user's id."""

    item_column: str = ""
    """Column of the log with the item's id."""

    value_column: str = ""
    """Column of the log with the rating or weight; "-" where there is none or it shall not be
    used."""

    time_column: str = ""
    """Column of the log with the time, or with a rank that grows with time; "-" for none."""

    items_item_column: str = ""
    """Column of the catalogue with the item's id."""

    users_user_column: str = ""
    """Column of the users' table with the user's id."""

    time_format: str = ""
    """How times are written, e.g. "%d/%m/%Y"; empty for the usual ways."""

    encoding: str = ""
    """Encoding of the text files, e.g. "latin-1"; empty for UTF-8, or what a byte-order mark
    says."""

    separator: str = ""
    """What parts the fields of delimited files; empty for finding out."""

    columns: tuple[str, ...] = ()
    """Names of the log's columns where the file has no line of names."""

    drop: tuple[Fault, ...] = ()
    """Faulty rows that are left out; without it they are an error."""
