"""Names of columns, compared without capitals, blanks, dashes and accents."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Final

from palate.tables.columns import (
    ACTION,
    ALIASES,
    ITEM,
    POSITION,
    PROPENSITY,
    REQUEST,
    TIME,
    USER,
    VALUE,
)
from palate.tables.foreign_columns import FOREIGN

WORDS = {
    USER: "user",
    ITEM: "item",
    VALUE: "value",
    TIME: "time",
    ACTION: "action",
    REQUEST: "request",
    POSITION: "position",
    PROPENSITY: "propensity",
}
"""Canonical name -> what messages call it."""


_UNIT: Final = re.compile(r"\s*(\([^()]*\)|\[[^\[\]]*\])\s*$")
"""A unit or the like behind a name."""


def names_event(column: str) -> bool:
    """Whether a column is called like the time or the value of an event, in any language.

    >>> names_event("下单时间"), names_event("Created at"), names_event("price")
    (True, True, False)
    """
    return any(
        compact(column) in order_of((*ALIASES[role], *FOREIGN[role])) for role in (TIME, VALUE)
    )


@cache
def compact(name: str) -> str:
    """A name without capitals, blanks, dashes and accents, in any script, and without a unit in
    brackets at its end.

    >>> compact("Weight (kg)"), compact("Prénom"), compact("(id)")
    ('weight', 'prenom', 'id')
    """
    plain = unicodedata.normalize("NFKD", name.casefold())
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    return _bare(_UNIT.sub("", plain)) or _bare(plain)


def _bare(text: str) -> str:
    return re.sub(r"[\W_]", "", text)


@cache
def order_of(names: tuple[str, ...]) -> dict[str, int]:
    """Compact name -> its place among the names."""
    return {compact(name): place for place, name in reversed(list(enumerate(names)))}
