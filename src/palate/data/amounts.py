"""Amounts of money and other quantities that are written as text."""

from __future__ import annotations

from typing import Final

import polars as pl

from palate.data.stars import stars
from palate.data.typed import (
    in_plain_digits,
    is_missing_word,
    one_number,
    values,
    with_sign_before,
)

_CODES: Final = (
    r"(?:A(?:ED|FN|LL|MD|NG|OA|RS|UD|WG|ZN)|B(?:AM|BD|DT|GN|HD|IF|MD|ND|OB|RL|SD|TN|WP|YN|ZD)"
    r"|C(?:AD|DF|HF|LP|NY|OP|RC|UP|VE|ZK)|D(?:JF|KK|OP|ZD)|E(?:GP|RN|TB|UR)|F(?:JD|KP)"
    r"|G(?:BP|EL|HS|IP|MD|NF|TQ|YD)|H(?:KD|NL|RK|TG|UF)|I(?:DR|LS|NR|QD|RR|SK)|J(?:MD|OD|PY)"
    r"|K(?:ES|GS|HR|MF|PW|RW|WD|YD|ZT)|L(?:AK|BP|KR|RD|SL|YD)"
    r"|M(?:AD|DL|GA|KD|MK|NT|OP|RU|UR|VR|WK|XN|YR|ZN)|N(?:AD|GN|IO|OK|PR|ZD)|OMR"
    r"|P(?:AB|EN|GK|HP|KR|LN|YG)|QAR|R(?:MB|ON|SD|UB|WF)"
    r"|S(?:AR|BD|CR|DG|EK|GD|HP|LE|OS|RD|SP|TN|VC|YP|ZL)|T(?:HB|JS|MT|ND|OP|RY|TD|WD|ZS)"
    r"|U(?:AH|GX|SD|YU|ZS)|V(?:ES|ND|UV)|WST|X(?:AF|CD|OF|PF)|YER|Z(?:AR|MW))"
)
"""Codes of currencies in use (ISO 4217); any three letters may begin an article's number."""

_SIGN: Final = (
    rf"(?:[$\u00a2-\u00a5\u20a0-\u20cf\uffe5]|US\$|{_CODES}|Rs\.?|kr\.?|z\u0142|K\u010d|Ft|lei"
    r"|\u5143|\u5186|\u5706|\uc6d0|\u0440\u0443\u0431\.?)"
)
_BLANK: Final = r"'\u2019 \u00a0\u202f\u2009"
_POINT: Final = rf"[+-]?(?:\d{{1,3}}(?:[,{_BLANK}]\d{{3}})+|\d+)(?:\.\d+)?"
_COMMA: Final = rf"[+-]?(?:\d{{1,3}}(?:[.{_BLANK}]\d{{3}})+|\d+)(?:,\d{{1,2}})?"
_BARE_COMMA: Final = rf"[+-]?(?:\d{{1,3}}(?:[.{_BLANK}]\d{{3}})+|\d+)(?:,\d+)?"
_POINT_SIGNS: Final = r"[$\u00a3\u00a5\uffe5\u20b9]|USD|GBP|CNY|JPY|INR|\u5143|\u5186|Rs"
"""Currencies whose amounts are mostly written with a point before the fraction."""

_MOST: Final = 0.9
_SAMPLE: Final = 5000


def amounts(column: pl.Series) -> pl.Series | None:
    """Float64 [n_rows] of a column of prices such as "$1,299.00", "1.299,00 EUR" or "Rs. 20", or of
    numbers with a comma before the fraction ("3,5") or between thousands ("1,299.5"); null where a
    value is none. None where the column does not hold amounts.

    Of a range, such as "$10 - $20", the first amount is taken. "€ 1.234" is read as 1234, "$1.234"
    as 1.234; so is "1,234" as 1234 unless another number of the column has a comma elsewhere.

    >>> amounts(pl.Series(["$1,299.00", "$5", None])).to_list()
    [1299.0, 5.0, None]
    >>> amounts(pl.Series(["1.299,00 €", "5,50 €"])).to_list()
    [1299.0, 5.5]
    >>> amounts(pl.Series(["3,5", "4"])).to_list()
    [3.5, 4.0]
    >>> amounts(pl.Series(["a", "$5"])) is None
    True
    """
    column = with_sign_before(in_plain_digits(column, few=True))
    given = column.filter(~is_missing_word(column)).head(_SAMPLE)
    if not len(given):
        return None
    if not bool(given.str.contains(_SIGN).any()):
        return _bare(column, given)
    best: pl.Series | None = None
    ways = [(_POINT, f"[,{_BLANK}]", "."), (_COMMA, f"[.{_BLANK}]", ",")]
    if not given.str.contains(_POINT_SIGNS).any():
        ways.reverse()
    for number, grouping, point in ways:
        pattern = rf"^\s*(?:[+-]?{_SIGN}\s*({number})|({number})\s*{_SIGN})(?:\s*[-\u2013].*)?\s*$"
        if one_number(given.str.contains(pattern).mean()) < _MOST:
            continue
        text = column.str.extract(pattern, 1).fill_null(column.str.extract(pattern, 2))
        found = _plain(text, grouping, point)
        negative = column.str.contains(rf"^\s*-{_SIGN}").fill_null(False)
        found = found.zip_with(~negative, -found)
        if best is None or found.null_count() < best.null_count():
            best = found
    return best


def read_values(column: pl.Series) -> pl.Series:
    """Float64 [n_rows] of a column of ratings or weights: `typed.values`, and ratings with their
    scale or amounts where that leaves values unread.
    """
    plain = values(column)
    if column.dtype != pl.String or plain.null_count() == column.null_count():
        return plain
    if plain.null_count() <= int(is_missing_word(column).sum()):
        return plain
    found = stars(column)
    if found is None:
        found = amounts(column)
    return plain if found is None or found.null_count() >= plain.null_count() else found


def _bare(column: pl.Series, given: pl.Series) -> pl.Series | None:
    """Numbers without a currency, of which some have a comma or thousands apart."""
    grouped = rf"^\s*[+-]?\d{{1,3}}(?:[,{_BLANK}]\d{{3}})+(?:\.\d+)?\s*$"
    plain = r"^\s*[+-]?\d+(?:\.\d+)?\s*$"
    for odd, ordinary, number, grouping, point in (
        (grouped, plain, _POINT, f"[,{_BLANK}]", "."),
        (r",\d+\s*$", rf"^\s*{_BARE_COMMA}\s*$", _BARE_COMMA, f"[.{_BLANK}]", ","),
    ):
        written = given.str.contains(odd)
        if written.any() and (written | given.str.contains(ordinary)).all():
            fits = given.str.contains(rf"^\s*{number}\s*$").all()
            if fits:
                text = column.str.extract(rf"^\s*({number})\s*$", 1)
                return _plain(text, grouping, point)
    return None


def _plain(text: pl.Series, grouping: str, point: str) -> pl.Series:
    digits = text.str.replace_all(grouping, "").str.replace(point, ".", literal=True)
    return digits.cast(pl.Float64, strict=False)
