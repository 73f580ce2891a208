"""Rows that continue another: of an order with several lines, or a product with several sizes, shop
systems and spreadsheets fill only the first row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

import polars as pl

from palate.data.column_roles import Roles, log_roles
from palate.data.few_faults import MOST_LEFT_OUT
from palate.data.matching_ids import catalogue_column
from palate.data.settings import DataSettings
from palate.data.table import Table, shorten
from palate.errors import BadRecipe, PalateError, nearest
from palate.tables import Finding

ABOVE: Final = "above"
"""In place of a column: what is empty is taken from the row above."""

_MOSTLY: Final = 0.95
_HALF: Final = 0.5
_LEAST: Final = 3
_LEAST_FIELDS: Final = 2


def with_continued(tables: Mapping[str, Table], settings: DataSettings) -> DataSettings:
    """The settings with `fill_by` and `items_fill_by` where tables that no recipe describes yet
    need them, and where the settings say nothing of them.

    Args:
        tables: "interactions" and perhaps "items".
        settings: The section `[data]`.

    Cost: a comparison of each column that holds few gaps with each that holds some.
    """
    try:
        log = tables["interactions"]
        roles = log_roles(log, settings)
        by = "" if settings.fill_by else log_filled_by(log, roles)
        settings = replace(settings, fill_by=by) if by else settings
        items = tables.get("items")
        if items is not None and not settings.items_fill_by:
            column = catalogue_column(items, None, roles.item, settings.items_item_column).item
            by = items_filled_by(items, str(column))
            settings = replace(settings, items_fill_by=by) if by else settings
    except PalateError:  # what cannot be understood is refused where it is read
        return settings
    return settings


def log_filled_by(table: Table, roles: Roles) -> str:
    """What `fill_by` a log needs, empty for none: the column whose rows belong together where user,
    time or action are filled only in the first of them; `ABOVE` where that column has the same
    gaps.
    """
    frame = table.frame
    broken = [c for c in (roles.user, roles.time) if c is not None and frame[c].null_count()]
    action = [c for c in (roles.action,) if c is not None and frame[c].null_count()]
    if not broken and not action:
        return ""
    for wanted in (broken + action, broken):
        by = _first_of(frame, wanted, roles) if wanted else ""
        if by:
            return by
    item = frame[str(roles.item)]
    gaps = [frame[c].is_null() for c in broken]
    same = len(gaps) == 2 and bool((gaps[0] == gaps[1]).all()) and not gaps[0][0]
    many = same and int(gaps[0].sum()) > MOST_LEFT_OUT * frame.height
    if many and not (item.is_null() & gaps[0]).any():
        return ABOVE
    return ABOVE if _are_merged(frame[str(roles.user)], item) else ""


def _are_merged(user: pl.Series, item: pl.Series) -> bool:
    """Whether cells of the users are merged over the rows of each, as spreadsheets show it: most
    are empty, the first is not, and hardly any user is named in two rows. Guests, who have no id
    either, stand between users who come again.
    """
    named = user.filter(item.is_not_null())
    gaps = named.null_count()
    if not gaps or named[0] is None or gaps <= _HALF * len(named):
        return False
    given = named.drop_nulls()
    return len(given) >= _LEAST and given.n_unique() >= _MOSTLY * len(given)


def filled_status(table: Table, roles: Roles, column: str) -> pl.Series:
    """A column of the states of orders [n_rows], as the first row of each order says it where the
    others leave it empty.
    """
    states = table.frame[column]
    by = _first_of(table.frame, [column], roles) if states.null_count() else ""
    if not by:
        return states
    return table.frame.select(column, by).with_columns(_from_first(column, by))[column]


def _first_of(frame: pl.DataFrame, wanted: Sequence[str], roles: Roles) -> str:
    """The column of whose rows only the first fill all of `wanted`; empty for none."""
    for column in _whole(frame, (roles.user, roles.item, roles.time, *roles.index, *wanted)):
        if all(_only_first(frame[c], frame[column]) for c in wanted):
            return column
    return ""


def items_filled_by(table: Table, item: str) -> str:
    """What `items_fill_by` a catalogue needs, empty for none.

    Args:
        table: The catalogue.
        item: Its column of ids.
    """
    frame = table.frame
    gaps = [c for c in frame.get_columns() if 0 < c.null_count() < len(c) and c.name != item]
    for column in _whole(frame, (item,)) if len(gaps) >= _LEAST_FIELDS else ():
        if sum(_only_first(c, frame[column]) for c in gaps) >= _LEAST_FIELDS:
            return column
    return ""


def with_filled(
    table: Table, roles: Roles, by: str, *, catalogue: bool = False
) -> tuple[Table, tuple[str, ...]]:
    """The table with empty cells taken from the first row of those that belong together, and what
    to say of it.

    Args:
        table: A log or a catalogue.
        roles: Its columns. Of a log user, time, action and request are filled; of a catalogue all
            but the id.
        by: The column in which they have the same value, or `ABOVE`; empty fills nothing.
        catalogue: Whether it is a catalogue.

    Raises:
        BadRecipe: There is no such column.
    """
    frame = table.frame
    if not by:
        return table, ()
    if by not in frame.columns and by != ABOVE:
        raise BadRecipe(
            f'{table.name} has no column "{by}"',
            where="data.items_fill_by" if catalogue else "data.fill_by",
            allowed=f'"{ABOVE}", or one of {", ".join(frame.columns[:20])}',
            next_step=nearest(by, frame.columns),
        )
    of_log = (roles.user, roles.time, roles.action, roles.request)
    wanted = [c for c in frame.columns if c != roles.item] if catalogue else of_log
    names = [c for c in wanted if c is not None and c != by and frame[c].null_count()]
    if by in frame.columns:
        found = frame.with_columns(_from_first(c, by) for c in names)
        source = f'the first row of the same "{shorten(by)}"'
    else:
        found, source = (
            frame.with_columns(_from_above(n, roles.item) for n in names),
            "the row above",
        )
    rows = _any([frame[c].is_null() & found[c].is_not_null() for c in names], frame.height)
    if not rows:
        return table, ()
    said = f"{rows:,} rows of {table.title} leave cells empty, which are taken from {source}."
    return replace(table, frame=found), (said,)


def continued_rows(table: Table, said: Sequence[str], setting: str, by: str) -> Iterator[Finding]:
    """A finding for rows that are filled only where a recipe says so."""
    for sentence in said:
        advice = f'[data] {setting} = "{by}", which palate init writes'
        what = sentence.removesuffix(".")
        yield Finding("continued-rows", "warning", what, table.name, 1, (), advice)


def _any(columns: Sequence[pl.Series], height: int) -> int:
    every = pl.Series([False]).new_from_index(0, height)
    for column in columns:
        every = every | column
    return int(every.sum())


def _from_first(column: str, by: str) -> pl.Expr:
    first = pl.col(column).fill_null(pl.col(column).first().over(by))
    return pl.when(pl.col(by).is_null()).then(pl.col(column)).otherwise(first).alias(column)


def _from_above(column: str, item: str | None) -> pl.Expr:
    """What is empty from the next row above that has an item; a subtotal has none."""
    above = pl.col(column)
    if item is not None:
        above = pl.when(pl.col(item).is_not_null()).then(above)
    return pl.col(column).fill_null(above.forward_fill()).alias(column)


def _whole(frame: pl.DataFrame, taken: Sequence[str | None]) -> list[str]:
    """The columns without a gap whose values come again."""
    return [
        c.name
        for c in frame.get_columns()
        if c.name not in taken
        and not c.dtype.is_nested()
        and not c.null_count()
        and 1 < c.n_unique() < len(c)
    ]


def _only_first(column: pl.Series, by: pl.Series) -> bool:
    """Whether a column is filled in the first row of each value of another, hardly in others."""
    first, gap = by.is_first_distinct(), column.is_null()
    later = int((~first).sum())
    again = int((~first & ~gap).sum())
    return later >= _LEAST and not (first & gap).any() and again <= (1 - _MOSTLY) * later
