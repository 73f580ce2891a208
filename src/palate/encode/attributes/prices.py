"""What tokens cost at services that many use, by a dated table, and up to when their models know
the world. A recipe may say otherwise, and goes first.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

_THIS_MACHINE: Final = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True)
class Price:
    """Of one model.

    Attributes:
        model: Its name.
        input: Of a million tokens that it reads, in US dollars in the table.
        output: Of a million tokens that it writes.
        date: When this was so; empty where a recipe says it.
        knows_until: Last day of the texts that it learnt from; empty where it is not known.
    """

    model: str
    input: float
    output: float
    date: str = ""
    knows_until: str = ""


def price_for(model: str, host: str = "") -> Price | None:
    """The price of a model; nothing on this machine, and None where the table does not know it.

    A name with a date at its end, or after the name of a house (`house/model`), is looked up
    without them too.

    >>> price_for("anything", "127.0.0.1").input
    0.0
    """
    if host in _THIS_MACHINE:
        return Price(model, 0.0, 0.0)
    table = _table()
    plain = model.rpartition("/")[2]
    for name in (model, plain, *_without_date(plain)):
        if name in table:
            return table[name]
    return None


@cache
def _table() -> dict[str, Price]:
    text = resources.files(__package__).joinpath("prices.json").read_text(encoding="utf-8")
    listed: dict[str, Any] = json.loads(text)
    return {
        name: Price(name, row["input"], row["output"], listed["date"], row.get("knows_until", ""))
        for name, row in listed["models"].items()
    }


def _without_date(model: str) -> list[str]:
    """A model's name without the pieces of a date at its end, one by one."""
    found: list[str] = []
    while True:
        head, _, tail = model.rpartition("-")
        if not head or not tail.isdigit() or len(tail) < 2:
            return found
        found.append(head)
        model = head
