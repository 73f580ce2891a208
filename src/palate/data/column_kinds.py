"""Names of columns that say what kind of thing an id names: `product`, `StockCode`, `dish_name`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import polars as pl

from palate.data.column_values import may_be
from palate.data.table import Table
from palate.tables.columns import ITEM, USER

KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    USER: (
        *("user", "customer", "reviewer", "client", "consumer", "member", "visitor", "buyer"),
        *("shopper", "subscriber", "reader", "listener", "viewer", "player", "guest", "patient"),
        *("student", "person", "household", "email", "mail", "voter", "rater", "passenger"),
        *("donor", "learner", "follower", "borrower"),
    ),
    ITEM: (
        *("item", "product", "article", "sku", "stock", "good", "goods", "merchandise", "offer"),
        *("dish", "meal", "food", "restaurant", "store", "shop", "venue", "place", "hotel"),
        *("movie", "film", "book", "song", "track", "artist", "album", "video", "anime", "game"),
        *("recipe", "course", "app", "ad", "advert", "coupon", "listing", "property", "job"),
        *("news", "podcast", "episode", "beer", "wine", "perfume", "joke"),
        *("ean", "gtin", "upc"),
    ),
}
"""What users and items are called."""

_IDS: Final = (
    "id",
    "sku",
    "code",
    "key",
    "no",
    "nr",
    "num",
    "number",
    "index",
    "idx",
    "uuid",
    "hash",
)
_NAMES: Final = ("name", "title", "email", "mail")
_JOINED: Final = re.compile(
    rf"({'|'.join((*KINDS[USER], *KINDS[ITEM]))})({'|'.join((*_IDS, *_NAMES))})"
)
"""Two words in one, such as "itemname"."""

_NOT_ALONE: Final = frozenset({"stock", "place", "food", "good", "property", "app"})
_DONE: Final = frozenset(
    {
        *("click", "clicked", "view", "viewed", "bought", "purchased", "ordered", "rated"),
        *("watched", "read", "played", "target", "billing", "lineitem", "variant"),
    }
)
_AS_ID, _OF_MORE, _ALONE, _AS_NAME = 0, 1, 2, 3
_LONGEST_NAME: Final = 100
_MOSTLY_UNIQUE: Final = 0.9
_FAR_MORE: Final = 5


def by_kind(table: Table, role: str, free: list[str], *, unique: bool = False) -> list[str]:
    """The columns whose names say that they name a user or an item, and whose values can; only the
    best way of saying so counts: `product_id` before `line_item_product_id` before `product` before
    `product_name`.

    Args:
        table: The table.
        role: USER or ITEM.
        free: Its columns that have no role yet.
        unique: Whether the ids must tell rows apart, as in a catalogue; in a log they come again.
    """
    fits = [c for c in free if c not in table.objects and _names_things(table.first[c], unique)]
    graded = [(grade, c) for c in fits if (grade := _grade(c, role)) is not None]
    best = min((grade for grade, _ in graded), default=None)
    named = [c for grade, c in graded if grade == best]
    return named if unique else [c for c in named if not _are_few(table, role, c, named)]


def fits_role(table: Table, role: str, column: str, free: list[str]) -> bool:
    """Whether a column of a foreign name can have the role that it says: most of its values can be
    read, and of users no other column that says so tells far more apart. A "client" may be a
    program, too, and a "member" a kind of membership.

    Args:
        table: The log.
        role: Any role.
        column: The column.
        free: The columns that have no role yet.
    """
    others = by_kind(table, role, free) if role == USER else []
    return may_be(role, table.first[column]) and not _are_few(table, role, column, others)


def _are_few(table: Table, role: str, column: str, others: list[str]) -> bool:
    if role != USER:  # of items the fewer may be meant, as of restaurants beside their dishes
        return False
    own = _FAR_MORE * table.first[column].n_unique()
    return any(table.first[other].n_unique() > own for other in others if other != column)


def is_id_by_name(name: str) -> bool:
    """Whether the last word of a column's name says that its values are ids.

    >>> is_id_by_name("film_id"), is_id_by_name("orderNumber"), is_id_by_name("paid")
    (True, True, False)
    """
    words = _words(name)
    return bool(words) and words[-1] in (*_IDS, "ids")


def _words(name: str) -> list[str]:
    one = re.sub(r"(?i)e[ _-]mail", "email", name)
    words = [w.lower() for w in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+", one)]
    joined = _JOINED.fullmatch(words[0]) if len(words) == 1 else None
    return list(joined.groups()) if joined else words


def _grade(name: str, role: str) -> int | None:
    """How well a name says it, 0 best; None if it does not."""
    words = _words(name)
    if len(words) > 1 and words[0] in _DONE:
        words = words[1:]
    if len(words) > 2 and words[-2] in KINDS[role] and words[-1] in _IDS:
        return _OF_MORE
    kind, rest = words[:1], words[1:]
    if not kind or kind[0] not in KINDS[role]:
        return None
    if not rest:
        return None if kind[0] in _NOT_ALONE else _ALONE
    if len(rest) > 1:
        return None
    return _AS_ID if rest[0] in _IDS else _AS_NAME if rest[0] in _NAMES else None


def _names_things(values: pl.Series, unique: bool) -> bool:
    given = values.drop_nulls()
    if given.dtype.is_float() and bool((given == given.floor()).all()):
        given = given.cast(pl.Int64, strict=False)  # as tools write ids beside empty cells
    if not (given.dtype.is_integer() or given.dtype in (pl.String, pl.Categorical, pl.Enum)):
        return False
    different = given.n_unique()
    # rows without an id continue the one above, as further pictures of a product do
    few = different < _MOSTLY_UNIQUE * len(given) or 2 * len(given) < len(values)
    if different < 2 or (unique and few):
        return False
    if not unique and different == len(given):
        return False
    # a review is no name
    return given.dtype != pl.String or int(str(given.str.len_chars().max())) <= _LONGEST_NAME
