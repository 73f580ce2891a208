"""The order of a column of times at the source's own resolution, whatever `times` rounds away.

Nothing goes through floats that was not a float in the source: nanoseconds since 1970 need 61 bits,
and a float keeps 53.
"""

from __future__ import annotations

from typing import Final

import polars as pl

_DIGITS: Final = 18
_GLANCE: Final = 1 << 16
_NUMBER: Final = rf"^([+-]?)([0-9]{{1,{_DIGITS}}}|[1-8][0-9]{{{_DIGITS}}})(?:\.([0-9]*))?$"
"""Numbers whose whole part fits into int64."""


def ranked(key: pl.Series) -> pl.Series:
    """Int64 [n_rows], the place of each value among the different values of the column, from 0 on;
    null where there is none.

    >>> ranked(pl.Series([0.9, 0.1, None, 0.1])).to_list()
    [1, 0, None, 0]
    """
    return key.rank("dense").cast(pl.Int64) - 1


def finer_order(kept: pl.Series, lost: pl.Series, *exact: pl.Series) -> pl.Series | None:
    """`ranked` of the exact values; None where `kept` alone puts the rows into the same order.

    Args:
        kept: Int64 [n_rows], what is left of a time, which grows with it; null where there is none.
        lost: bool [n_rows], where that is not all that the source says.
        exact: Series [n_rows] that say it all together, the most significant first.

    Cost: next to nothing where nothing is lost, else a sort.

    >>> kept, exact = pl.Series([5, 5, None, 4]), pl.Series([5.5, 5.1, None, 4.0])
    >>> finer_order(kept, exact != kept, exact).to_list()
    [2, 1, None, 0]
    """
    if not lost.any():
        return None
    keys = exact[0]  # a struct of one is sorted in ten times the memory
    if len(exact) > 1:
        keys = pl.DataFrame([series.alias(str(i)) for i, series in enumerate(exact)]).to_struct()
    known = kept.is_not_null()
    # what the first rows tell apart, all of them do
    if all(_are_as_many(keys, kept, known, n) for n in (_GLANCE, len(kept))):
        return None
    return ranked(pl.select(pl.when(known).then(keys)).to_series())


def _are_as_many(keys: pl.Series, kept: pl.Series, known: pl.Series, n: int) -> bool:
    rows = known.head(n)
    return keys.head(n).filter(rows).n_unique() == kept.head(n).filter(rows).n_unique()


def exact_numbers(text: pl.Series) -> tuple[pl.Series, pl.Series] | None:
    """Numbers written in digits, without loss: their whole part, and what is behind the point in
    units of 10**-18, with the same sign; each Int64 [n_rows], null where there is no text.

    None where one is written in another way, such as 1.6e9, which only a float can hold.

    Args:
        text: String [n_rows].

    >>> [part.to_list() for part in exact_numbers(pl.Series(["1600000000000000001", "-0.5"]))]
    [[1600000000000000001, 0], [0, -500000000000000000]]
    """
    groups = text.str.strip_chars().str.extract_groups(_NUMBER).struct.unnest()
    sign, digits, behind = groups.get_columns()
    if (digits.is_null() & text.is_not_null()).any():
        return None
    factor = sign.replace_strict({"-": -1}, default=1, return_dtype=pl.Int64)
    padded = behind.fill_null("").str.slice(0, _DIGITS).str.pad_end(_DIGITS, "0")
    fraction = padded.cast(pl.Int64).set(digits.is_null(), None)
    return digits.cast(pl.Int64) * factor, fraction * factor
