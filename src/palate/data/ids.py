"""Columns of ids of any type -> text, so that 42, 42.0 and "42" meet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import polars as pl

from palate.data.coded import Codes, codes_of
from palate.data.table import Table, shorten
from palate.errors import BadInput
from palate.tables import Finding
from palate.tables.id_spelling import EXACT, Plain, Spelling, alike, plain_ids

_NO_IDS = (pl.Object, pl.Binary, pl.Boolean)
_WHOLE = r"^(0|-?[1-9]\d{0,17})$"


@dataclass(frozen=True)
class Ids:
    """A column of ids.

    Attributes:
        codes: Int32 [n_rows], place in `names`; null where the id is missing or only blanks.
        names: String [n_names], the different ids in the order of their first appearance.
        notes: What was changed in writing them.
        findings: What is wrong with them and cannot be seen any more once they are text.
        numbers: Whether the source has whole numbers alone, as whatever reads it sees it.
    """

    codes: pl.Series
    names: pl.Series
    notes: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    numbers: bool = False

    @cached_property
    def values(self) -> pl.Series:
        """String [n_rows], the ids; null where one is missing."""
        return self.names.gather(self.codes)

    def filter(self, keep: pl.Series) -> Ids:
        """The rows where `keep` [n_rows] is true, and the names that they have."""
        if keep.all():
            return self
        found = codes_of(self.codes.filter(keep))
        return _distinct(found.codes, self.names.gather(found.values), self)


def as_ids(table: Table, column: str, same: Sequence[Spelling] = ()) -> Ids:
    """The ids of a column as text.

    Whole numbers that a tool has written as 42.0 or as 1E+05 are written in digits alone, and that
    is said; so are numbers that a float cannot hold.

    Args:
        table: The table.
        column: Its column of ids.
        same: Differences in writing that do not count.

    Raises:
        BadInput: The column holds lists, objects, fractions or infinite numbers; these name
            nothing.

    >>> as_ids(Table("x", pl.DataFrame({"u": [1.0, None]})), "u").values.to_list()
    ['1', None]
    """
    raw = table.frame[column]
    if raw.dtype.is_nested() or raw.dtype in _NO_IDS or column in table.objects:
        kind = "objects" if column in table.objects else f"of type {raw.dtype}"
        raise BadInput(
            f'the ids in "{shorten(column)}" are {kind}',
            where=f"{table.at(0)}, column {shorten(column)}",
            allowed="texts or whole numbers",
            next_step="name another column, or write one id a row",
        )
    if raw.dtype.is_float():
        found = codes_of(raw.fill_nan(None))
        plain = _of_floats(found, table, column)
    else:
        found = codes_of(raw if raw.dtype.is_integer() else raw.cast(pl.String))
        text = found.values.cast(pl.String)
        text = text.set(text.str.strip_chars() == "", None)
        texts = raw.dtype in (pl.String, pl.Decimal)
        plain = plain_ids(text, found.counts) if texts else Plain(text)
    ids = Ids(
        found.codes,
        plain.values,
        _said(table, column, plain),
        _found(table, column, plain),
        _numbers(raw.dtype, found.values, table),
    )
    return _distinct(found.codes, alike(plain.values, same), ids)


def _distinct(codes: pl.Series, names: pl.Series, ids: Ids) -> Ids:
    """The same column with other codes, whose names [n] may be missing or come twice."""
    different = names.drop_nulls().unique(maintain_order=True)
    if len(different) < len(names):
        known = pl.DataFrame({"name": different}).with_row_index("place")
        renamed = pl.DataFrame({"name": names}).join(
            known, on="name", how="left", maintain_order="left"
        )
        codes = renamed["place"].cast(pl.Int32).gather(codes)
    return replace(ids, codes=codes, names=different)


def _numbers(dtype: pl.DataType, values: pl.Series, table: Table) -> bool:
    """Whether all values are whole numbers; in a text file, which has no types, digits without
    leading zeros are some, in a frame texts are none.
    """
    if dtype == pl.String and table.first_line is not None:
        return bool(values.drop_nulls().str.contains(_WHOLE).all())
    return dtype.is_integer() or dtype.is_float()


def _of_floats(found: Codes, table: Table, column: str) -> Plain:
    known, counts = found.values, found.counts
    broken = (known.is_infinite() | (known.floor() != known)).fill_null(False)
    if broken.any():
        first = int(broken.arg_true()[0])
        raise BadInput(
            f"{known[first]} is no id; {int(counts.filter(broken).sum()):,} values are like that",
            where=f"{table.at(int(found.first[first]))}, column {shorten(column)}",
            allowed="texts or whole numbers",
        )
    exact = EXACT if known.dtype == pl.Float64 else 2**24
    digits = known.cast(pl.Int128).cast(pl.String)
    given, large = known.is_not_null(), (known.abs() > exact).fill_null(False)
    return Plain(digits, int(counts.filter(given).sum()), 0, int(counts.filter(large).sum()))


def _said(table: Table, column: str, plain: Plain) -> tuple[str, ...]:
    start = f'The ids in "{shorten(column)}" of {table.title} are written as'
    said = (f"{start} 42.0 and were read as 42.",) if plain.pointed else ()
    return (*said, f"{start} 1E+05 and were read as 100000.") if plain.exponents else said


def _found(table: Table, column: str, plain: Plain) -> tuple[Finding, ...]:
    where = f"{table.name}, column {shorten(column)}"
    found: list[Finding] = []
    if plain.exponents:
        what = (
            f"{plain.exponents:,} ids are written with an exponent, such as 1E+05: a spreadsheet"
            " may have rounded them, and different ids have become the same"
        )
        advice = "write the source again with this column formatted as text"
        found.append(Finding("exponent-ids", "warning", what, where, plain.exponents, (), advice))
    if plain.rounded:
        what = (
            f"{plain.rounded:,} ids are floats so large that they do not hold every whole number:"
            " different ids may have become the same"
        )
        advice = "read this column as text or as int64 (pandas: dtype=str), and write it again"
        found.append(Finding("rounded-ids", "error", what, where, plain.rounded, (), advice))
    return tuple(found)
