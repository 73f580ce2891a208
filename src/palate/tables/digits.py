"""Digits of other scripts, which mean the same numbers."""

from __future__ import annotations

from typing import Final

import polars as pl

_ZEROS: Final = "\u0660\u06f0\u0966\u09e6\u0e50"
"""The digits 0 of Arabic, Persian, Devanagari, Bengali and Thai; 1 to 9 follow each."""

OTHERS: Final = "".join(f"{zero}-{chr(ord(zero) + 9)}" for zero in _ZEROS)
"""These digits, as part of a pattern."""

_PLAIN: Final = {
    **{chr(ord(zero) + n): str(n) for zero in _ZEROS for n in range(10)},
    "\u066b": ".",  # before the fraction
    "\u066c": "",  # between thousands
}


def with_plain_digits(texts: pl.Series) -> pl.Series:
    """Texts [n_rows] in which digits of these scripts are written as 0 to 9.

    >>> with_plain_digits(pl.Series(["\u0662\u0660", "7"])).to_list()
    ['20', '7']
    """
    return texts.str.replace_many(_PLAIN)
