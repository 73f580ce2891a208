"""One id, one spelling: what spreadsheets, floats and people do to ids, and how to see it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, Literal

import polars as pl

from palate.tables.digits import with_plain_digits

Spelling = Literal["leading-zeros", "case", "blanks", "forms"]
"""Differences in writing that need not count."""

EXACT: Final = 2**53
"""Beyond it a float does not hold every whole number."""

_WHOLE: Final = r"^[+-]?\d+$"
_POINT: Final = r"^[+-]?\d+(?:\.0*|,0{1,2})$"
_EXPONENT: Final = r"^[+-]?\d(?:[.,]\d+)?[eE]\+?\d{1,2}$"
_ZEROS: Final = r"(?:\.0*|,0{1,2})$"
_BLANKS: Final = r"[\s\p{Cc}\u{200b}\u{200e}\u{200f}\u{feff}\u{00a0}]+"


@dataclass(frozen=True)
class Plain:
    """Ids as text, whole numbers written in digits alone.

    Attributes:
        values: String [n_rows].
        pointed: How many lost a ".0".
        exponents: How many were written as 1E+05.
        rounded: How many are so large that the float they went through may stand for another id.
    """

    values: pl.Series
    pointed: int = 0
    exponents: int = 0
    rounded: int = 0


def plain_ids(ids: pl.Series, counts: pl.Series | None = None) -> Plain:
    """Ids that are all whole numbers, some of them written as 42.0, 42,0 or 1E+05, in digits alone;
    any others as they are.

    In a column with a single id that is no number, "1.0" may be a name of its own and stays.

    Args:
        ids: String [n_rows], null where missing.
        counts: Int64 [n_rows], how often each comes, for what is counted; None: once.

    >>> plain_ids(pl.Series(["1", "-2.0", "1E+05"])).values.to_list()
    ['1', '-2', '100000']
    >>> plain_ids(pl.Series(["1.0", "x"])).values.to_list()
    ['1.0', 'x']
    """
    text = ids.str.strip_chars()
    pointed = text.str.contains(_POINT).fill_null(False)
    exponents = text.str.contains(_EXPONENT).fill_null(False)
    if not (pointed | exponents).any():
        return Plain(ids)
    if not (pointed | exponents | text.str.contains(_WHOLE).fill_null(True)).all():
        return Plain(ids)
    digits = text.str.replace(_ZEROS, "")
    written = {value: _expanded(value) for value in digits.filter(exponents).unique().to_list()}
    # a rounded number with fewer digits than its exponent asks for stands for many ids
    kept = digits.replace(written) if written else digits
    large = pointed & (kept.str.strip_chars_start("+-").str.len_chars() >= 16)
    beyond = (kept.filter(large).cast(pl.Int128, strict=False).abs() > EXACT).fill_null(True)
    if counts is None:
        counts = pl.Series([1], dtype=pl.Int64).new_from_index(0, len(ids))
    rounded = counts.filter(large).filter(beyond)
    pointed_rows, exponent_rows = (counts.filter(rows) for rows in (pointed, exponents))
    return Plain(kept, *(int(n.sum()) for n in (pointed_rows, exponent_rows, rounded)))


def alike(ids: pl.Series, spellings: Sequence[Spelling]) -> pl.Series:
    """Ids without the differences in writing that are named, e.g. "001" as "1".

    Args:
        ids: String [n_rows].
        spellings: What does not count.

    >>> alike(pl.Series(["007", "Ab "]), ["leading-zeros", "case", "blanks"]).to_list()
    ['7', 'ab']
    """
    for name in SPELLINGS:
        if name in spellings:
            ids = SPELLINGS[name].canonical(ids)
    return ids


@dataclass(frozen=True)
class Way:
    """One difference in writing.

    Attributes:
        words: What it is, as the end of "they differ in ...".
        canonical: String [n] -> String [n] without it.
    """

    words: str
    canonical: Callable[[pl.Series], pl.Series]


SPELLINGS: Final[Mapping[Spelling, Way]] = {
    "blanks": Way(
        "blanks or characters that no eye sees", lambda ids: ids.str.replace_all(_BLANKS, "")
    ),
    "forms": Way(
        "the form of their characters (accents, full width)",
        lambda ids: with_plain_digits(ids.str.normalize("NFKC")),
    ),
    "case": Way("capitals", lambda ids: ids.str.to_lowercase()),
    "leading-zeros": Way(
        "leading zeros", lambda ids: ids.str.replace(r"^([+-]?)0+(\d)", "${1}${2}")
    ),
}
"""Differences that the settings can leave out of account."""

_NEVER_TELL: Final[tuple[Spelling, ...]] = ("blanks", "forms")
"""Differences that no one makes on purpose between the ids of one log."""

_NUMBERS: Final = Way(
    "being written as numbers with a point or an exponent",
    lambda ids: pl.Series(
        ids.name, [_expanded(re.sub(_ZEROS, "", v)) for v in ids.to_list()], dtype=pl.String
    ),
)


@dataclass(frozen=True)
class Apart:
    """Ids of two sources that meet once a difference in writing does not count.

    Attributes:
        words: What the difference is.
        spellings: What the settings can leave out of account; empty where they cannot.
        pairs: Each id of the first source with the one of the second that it becomes.
        safe: Whether no two ids of one source become the same; blanks and the form of characters
            are never what tells two ids of the first apart.
    """

    words: str
    spellings: tuple[Spelling, ...]
    pairs: tuple[tuple[str, str], ...]
    safe: bool


def apart(wanted: pl.Series, known: pl.Series) -> Apart | None:
    """Why ids are not known that should be; None where no difference in writing explains it.

    Args:
        wanted: String, the different ids of one source.
        known: String, the different ids of the other.

    >>> apart(pl.Series(["001", "002"]), pl.Series(["1", "2"])).pairs
    (('001', '1'), ('002', '2'))
    """
    unmatched = wanted.filter(~wanted.is_in(known.implode()))
    if not len(unmatched) or not len(known):
        return None
    best: Apart | None = None
    singles: list[tuple[str, tuple[Spelling, ...], Callable[[pl.Series], pl.Series]]] = [
        (way.words, (name,), way.canonical) for name, way in SPELLINGS.items()
    ]
    singles.append((_NUMBERS.words, (), _NUMBERS.canonical))
    names = _needed(unmatched, known)
    several = " and ".join(SPELLINGS[name].words for name in names)
    singles.append((several, names, lambda ids: alike(ids, names)))
    plainly = alike(wanted, _NEVER_TELL).unique()
    for words, spellings, canonical in singles:
        pairs = _meeting(unmatched, known, canonical)
        if pairs and (best is None or len(pairs) > len(best.pairs)):
            safe = all(canonical(ids).n_unique() == ids.n_unique() for ids in (plainly, known))
            best = Apart(words, spellings, pairs, safe)
    return best


def _needed(wanted: pl.Series, known: pl.Series) -> tuple[Spelling, ...]:
    """The fewest differences without which as many ids meet as without all of them."""
    names = tuple(SPELLINGS)
    most = len(_meeting(wanted, known, lambda ids: alike(ids, names)))
    for name in reversed(names):
        fewer = tuple(other for other in names if other != name)
        if len(_meeting(wanted, known, partial(alike, spellings=fewer))) == most:
            names = fewer
    return names


def _meeting(
    unmatched: pl.Series, known: pl.Series, canonical: Callable[[pl.Series], pl.Series]
) -> tuple[tuple[str, str], ...]:
    there = pl.DataFrame({"known": known, "key": canonical(known)}).unique("key", keep="first")
    wanted = pl.DataFrame({"wanted": unmatched, "key": canonical(unmatched)})
    met = wanted.join(there, on="key", how="inner", maintain_order="left")
    return tuple(met.select("wanted", "known").iter_rows())


def _expanded(value: str) -> str:
    """`1.5E+03` as 1500; anything else as it is."""
    if not re.fullmatch(_EXPONENT, value):
        return value
    mantissa, exponent = re.split("[eE]", value)
    whole, _, fraction = mantissa.replace(",", ".").partition(".")
    n = int(exponent)
    return value if len(fraction) > n else whole + fraction.ljust(n, "0")
