"""The `[data]` section of a recipe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from palate.data.address import is_address, refuse_secrets
from palate.data.knowledge.settings import KnowledgeSettings
from palate.errors import BadRecipe
from palate.tables.id_spelling import Spelling

Fault = Literal[
    "missing-ids",
    "bad-values",
    "bad-times",
    "bad-positions",
    "bad-propensities",
    "duplicate-items",
    "ragged-rows",
    "returned-goods",
]
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
    """File of the log; several of the same columns, named by a pattern such as "sales-*.csv"; a
    folder: MovieLens, atomic files, Parquet in parts, or one log beside a catalogue; or a table of
    a database: "duckdb:///clicks.duckdb#events", "sqlite:///shop.db#events",
    "postgresql://user:$PASSWORD@host/database#events", with passwords in variables of the
    environment."""

    interactions_query: str = ""
    """Statement of SQL whose rows are the log, in place of a table behind the address of
    `interactions`."""

    items: str = ""
    """File of the catalogue, or a table of a database."""

    items_query: str = ""
    """Statement of SQL whose rows are the catalogue, at the address of `items`."""

    users: str = ""
    """File of what is known about the users, or a table of a database."""

    users_query: str = ""
    """Statement of SQL whose rows are the users, at the address of `users`."""

    user_column: str = ""
    """Column of the log with the user's id."""

    item_column: str = ""
    """Column of the log with the item's id."""

    value_column: str = ""
    """Column of the log with the rating or weight; "-" where there is none or it shall not be
    used."""

    time_column: str = ""
    """Column of the log with the time, or with a rank that grows with time; "-" for none."""

    action_column: str = ""
    """Column of the log with what was done, e.g. "view" or "buy"; "-" for none."""

    request_column: str = ""
    """Column of the log with the id of the request that showed the item; "-" for none."""

    position_column: str = ""
    """Column of the log with the place in the list that was shown, from 1 on; "-" for none."""

    propensity_column: str = ""
    """Column of the log with the probability of having been shown; "-" for none."""

    context_columns: tuple[str, ...] = ()
    """Columns of the log with what else was known at that moment, e.g. ["device", "page"]; none is
    guessed."""

    action_values: Mapping[str, float] = field(default_factory=dict)
    """What an event counts by its action, e.g. `{view = 1, buy = 5}`, in place of a column of
    values; every action of the log needs one."""

    quantity_column: str = ""
    """Column of the log with how many were bought; below 0 they were given back, and `drop` may
    leave them out; "-" for none."""

    items_item_column: str = ""
    """Column of the catalogue with the item's id."""

    users_user_column: str = ""
    """Column of the users' table with the user's id."""

    fill_by: str = ""
    """Column of the log whose rows belong together, e.g. the number of an order of which only the
    first row is filled: a user, time, action or request that is empty is taken from that row;
    "above" takes it from the row above."""

    items_fill_by: str = ""
    """The same of the catalogue, e.g. the handle of a product in several sizes; everything that is
    empty but the item's id is taken from its first row."""

    same_ids: tuple[Spelling, ...] = ()
    """Differences in writing that do not tell ids apart, in all files alike: "leading-zeros" reads
    001 as 1, "case" Ab as ab, "blanks" leaves out blanks and invisible characters, "forms" reads
    accents and full-width letters alike (Unicode NFKC)."""

    time_format: str = ""
    """How times are written, e.g. "%d/%m/%Y", or "days" for the days of a spreadsheet (45123);
    empty for the usual ways."""

    time_zone: str = ""
    """Where times that name no zone were written, e.g. "Asia/Shanghai" (IANA data base); empty for
    UTC. Numbers since 1970 have none."""

    encoding: str = ""
    """Encoding of the log, and of the other files unless they name their own, e.g. "latin-1"; empty
    for UTF-8, what a byte-order mark says, or what the bytes of each file look like."""

    items_encoding: str = ""
    """Encoding of the catalogue; empty for `encoding`."""

    users_encoding: str = ""
    """Encoding of the users' table; empty for `encoding`."""

    separator: str = ""
    """What parts the fields of delimited files; empty for finding out."""

    columns: tuple[str, ...] = ()
    """Names of the log's columns where the file has no line of names."""

    drop: tuple[Fault, ...] = ()
    """Faulty rows that are left out; without it they are an error. "returned-goods" are rows whose
    quantity is below 0, and those of a user and an item of which nothing was kept; they are counted
    as bought without it."""

    knowledge: Mapping[str, KnowledgeSettings] = field(default_factory=dict)
    """Knowledge graphs, one section `[data.knowledge.NAME]` each, which become fields of the
    catalogue; see [knowledge](knowledge.md)."""

    def __post_init__(self) -> None:
        for key in PATHS:
            path = getattr(self, key)
            refuse_secrets(path, f"data.{key}")
            if getattr(self, f"{key}_query") and not is_address(path):
                raise BadRecipe(
                    "a query needs the address of a database, and there is none",
                    where=f"data.{key}_query",
                    allowed=f'{key} = "duckdb:///clicks.duckdb"',
                    next_step=f"set {key} to an address",
                )
