"""A list as it was served."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from msgspec import Struct

Kind: TypeAlias = Literal["recommend", "rank", "similar"]
"""Which question the list was an answer to."""


class ServedItem(Struct, frozen=True):
    """An item of a list.

    Attributes:
        item: Its id.
        position: From 1 on.
        score: As it was answered.
        propensity: As it was answered.
        source: What put it there.
        features: Digest of its row in each block of the list; empty where it is not certain which
            rows they were: the item was being changed.
    """

    item: str
    position: int
    score: float
    propensity: float
    source: str
    features: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class ServedList:
    """A list as it was served.

    Attributes:
        request: Its `request_id`.
        time: Seconds since 1970.
        kind: What it was an answer to.
        user: Whose; empty for no one in particular.
        model: What made it.
        run: Name of the run behind the model.
        blocks: The blocks that the model reads.
        items: Best first.
        history: Items that the request gave as history; None where the user's own was taken.
        degraded: Whether it was a substitute.
    """

    request: str
    time: int
    kind: Kind
    user: str
    model: str
    run: str
    blocks: tuple[str, ...]
    items: tuple[ServedItem, ...]
    history: tuple[str, ...] | None = None
    degraded: bool = False
