"""Ratings written with their scale or with stars: "4/5", "4 out of 5", "4 stars", "★★★★☆"."""

from __future__ import annotations

from typing import Final

import polars as pl

from palate.data.typed import in_plain_digits, is_missing_word

_NUMBER: Final = r"(\d{1,3}(?:[.,]\d+)?)"
_OUT_OF: Final = (
    rf"(?i)^\s*(?:rated\s+)?{_NUMBER}\s*(?:/|out of|of|von|sur|de|su|van|z|\u0438\u0437)"
    r"\s*(\d{1,3})"
    r"\s*(?:stars?|sterne[n]?|\u00e9toiles?|estrellas?|stelle|\u2605|\u2b50)?\s*$"
)
_COUNTED: Final = (
    rf"(?i)^\s*{_NUMBER}[\s-]*(?:stars?|sterne?|\u00e9toiles?|estrellas?|estrelas?|stell[ae]"
    r"|\u0437\u0432[\u0435\u0451]\u0437\u0434\w*|\u9897?\u661f\u7ea7?|\u661f|\u3064\u661f|\ubcc4"
    r"|\u70b9|\u5206|\uc810|\u0628?\u0646\u062c\u0648\u0645|\u2605|\u2b50)\ufe0f?\s*$"
)
_DRAWN: Final = "^[\u2605\u2b50\ufe0f]*[\u2606]*$"
_FULL: Final = "[\u2605\u2b50]"


def stars(column: pl.Series) -> pl.Series | None:
    """Float64 [n_rows] of ratings that are written with their scale or with stars, null where there
    is none; None where the column holds anything else.

    Args:
        column: String [n_rows].

    >>> stars(pl.Series(["4/5", "3.5/5", None])).to_list()
    [4.0, 3.5, None]
    >>> stars(pl.Series(["5 stars", "1 star"])).to_list()
    [5.0, 1.0]
    >>> stars(pl.Series(["\u2605\u2605\u2606"])).to_list()
    [2.0]
    >>> stars(pl.Series(["1/2", "1/3"])) is None
    True
    """
    text = in_plain_digits(column, few=True).str.strip_chars()
    missing = is_missing_word(text)
    given = text.filter(~missing)
    if not len(given):
        return None
    if given.str.contains(_DRAWN).all():
        return text.str.count_matches(_FULL).cast(pl.Float64).set(missing, None)
    for pattern in (_OUT_OF, _COUNTED):
        if not given.str.contains(pattern).all():
            continue
        if pattern == _OUT_OF and given.str.extract(pattern, 2).n_unique() > 1:
            continue
        found = text.str.extract(pattern, 1).str.replace(",", ".", literal=True)
        return found.cast(pl.Float64, strict=False).set(missing, None)
    return None
