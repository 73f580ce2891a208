"""How a block's numbers enter a choice: as they are, packed by a codec, or on the wrong items."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Stored:
    """As they are."""


@dataclass(frozen=True)
class Packed:
    """In fewer bytes, by the part of this versioned name, e.g. `storage.int8.v1`."""

    codec: str


@dataclass(frozen=True)
class Permuted:
    """As they are, but each row handed to another item: an impostor; `draw` is its number."""

    draw: int


Storage: TypeAlias = Stored | Packed | Permuted
Choice: TypeAlias = Mapping[str, Storage]
"""Block -> how its numbers enter."""

STORED = Stored()


def codec_name(storage: Storage) -> str:
    """The codec as results and recipes write it; empty where the numbers stay as they are."""
    return storage.codec if isinstance(storage, Packed) else ""
