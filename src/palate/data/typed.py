"""Columns of text -> numbers, where every value is one."""

from __future__ import annotations

from typing import Any

import polars as pl

from palate.tables.digits import OTHERS, with_plain_digits

MISSING_WORDS = ("", "na", "n/a", "nan", "null", "none", "\\n", "nat", "-", "?")
"""How tools write that there is no number, in small letters."""

YES: tuple[str, ...] = (
    *("true", "yes", "y", "t", "like", "liked", "likes", "love", "up", "thumbs up", "thumbs_up"),
    *("positive", "recommended", "good"),
)
NO: tuple[str, ...] = (
    *("false", "no", "n", "f", "dislike", "disliked", "hate", "down", "thumbs down"),
    *("thumbs_down", "negative", "not recommended", "bad"),
)
"""Words of a column of ratings that mean yes and no, in small letters."""

_FLOAT32_MAX = 3.4028234663852886e38
_CANONICAL = r"^-?(0|[1-9][0-9]{0,17})$"
_NUMERIC = r"^\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*$"
_UNUSUAL = f"[\uff10-\uff19{OTHERS}]"
_OF_DIGITS = r"^[0-9\s.,:/+-]+$"
_SPECIAL = r"^\s*[+-]?(nan|inf|infinity)\s*$"


def typed(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with text columns of numbers as Int64 or Float64, and of true and false as Boolean.

    Codes such as "007" stay text, because as numbers they would lose what tells them apart.

    >>> typed(pl.DataFrame({"a": ["1", None], "b": ["007", "1"], "c": ["1.5", "NA"]})).dtypes
    [Int64, String, Float64]
    """
    return frame.with_columns(
        [typed_column(c) for c in frame.get_columns() if c.dtype == pl.String]
    )


def typed_column(column: pl.Series) -> pl.Series:
    """One text column, converted where all its values allow it."""
    column = in_plain_digits(column)
    blank = is_missing_word(column)
    given = column.filter(~blank)
    if not len(given):
        return column
    if given.str.contains(_CANONICAL).all():
        return _cleared(column, blank).cast(pl.Int64)
    if given.str.to_lowercase().is_in(["true", "false"]).all():
        return (_cleared(column, blank).str.to_lowercase() == "true").alias(column.name)
    if given.str.contains(_NUMERIC).all() and not given.str.contains(r"^[+-]?0[0-9]").any():
        return _cleared(column, blank).str.strip_chars().cast(pl.Float64)
    return column


def numbers(column: pl.Series) -> pl.Series:
    """float64 of any column; null where the value is missing or no number, NaN and inf where it
    says so.
    """
    if column.dtype == pl.String:
        quick = column.cast(pl.Float64, strict=False)
        if quick.null_count() == column.null_count() and bool(quick.is_finite().all()):
            return quick
        text = with_sign_before(in_plain_digits(column, few=True)).str.strip_chars()
        return text.set(
            ~text.str.contains(f"(?i){_NUMERIC}|{_SPECIAL}").fill_null(False), None
        ).cast(pl.Float64)
    return column.cast(pl.Float64, strict=False)


def in_plain_digits(column: pl.Series, *, few: bool = False) -> pl.Series:
    """Text typed in full-width characters, as in Chinese and Japanese, or in Arabic, Persian or
    Indian digits, in plain ones, where every value (or, with `few`, any) is a number or time in
    such digits; other columns as they are.

    >>> in_plain_digits(pl.Series(["\uff11\uff12\uff0e\uff15", None])).to_list()
    ['12.5', None]
    """
    if not column.str.contains(_UNUSUAL).any():
        return column
    plain = with_plain_digits(column.str.normalize("NFKC"))
    numeric = plain.str.contains(_OF_DIGITS) | is_missing_word(plain)
    return plain if few or numeric.all() else column


def with_sign_before(column: pl.Series) -> pl.Series:
    """Text in which numbers below 0 have their sign before them, where accountants write it behind
    ("3-", "1.299,00- EUR"), or put brackets around them; other texts as they are.

    >>> with_sign_before(pl.Series(["3-", "(1,299.00)", "\u22125", "4", "12-3"])).to_list()
    ['-3', '-1,299.00', '-5', '4', '12-3']
    """
    if not column.str.contains(r"-\s*\D*$|^\s*\(|\u2212").any():
        return column
    plain = column.str.replace(r"^(\s*)\u2212", "${1}-")
    behind = plain.str.replace(
        r"^\s*([^\d\s()+-]*\s*)(\d[\d.,'\u2019\s]*?)\s*-(\s*[^\d\s()+-]*)\s*$", "${1}-${2}${3}"
    )
    return behind.str.replace(
        r"^\s*\(\s*([^\d\s()+-]*\s*)(\d[\d.,'\u2019\s]*?)(\s*[^\d()+-]*)\)\s*$", "${1}-${2}${3}"
    )


def values(column: pl.Series) -> pl.Series:
    """float64 of a column of ratings: numbers as they are, and words for yes and no, such as like
    and dislike, as 1 and 0, where it holds nothing but such words.

    >>> values(pl.Series(["like", "Dislike", None])).to_list()
    [1.0, 0.0, None]
    """
    if column.dtype != pl.String:
        return numbers(column)
    quick = numbers(column)
    if bool(quick.is_finite().any()) or not is_yes_or_no(column):
        return quick
    words = column.str.strip_chars().str.to_lowercase()
    return words.is_in(YES).cast(pl.Float64).set(is_missing_word(column), None)


def is_yes_or_no(column: pl.Series) -> bool:
    """Whether a column says yes or no: truth values, 0 and 1 (or -1 and 1), or words for them."""
    if column.dtype == pl.Boolean:
        return True
    if column.dtype == pl.String:
        words = column.filter(~is_missing_word(column)).str.strip_chars().str.to_lowercase()
        return len(words) > 0 and bool(words.is_in([*YES, *NO]).all())
    given = column.drop_nulls()
    if not given.dtype.is_numeric() or not len(given):
        return False
    return bool(given.cast(pl.Float64, strict=False).is_in([-1.0, 0.0, 1.0]).all())


def is_value(column: pl.Series) -> pl.Series:
    """bool [n_rows], true where a number is finite and small enough for float32; null gives
    false.
    """
    return (column.abs() <= _FLOAT32_MAX).fill_null(False)


def one_number(value: Any) -> float:
    """A median, share or extreme that polars gives, as a float; 0 where there was nothing to look
    at.
    """
    return float(value or 0)


def is_missing_word(column: pl.Series) -> pl.Series:
    """bool [n_rows], true where a text says that there is nothing."""
    return (
        column.is_null() | column.str.strip_chars().str.to_lowercase().is_in(MISSING_WORDS)
    ).alias(column.name)


def _cleared(column: pl.Series, blank: pl.Series) -> pl.Series:
    return column.set(blank, None) if blank.any() else column
