"""Which column of a catalogue has the ids of the log, where names alone would choose another."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import polars as pl

from palate.data.column_roles import Roles, id_column
from palate.data.ids import as_ids
from palate.data.table import Table, shorten
from palate.errors import BadInput
from palate.tables.columns import ITEM
from palate.tables.id_spelling import Spelling, alike

_ENOUGH: Final = 0.5
_LEAST_ITEMS: Final = 5
_MOSTLY_UNIQUE: Final = 0.9
_LOOSE: Final[tuple[Spelling, ...]] = ("blanks", "forms", "case", "leading-zeros")


def catalogue_column(
    table: Table, wanted: pl.Series | None, like: str | None = None, given: str = ""
) -> Roles:
    """The column of a catalogue's ids, as `palate.data.column_roles.id_column` finds it; another
    one where that has none of the log's ids and the other has most of them, and that is said.

    Args:
        table: The catalogue.
        wanted: String [n], the ids of the log's items; None without a log.
        like: The name that the log has for them.
        given: The column that the settings name.

    Raises:
        BadInput: No column is recognised as the id.
        BadRecipe: `given` does not exist.
    """
    unknown: BadInput | None = None
    try:
        roles = id_column(table, ITEM, given, like, "data.items_item_column")
    except BadInput as problem:
        unknown, roles = problem, Roles()
    if wanted is None or given or (roles.item is not None and _share(table, roles.item, wanted)):
        if unknown is not None:
            raise unknown
        return roles
    shares = {c: _share(table, c, wanted) for c in table.frame.columns if _may_be_ids(table, c)}
    best = max(shares, key=lambda column: shares[column], default="")
    if shares.get(best, 0.0) >= _ENOUGH and wanted.n_unique() >= _LEAST_ITEMS:
        said = (
            f'In {table.title} "{shorten(best)}" is the item: by its ids, of which the log has'
            f" {shares[best]:.0%}."
        )
        return replace(roles, item=best, said=(said,))
    if unknown is not None:
        raise unknown
    return roles


def _may_be_ids(table: Table, column: str) -> bool:
    """Whether the values of a column hardly ever come again; a few numbers of any column are ids of
    the log by chance.
    """
    given = table.frame[column].drop_nulls()
    plain = column not in table.objects and not given.dtype.is_nested()
    return plain and len(given) > 0 and given.n_unique() >= _MOSTLY_UNIQUE * len(given)


def _share(table: Table, column: str, wanted: pl.Series) -> float:
    """Share of the log's items that a column has, whatever their case, blanks and zeros."""
    try:
        ids = as_ids(table, column).values.drop_nulls().unique()
    except BadInput:
        return 0.0
    names = alike(wanted.drop_nulls().unique(), _LOOSE)
    return int(names.is_in(alike(ids, _LOOSE).implode()).sum()) / max(len(names), 1)
