"""A list as it was served, and as bytes."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

import msgspec
import numpy as np
from msgspec import Struct

Kind: TypeAlias = Literal["recommend", "rank", "similar"]
"""Which question the list was an answer to."""

DIGEST_BYTES: Final = 16
_FLOAT: Final = np.dtype("<f8")


class ServedItem(Struct, frozen=True, gc=False):
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


class ServedList(Struct, frozen=True, array_like=True):
    """A list as it was served; its items stand in columns, since most of what is kept are these.

    Attributes:
        request: Its `request_id`.
        time: Seconds since 1970.
        kind: What it was an answer to.
        user: Whose; empty for no one in particular.
        model: What made it.
        run: Name of the run behind the model.
        blocks: The blocks that the model reads.
        ids: Of the items, best first.
        first: Position of the first one.
        scores: float64 [n_items], little-endian.
        propensities: float64 [n_items], little-endian.
        sources: What put each item there; one for all where they are the same.
        features: Of each item the digests of its rows in the blocks, one after the other; see
            `ServedItem`.
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
    ids: tuple[str, ...]
    first: int
    scores: bytes
    propensities: bytes
    sources: tuple[str, ...]
    features: tuple[bytes, ...]
    history: tuple[str, ...] | None = None
    degraded: bool = False

    @property
    def items(self) -> tuple[ServedItem, ...]:
        """Best first."""
        n = len(self.ids)
        return tuple(
            ServedItem(item, self.first + number, score, propensity, source, digests_in(features))
            for number, (item, score, propensity, source, features) in enumerate(
                zip(
                    self.ids,
                    np.frombuffer(self.scores, _FLOAT).tolist(),
                    np.frombuffer(self.propensities, _FLOAT).tolist(),
                    self.sources if len(self.sources) == n else self.sources * n,
                    self.features,
                    strict=True,
                )
            )
        )


def digests_in(joined: bytes) -> tuple[bytes, ...]:
    """Digests that stand one after the other.

    >>> digests_in(b"a" * 16 + b"b" * 16) == (b"a" * 16, b"b" * 16)
    True
    """
    starts = range(0, len(joined), DIGEST_BYTES)
    return tuple(joined[start : start + DIGEST_BYTES] for start in starts)


def column(numbers: list[float]) -> bytes:
    """float64, little-endian."""
    return np.array(numbers, _FLOAT).tobytes()


def encoded(served: ServedList) -> bytes:
    """As it is kept."""
    return msgspec.msgpack.encode(served)


def decoded(body: bytes) -> ServedList:
    """What `encoded` gave, now or before items stood in columns.

    Raises:
        msgspec.MsgspecError: The bytes are no list.
    """
    if body[:1] and body[0] & 0xF0 == _MAP:
        return _of_before(msgspec.msgpack.decode(body, type=_ListBefore))
    return msgspec.msgpack.decode(body, type=ServedList)


_MAP: Final = 0x80
"""The first four bits of a small map: a list was kept as one, each item too."""


class _ListBefore(Struct):
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


def _of_before(one: _ListBefore) -> ServedList:
    return ServedList(
        one.request,
        one.time,
        one.kind,
        one.user,
        one.model,
        one.run,
        one.blocks,
        tuple(item.item for item in one.items),
        one.items[0].position if one.items else 1,
        column([item.score for item in one.items]),
        column([item.propensity for item in one.items]),
        tuple(item.source for item in one.items),
        tuple(b"".join(item.features) for item in one.items),
        one.history,
        one.degraded,
    )
