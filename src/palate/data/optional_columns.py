"""The columns of a log besides user, item, value and time: action, request, position, propensity,
context.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from palate.arrays import Floats, Rows
from palate.data.column_roles import Roles
from palate.data.ids import Ids, as_ids
from palate.data.rows import RowFaults
from palate.data.settings import DataSettings
from palate.data.table import Table, shorten
from palate.data.typed import numbers, typed
from palate.errors import BadRecipe, nearest
from palate.tables import Coded
from palate.tables.coded import UNSAID
from palate.tables.columns import LOG_COLUMNS
from palate.tables.event_columns import UNKNOWN_POSITION

_MOST_POSITION: Final = 2**31 - 1
_LEAST_PROPENSITY: Final = float(np.finfo(np.float32).tiny)


@dataclass(frozen=True)
class OptionalColumns:
    """What there is of them; None where the source has no such column.

    Attributes:
        action: Of each row; missing where unknown.
        request: Of each row; missing where unknown.
        position: Float64 [n_rows], whole numbers from 1 on, null where unknown.
        propensity: Float64 [n_rows], in (0, 1], null where unknown.
        context: [n_rows], the columns of the context.
        said: How they were understood.
    """

    action: Ids | None = None
    request: Ids | None = None
    position: pl.Series | None = None
    propensity: pl.Series | None = None
    context: pl.DataFrame | None = None
    said: tuple[str, ...] = ()

    def filter(self, keep: pl.Series) -> OptionalColumns:
        """The rows that stay."""
        action, request = (
            None if column is None else column.filter(keep)
            for column in (self.action, self.request)
        )
        position, propensity = (
            None if column is None else column.filter(keep)
            for column in (self.position, self.propensity)
        )
        context = None if self.context is None else self.context.filter(keep)
        return OptionalColumns(action, request, position, propensity, context, self.said)

    def actions(self) -> Coded | None:
        """The actions as the log keeps them."""
        return None if self.action is None else _coded(self.action)

    def requests(self) -> Coded | None:
        """The requests as the log keeps them."""
        return None if self.request is None else _coded(self.request)

    def positions(self) -> Rows | None:
        """int32 [n_rows], 0 where unknown."""
        if self.position is None:
            return None
        return self.position.fill_null(UNKNOWN_POSITION).to_numpy().astype(np.int32)

    def propensities(self) -> Floats | None:
        """float32 [n_rows], NaN where unknown."""
        if self.propensity is None:
            return None
        return self.propensity.fill_null(np.nan).to_numpy().astype(np.float32)


def optional_columns(
    table: Table, roles: Roles, settings: DataSettings, faults: RowFaults
) -> OptionalColumns:
    """Read them, all rows still there.

    A column that was only guessed and holds what it cannot mean is left unused, and that is said:
    files that could be read without these columns can still be read. One that the settings name is
    taken at its word, and its faults are added to `faults`.

    Raises:
        BadInput: Actions or requests are of a type that names nothing.
        BadRecipe: A column of the context has the name of a column of the log, or holds lists.
    """
    said: list[str] = []
    named = [None if c is None else as_ids(table, c) for c in (roles.action, roles.request)]
    for ids in named:
        said += [] if ids is None else ids.notes
    position = propensity = None
    if roles.position is not None:
        position = _numbers(table, roles.position)
        if not faults.usable(
            "bad-positions",
            wrong_positions(position),
            roles.position,
            "with a position that is no whole number from 1 on",
            named=bool(settings.position_column),
        ):
            position = None
    if roles.propensity is not None:
        propensity = _numbers(table, roles.propensity)
        if not faults.usable(
            "bad-propensities",
            wrong_propensities(propensity),
            roles.propensity,
            "with a propensity that is not above 0 and at most 1",
            named=bool(settings.propensity_column),
        ):
            propensity = None
    context = _context(table, settings.context_columns) if settings.context_columns else None
    return OptionalColumns(named[0], named[1], position, propensity, context, tuple(said))


def _coded(ids: Ids) -> Coded:
    return Coded(ids.codes.fill_null(UNSAID).to_numpy(), tuple(ids.names.to_list())).used()


def wrong_positions(position: pl.Series) -> pl.Series:
    """bool [n_rows], true where a position is no whole number from 1 on; null is unknown."""
    whole = (position == position.floor()) & position.is_between(1, _MOST_POSITION)
    return (~whole).fill_null(False)


def wrong_propensities(propensity: pl.Series) -> pl.Series:
    """bool [n_rows], true where a propensity is not in (0, 1]; null is unknown."""
    return (~propensity.is_between(_LEAST_PROPENSITY, 1)).fill_null(False)


def values_by_action(
    action: Ids | None, value: pl.Series | None, settings: DataSettings
) -> pl.Series | None:
    """Float64 [n_rows], what each event counts by its action; `value` (1 where None) for an event
    without one.

    Raises:
        BadRecipe: The log has no actions, an action has no value, or a column of values is named
            too.
    """
    if not settings.action_values:
        return value
    where = "data.action_values"
    if action is None:
        raise BadRecipe(
            "the log has no column of actions", where=where, next_step='set action_column = "..."'
        )
    absent = sorted(set(action.names.to_list()) - set(settings.action_values))
    if absent:
        raise BadRecipe(
            f'no value for the action "{shorten(absent[0])}"'
            + (f" and {len(absent) - 1} more" if len(absent) > 1 else ""),
            where=where,
            allowed="a value for every action of the log",
            next_step=nearest(absent[0], settings.action_values)
            or f'add "{shorten(absent[0])}" = 1, or 0 and leave it out: [clean] min_value',
        )
    counts = [float(settings.action_values[name]) for name in action.names.to_list()]
    found = pl.Series("value", counts, dtype=pl.Float64).gather(action.codes)
    return found.fill_null(1.0) if value is None else found.fill_null(value)


def _numbers(table: Table, column: str) -> pl.Series:
    return numbers(table.frame[column]).fill_nan(None)


def _context(table: Table, columns: Sequence[str]) -> pl.DataFrame:
    where = "data.context_columns"
    taken = [c for c in columns if c in LOG_COLUMNS]
    if taken:
        raise BadRecipe(
            f'"{taken[0]}" is the name of a column of every log',
            where=where,
            next_step="rename it in the source",
        )
    chosen = typed(table.frame.select(list(dict.fromkeys(columns))))
    return pl.DataFrame([_plain(column, where) for column in chosen.get_columns()])


def _plain(column: pl.Series, where: str) -> pl.Series:
    if column.dtype.is_integer():
        return column.cast(pl.Int64)
    if column.dtype.is_numeric():
        return column.cast(pl.Float64).fill_nan(None)
    if column.dtype == pl.Boolean:
        return column
    if column.dtype.is_nested() or column.dtype in (pl.Object, pl.Binary):
        raise BadRecipe(
            f'"{shorten(column.name)}" is of type {column.dtype}',
            where=where,
            allowed="columns of texts, numbers, dates or truth values",
        )
    return column.cast(pl.String)
