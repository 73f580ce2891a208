"""What the checks look at: a log, a catalogue and users, whether they were just read or are a
`Dataset` already.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

import polars as pl

from palate.data.clean import known_items
from palate.data.fields import FieldKind, kind_of_field
from palate.data.table import shorten
from palate.data.typed import is_value, one_number
from palate.tables import Dataset, Finding
from palate.tables.columns import (
    ACTION,
    ITEM,
    LOG_COLUMNS,
    POSITION,
    PROPENSITY,
    REQUEST,
    USER,
    VALUE,
)

N_EXAMPLES: Final = 5


def counted(n: int, one: str, many: str) -> str:
    """A count with its words.

    >>> counted(1, "text holds", "texts hold"), counted(2000, "text holds", "texts hold")
    ('1 text holds', '2,000 texts hold')
    """
    return f"{n:,} {one if n == 1 else many}"


@dataclass(frozen=True)
class Place:
    """Where rows lie, for messages.

    Attributes:
        name: File or table.
        first_line: Line of the first row where each row is one line of a file; None elsewhere.
    """

    name: str
    first_line: int | None = None

    def row(self, row: int) -> str:
        """A row (counted from 0), counted from 1."""
        return f"row {row + 1}" + (
            "" if self.first_line is None else f" (line {self.first_line + row})"
        )

    def column(self, column: str) -> str:
        """The place of a whole column."""
        return f"{self.name}, column {shorten(column)}"


@dataclass(frozen=True)
class LogView:
    """The log as the checks see it, faulty rows and all.

    Attributes:
        place: Where its rows lie.
        user: String [n_rows], null where missing.
        item: String [n_rows], null where missing.
        value: Float64 [n_rows], null where missing or no number; None where the log has no values.
        time: Int64 [n_rows], null where missing or no time; None where the log has no times.
        names: Canonical name -> name of the column in the source.
        raw: Canonical name -> the column as it stands in the source.
        action: String [n_rows], null where unknown; None without actions.
        request: String [n_rows], null where unknown; None without requests.
        position: Float64 [n_rows], null where unknown; None without positions.
        propensity: Float64 [n_rows], null where unknown; None without propensities.
        severity: How grave the rows are that `drop` would leave out.
        order: Int64 [n_rows], the times at the source's own resolution; None where `time` says all.
    """

    place: Place
    user: pl.Series
    item: pl.Series
    value: pl.Series | None
    time: pl.Series | None
    names: dict[str, str]
    raw: dict[str, pl.Series]
    action: pl.Series | None = None
    request: pl.Series | None = None
    position: pl.Series | None = None
    propensity: pl.Series | None = None
    severity: Literal["error", "warning"] = "error"
    order: pl.Series | None = None

    @property
    def exact_time(self) -> pl.Series | None:
        """Int64 [n_rows], what puts the events into order; None without times."""
        return self.time if self.order is None else self.order

    @cached_property
    def faulty(self) -> pl.Series:
        """bool [n_rows], without a user, an item, or a value or time where the log has some."""
        wrong = self.user.is_null() | self.item.is_null()
        if self.value is not None:
            wrong = wrong | ~is_value(self.value)
        return wrong if self.time is None else wrong | self.time.is_null()

    def optional(self) -> dict[str, pl.Series]:
        """Canonical name -> column, of action, request, position and propensity what there is."""
        columns = {
            ACTION: self.action,
            REQUEST: self.request,
            POSITION: self.position,
            PROPENSITY: self.propensity,
        }
        return {name: column for name, column in columns.items() if column is not None}

    def examples(self, rows: Iterable[int], show: str = "") -> tuple[str, ...]:
        """The first few of `rows`, each with its user and item, and what the source has in the
        column `show`.
        """
        shown = []
        for row in list(rows)[:N_EXAMPLES]:
            cells = [("user", self.user[row]), ("item", self.item[row])]
            cells += [(self.names[show], self.raw[show][row])] if show else []
            named_cells = (
                f"no {word}" if cell is None else f'{word} "{shorten(cell, 24)}"'
                for word, cell in cells
            )
            shown.append(f"{self.place.row(row)}: {', '.join(named_cells)}")
        return tuple(shown)


@dataclass(frozen=True)
class SideView:
    """A catalogue or a table of users.

    Attributes:
        place: Where its rows lie.
        word: "item" or "user".
        id_name: Name of the id's column in the source.
        ids: String [n_rows], null where missing.
        fields: [n_rows] of everything else.
        severity: How grave the rows are that `drop` would leave out.
    """

    place: Place
    word: str
    id_name: str
    ids: pl.Series
    fields: pl.DataFrame
    severity: Literal["error", "warning"] = "error"

    def texts(self, field: str) -> pl.Series:
        """A field's texts [n_rows]; labels of lists joined by blanks."""
        column = self.fields[field]
        return (
            column.list.join(" ", ignore_nulls=True)
            if column.dtype == pl.List(pl.String)
            else column
        )

    def text_fields(self) -> list[str]:
        """The fields that hold text or labels."""
        return [n for n, t in self.fields.schema.items() if t in (pl.String, pl.List(pl.String))]

    @cached_property
    def kinds(self) -> tuple[FieldKind, ...]:
        """What kind of thing each field is."""
        return tuple(kind_of_field(column) for column in self.fields.get_columns())

    @cached_property
    def prose(self) -> dict[str, pl.Series]:
        """The fields of prose -> their texts [n_rows] without blanks around, null where there is
        none.
        """
        names = [k.name for k in self.kinds if k.kind == "text"]
        texts = {name: self.fields[name].str.strip_chars() for name in names}
        return {name: text.set((text == "").fill_null(False), None) for name, text in texts.items()}

    def examples(self, rows: Iterable[int], field: str | None = None) -> tuple[str, ...]:
        """The first few of `rows`, each with its id and, where one is named, the field's text."""
        shown = []
        for row in list(rows)[:N_EXAMPLES]:
            text = "" if field is None else f": {shorten(self.texts(field)[row], 80)}"
            name = (
                f"no {self.word}"
                if self.ids[row] is None
                else f'{self.word} "{shorten(self.ids[row], 24)}"'
            )
            shown.append(f"{self.place.row(row)}, {name}{text}")
        return tuple(shown)


@dataclass(frozen=True)
class View:
    """Everything there is to check; what does not exist is None.

    Attributes:
        log: The log.
        items: The catalogue.
        users: The users.
        known: Ids of the items of which the catalogue says something; None without a catalogue.
        found: What was found while the sources were read.
    """

    log: LogView | None = None
    items: SideView | None = None
    users: SideView | None = None
    known: pl.Series | None = None
    found: tuple[Finding, ...] = ()

    def sides(self) -> list[SideView]:
        """The catalogue and the users, those there are."""
        return [s for s in (self.items, self.users) if s is not None]


def view_of(dataset: Dataset) -> View:
    """A data set as the checks see it; rows are those of its tables, counted from 1."""
    log = dataset.interactions
    users, items = (pl.Series(v.ids, dtype=pl.String) for v in (log.users, log.items))
    time = None if log.time is None else pl.Series(log.time)
    value = pl.Series(log.value, dtype=pl.Float64)
    frame = log.frame()
    raw = {VALUE: value} | {name: frame[name] for name in frame.columns if name in LOG_COLUMNS[3:]}
    seen = LogView(
        Place("interactions"),
        users.gather(log.user),
        items.gather(log.item),
        value,
        time,
        {name: name for name in LOG_COLUMNS},
        raw,
        action=raw.get(ACTION),
        request=raw.get(REQUEST),
        position=raw.get(POSITION),
        propensity=raw.get(PROPENSITY),
        order=None if log.order is None else pl.Series(log.order),
    )
    fields = dataset.catalogue.fields
    people = None
    if dataset.users is not None:
        people = SideView(Place("users"), "user", USER, users, dataset.users)
    if not fields.width:
        return View(seen, None, people, found=dataset.findings)
    known = pl.Series(known_items(dataset))
    # The catalogue comes first in the vocabulary; what follows its last known item is only in the
    # log.
    n_catalogue = int(one_number(known.arg_true().max())) + 1 if known.any() else 0
    catalogue = SideView(
        Place("items"), "item", ITEM, items.head(n_catalogue), fields.head(n_catalogue)
    )
    return View(seen, catalogue, people, items.filter(known), dataset.findings)
