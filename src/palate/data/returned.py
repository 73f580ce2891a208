"""Rows of a log that take goods back: their quantity is below 0."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import polars as pl

from palate.data.amounts import read_values
from palate.data.column_names import compact
from palate.data.column_refusals import listed
from palate.data.column_roles import Roles
from palate.data.settings import NONE, DataSettings
from palate.data.table import Table, shorten
from palate.data.typed import one_number
from palate.errors import BadRecipe, nearest
from palate.tables import Finding

CODE: Final = "returned-goods"
"""Of the finding."""

_NAMES: Final = frozenset(
    map(
        compact,
        (
            *("quantity", "qty", "units", "units_sold", "pieces", "pcs", "order_quantity"),
            *("item_quantity", "lineitem_quantity", "product_qty", "qty_ordered", "quantity_sold"),
            *("menge", "anzahl", "stück", "stückzahl", "quantité", "qté", "cantidad", "cant"),
            *("quantità", "qtà", "quantidade", "qtd", "aantal", "ilość", "количество", "кол-во"),
            *(
                "adet",
                "antal",
                "数量",
                "件数",
                "个数",
                "购买数量",
                "購入数",
                "個数",
                "수량",
                "개수",
            ),
            *("الكمية", "כמות"),
        ),
    )
)
"""What a column of quantities is called."""

_MOST: Final = 0.4
_LOOK: Final = 1000


def quantity_of(table: Table, roles: Roles, settings: DataSettings) -> str | None:
    """The column with how many were bought: the one that is named, or the only one that is called
    so and holds numbers; None where there is none.

    Raises:
        BadRecipe: The settings name a column that does not exist.
    """
    given = settings.quantity_column
    if given:
        if given != NONE and given not in table.first.columns:
            raise BadRecipe(
                f'{table.name} has no column "{given}"',
                where="data.quantity_column",
                allowed=listed(table.first.columns),
                next_step=nearest(given, table.first.columns),
            )
        return given if given != NONE else None
    taken = {roles.user, roles.item, roles.time, roles.value, roles.action}
    named = [
        c
        for c in table.first.columns
        if compact(c) in _NAMES and c not in taken and c not in table.objects
    ]
    fits = [c for c in named if _are_numbers(table.first[c])]
    return fits[0] if len(fits) == 1 else None


def _are_numbers(column: pl.Series) -> bool:
    head = column.drop_nulls().head(_LOOK)
    plain = not head.dtype.is_nested() and head.dtype != pl.Boolean
    return plain and len(head) > 0 and not read_values(head).null_count()


def taken_back(
    table: Table, column: str | None, user: pl.Series, item: pl.Series
) -> pl.Series | None:
    """bool [n_rows], true for rows whose quantity is below 0, and for those of a user and an item
    of which nothing was kept in all; None where no quantity is below 0, or so many are that they
    mean something else.

    Args:
        table: The log.
        column: Its column of quantities, if there is one.
        user: Codes or names of the users [n_rows].
        item: Those of the items.
    """
    if column is None or column not in table.frame.columns:
        return None
    raw = table.frame[column]
    quantity = raw.cast(pl.Float64) if raw.dtype.is_numeric() else read_values(raw)
    below = (quantity < 0).fill_null(False)
    if not below.any() or one_number(below.mean()) > _MOST:
        return None
    rows = pl.DataFrame({"user": user, "item": item, "quantity": quantity, "below": below})
    kept = rows.select(
        pl.col("below")
        | (
            pl.col("below").any().over("user", "item")
            & (pl.col("quantity").sum().over("user", "item") <= 0)
            & pl.col("user").is_not_null()
        )
    )
    return kept.to_series().fill_null(False)


def returned(table: Table, column: str | None, rows: pl.Series | None) -> Iterator[Finding]:
    """A warning for rows of goods that were given back, as they count like the others.

    Args:
        table: The log.
        column: Its column of quantities.
        rows: What `taken_back` found.
    """
    n = 0 if rows is None else int(rows.sum())
    if column is None or not n:
        return
    yield Finding(
        CODE,
        "warning",
        f"{n:,} of {len(table):,} rows take goods back (a quantity below 0), or are of what was"
        " given back wholly, and count as bought",
        f"{table.name}, column {shorten(column)}",
        n,
        (),
        'to leave them out: drop = ["returned-goods"]',
    )
