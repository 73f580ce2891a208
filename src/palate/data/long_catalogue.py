"""Catalogues with one row a property of an item: item, name of the property, its value."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import polars as pl

from palate.data.column_names import compact
from palate.data.column_roles import id_column
from palate.data.column_values import looks_like_time, sample
from palate.data.table import Table, shorten
from palate.errors import BadInput
from palate.tables.columns import ITEM

PROPERTIES: Final = frozenset(
    {
        *(
            "property",
            "propertyname",
            "attribute",
            "attributename",
            "attributecode",
            "key",
            "field",
        ),
        *(
            "field",
            "fieldname",
            "feature",
            "metakey",
            "variable",
            "spec",
            "属性",
            "属性名",
            "merkmal",
        ),
        *("eigenschaft", "attribut", "propriete", "propiedad", "атрибут", "свойство"),
    }
)
"""What the column of the properties' names is called, compact."""

VALUES: Final = frozenset(
    {
        *("value", "values", "propertyvalue", "attributevalue", "fieldvalue", "metavalue"),
        *("值", "属性值", "wert", "valeur", "valor", "значение"),
    }
)
"""What the column of their values is called, compact."""

_MOST_PROPERTIES: Final = 2000
_LEAST_AGAIN: Final = 1.5


def as_wide(table: Table) -> Table:
    """The catalogue with one row an item and one column a property, and a note; the table itself
    where it is no such list.

    Of several values of one property the one of the latest time is taken, or else the last row's.

    >>> rows = {"item_id": [1, 1, 2], "property": ["title", "price", "title"]}
    >>> wide = as_wide(Table("x.csv", pl.DataFrame(rows | {"value": ["tea", "5", "rake"]})))
    >>> wide.frame.rows()
    [(1, 'tea', '5'), (2, 'rake', None)]
    """
    names = [c for c in table.frame.columns if compact(c) in PROPERTIES]
    values = [c for c in table.frame.columns if compact(c) in VALUES]
    if len(names) != 1 or len(values) != 1:
        return table
    name, value = names[0], values[0]
    try:
        item = str(id_column(table.replaced(table.frame.drop(name, value)), ITEM).item)
    except BadInput:
        return table
    rows = table.frame.select(item, name, value).drop_nulls([item, name])
    n_items, n_names = rows[item].n_unique(), rows[name].n_unique()
    if not rows.height or n_names > _MOST_PROPERTIES or rows.height < _LEAST_AGAIN * n_items:
        return table
    if item in rows[name].unique().to_list():
        return table
    wide = _by_time(table, item, name).pivot(
        on=name, index=item, values=value, aggregate_function="last", maintain_order=True
    )
    said = (
        f'{table.title} has a row for each "{shorten(name)}" of an item; its {rows.height:,} rows'
        f" were put together to {n_items:,} items with {n_names:,} fields."
    )
    return replace(table.replaced(wide, [said]), first_line=None)


def _by_time(table: Table, item: str, name: str) -> pl.DataFrame:
    """The rows of properties, the latest of each last."""
    frame = table.frame.filter(pl.col(item).is_not_null() & pl.col(name).is_not_null())
    times = [c for c in frame.columns if c not in (item, name) and _is_time(table, c)]
    if len(times) != 1:
        return frame
    order = frame[times[0]].cast(pl.Int64, strict=False)
    key = order if not order.null_count() else frame[times[0]]
    return frame.with_columns(key.alias("__time")).sort("__time", maintain_order=True)


def _is_time(table: Table, column: str) -> bool:
    return looks_like_time(sample(table, column))
