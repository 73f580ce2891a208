"""Amounts of money and other quantities that are written as text."""

from __future__ import annotations

from typing import Final

import polars as pl

from palate.data.typed import one_number

_SIGN: Final = r"(?:[$\u00a2-\u00a5\u20a0-\u20cf]|US\$|[A-Z]{3}|Rs\.?|kr\.?|z\u0142)"
_POINT: Final = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_COMMA: Final = r"\d{1,3}(?:[. ]\d{3})+(?:,\d+)?|\d+(?:,\d{1,2})?"
_MOST: Final = 0.9
_SAMPLE: Final = 5000


def amounts(column: pl.Series) -> pl.Series | None:
    """Float64 [n_rows] of a column of prices such as "$1,299.00", "1.299,00 EUR" or "Rs. 20"; null
    where a value is none. None where the column does not hold amounts.

    Of a range, such as "$10 - $20", the first amount is taken.

    >>> amounts(pl.Series(["$1,299.00", "$5", None])).to_list()
    [1299.0, 5.0, None]
    >>> amounts(pl.Series(["1.299,00 €", "5,50 €"])).to_list()
    [1299.0, 5.5]
    >>> amounts(pl.Series(["a", "$5"])) is None
    True
    """
    given = column.drop_nulls().head(_SAMPLE)
    given = given.filter(given.str.strip_chars() != "")
    if not len(given) or not bool(given.str.contains(_SIGN).any()):
        return None
    best: pl.Series | None = None
    for number, grouping, point in ((_POINT, ",", "."), (_COMMA, "[. ]", ",")):
        pattern = rf"^\s*(?:{_SIGN}\s*({number})|({number})\s*{_SIGN})(?:\s*[-\u2013].*)?\s*$"
        if one_number(given.str.contains(pattern).mean()) < _MOST:
            continue
        text = column.str.extract(pattern, 1).fill_null(column.str.extract(pattern, 2))
        plain = text.str.replace_all(grouping, "").str.replace(point, ".", literal=True)
        found = plain.cast(pl.Float64, strict=False)
        if best is None or found.null_count() < best.null_count():
            best = found
    return best
