"""Comparisons held against a column: their types and values checked, then their truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

import numpy as np
import polars as pl

from palate.arrays import Mask
from palate.errors import BadRecipe, nearest
from palate.rules.expressions import Compare

Hierarchy: TypeAlias = Mapping[str, Sequence[str]]
"""What lies below what: parent -> children."""

_SHOWN: Final = 12
"""Values of a column that a message names."""
_PATHS: Final = (" > ", ">", "/", "|")
"""What parts the levels of a path such as "toys > lego"."""


def check(compare: Compare, table: pl.DataFrame, hierarchy: Hierarchy, where: str) -> None:
    """Refuse a comparison that can never be true, or makes no sense.

    Args:
        compare: The comparison.
        table: The items or the users.
        hierarchy: What lies below what in this field.
        where: The recipe's key, for messages.

    Raises:
        BadRecipe: There is no such field, the value is of another type, or no row has it; with the
            field and what it holds.
    """
    if compare.field not in table.columns:
        raise BadRecipe(
            f'there is no field "{compare.field}" to compare: {compare.text}',
            where=where,
            allowed=", ".join(table.columns) or "none: no such table was given",
            next_step=nearest(compare.field, table.columns),
        )
    column = _flat(table[compare.field])
    values = compare.value if isinstance(compare.value, tuple) else (compare.value,)
    for value in values:
        if not _fits(value, column.dtype):
            raise BadRecipe(
                f'"{compare.field}" holds {_kind(column.dtype)}, and {value!r} is none',
                where=where,
                allowed=_examples(column),
            )
    if compare.operator in ("<", "<=", ">", ">="):
        if not column.dtype.is_numeric():
            raise BadRecipe(
                f'"{compare.field}" holds {_kind(column.dtype)}, which has no order',
                where=where,
                allowed="==, !=, in or not in",
            )
        return
    known = {str(v) for v in column.drop_nulls().unique().to_list()}
    below = {name for parent, children in hierarchy.items() for name in (parent, *children)}
    for value in values if column.dtype == pl.String else ():
        if str(value) not in known | below and not _is_path(compare, str(value), known):
            raise BadRecipe(
                f'no "{compare.field}" is "{value}"',
                where=where,
                allowed=_examples(column),
                next_step=nearest(str(value), known | below),
            )


def truth(compare: Compare, column: pl.Series, hierarchy: Hierarchy) -> Mask:
    """bool [n_rows], where a comparison is true; of a list, where it is of any of its members.

    Args:
        compare: The comparison.
        column: Its field; where it is unknown, the comparison is false.
        hierarchy: What lies below what in this field.
    """
    if isinstance(column.dtype, (pl.List, pl.Array)):
        row = np.repeat(np.arange(len(column)), column.list.len().fill_null(0).to_numpy())
        members = _flat(column)
        each = _truth(_positive(compare), members, hierarchy)
        found = np.zeros(len(column), np.bool_)
        np.logical_or.at(found, row[: len(each)], each)
        known = column.list.len().fill_null(0).to_numpy() > 0
        return known & ~found if compare.operator in ("!=", "not in") else found
    return _truth(compare, column, hierarchy)


def _positive(compare: Compare) -> Compare:
    """The comparison that a list has to fail where `compare` is a negative one."""
    if compare.operator == "!=":
        return Compare(compare.scope, compare.field, "==", compare.value)
    if compare.operator == "not in":
        return Compare(compare.scope, compare.field, "in", compare.value)
    return compare


def _truth(compare: Compare, column: pl.Series, hierarchy: Hierarchy) -> Mask:
    values = compare.value if isinstance(compare.value, tuple) else (compare.value,)
    kept = (
        column
        if column.dtype in (pl.Boolean,) or column.dtype.is_numeric()
        else column.cast(pl.String)
    )
    name = compare.operator
    if name in ("in", "not in") and isinstance(compare.value, str):
        inside = _below(compare.value, kept, hierarchy)
        found = inside if name == "in" else ~inside
    elif name in ("==", "in"):
        found = kept.is_in(list(values))
    elif name in ("!=", "not in"):
        found = ~kept.is_in(list(values))
    else:
        number = values[0]
        found = {
            "<": kept < number,
            "<=": kept <= number,
            ">": kept > number,
            ">=": kept >= number,
        }[name]
    return np.asarray((found & kept.is_not_null()).fill_null(False).to_numpy(), np.bool_)


def _below(value: str, column: pl.Series, hierarchy: Hierarchy) -> pl.Series:
    """Whether each text is the value or lies below it: by the hierarchy, or as a path."""
    names, waiting = set[str](), [value]
    while waiting:
        name = waiting.pop()
        if name not in names:
            names.add(name)
            waiting += list(hierarchy.get(name, ()))
    found = column.is_in(sorted(names))
    for mark in _PATHS:
        found = found | column.str.starts_with(f"{value}{mark}")
    return found


def _is_path(compare: Compare, value: str, known: set[str]) -> bool:
    within = compare.operator in ("in", "not in") and isinstance(compare.value, str)
    return within and any(name.startswith(f"{value}{mark}") for name in known for mark in _PATHS)


def _flat(column: pl.Series) -> pl.Series:
    if isinstance(column.dtype, (pl.List, pl.Array)):
        lists = column.cast(pl.List(column.dtype.inner))
        return lists.filter(lists.list.len() > 0).explode()
    return column


def _fits(value: object, dtype: pl.DataType) -> bool:
    if isinstance(value, bool):
        return dtype == pl.Boolean
    if isinstance(value, float):
        return dtype.is_numeric()
    return dtype in (pl.String, pl.Categorical, pl.Enum)


def _kind(dtype: pl.DataType) -> str:
    if dtype == pl.Boolean:
        return "true or false"
    if dtype.is_numeric():
        return "numbers"
    return "texts" if dtype in (pl.String, pl.Categorical, pl.Enum) else str(dtype)


def _examples(column: pl.Series) -> str:
    known = column.drop_nulls()
    if column.dtype.is_numeric():
        return f"numbers, here {known.min()!r} to {known.max()!r}"
    often = known.cast(pl.String).value_counts(sort=True)
    names = often.to_series(0).head(_SHOWN).to_list()
    more = f" and {often.height - _SHOWN:,} more" if often.height > _SHOWN else ""
    return ", ".join(f'"{name}"' for name in names) + more
