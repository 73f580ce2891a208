"""Requests for lists of every kind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, TypeAlias, get_args

import numpy as np
from service.shop import WORDS

Kind: TypeAlias = Literal["recommend", "rank", "similar", "search"]
KINDS: tuple[Kind, ...] = get_args(Kind)


class Wanted(NamedTuple):
    """One request.

    Attributes:
        kind: Of list.
        method: Of HTTP.
        path: Of the route.
        body: Of the request; None for nothing.
    """

    kind: Kind
    method: str
    path: str
    body: Any


class Shop(NamedTuple):
    """What requests are made of.

    Attributes:
        items: Ids of items.
        users: Ids of people.
        words: What is searched for.
    """

    items: Sequence[str]
    users: Sequence[str]
    words: Sequence[str] = WORDS


def wanted(rng: np.random.Generator, shop: Shop, kind: Kind | None = None, k: int = 20) -> Wanted:
    """A request of that kind, or of any."""
    kind = KINDS[int(rng.integers(len(KINDS)))] if kind is None else kind
    user = str(rng.choice(shop.users))
    if kind == "recommend":
        body: Any = {"user": user, "k": k, "explain": False}
        return Wanted(kind, "POST", "/v1/recommendations", body)
    if kind == "rank":
        some = rng.choice(shop.items, min(50, len(shop.items)), replace=False).tolist()
        body = {"user": user, "candidates": some, "explain": False}
        return Wanted(kind, "POST", "/v1/rank", body)
    if kind == "similar":
        path = f"/v1/items/{rng.choice(shop.items)}/similar?k={k}&explain=false"
        return Wanted(kind, "GET", path, None)
    text = " ".join(rng.choice(shop.words, 2).tolist())
    return Wanted(kind, "POST", "/v1/search", {"text": text, "k": k, "explain": False})
