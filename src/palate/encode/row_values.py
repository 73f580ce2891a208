"""What a row of the cache may be: a vector, a text, or a record of plain values."""

from __future__ import annotations

import json
from typing import Any, Protocol, TypeVar, final

import numpy as np

from palate.arrays import Floats
from palate.errors import BadInput

V = TypeVar("V")


class ValueKind(Protocol[V]):
    """How values of one kind become bytes and come back.

    `decode(encode(value))` equals the value, bit for bit; equal values give equal bytes.
    """

    @property
    def name(self) -> str:
        """What the table's file says it holds; never another kind's."""
        ...

    def encode(self, value: V) -> bytes:
        """The value's bytes. Raises BadInput for a value of another kind."""
        ...

    def decode(self, blob: bytes) -> V:
        """The value again. Raises ValueError for bytes that `encode` does not give."""
        ...


@final
class VectorKind:
    """float32 [d], of any d."""

    name = "vector"

    def encode(self, value: Floats) -> bytes:
        """Little-endian float32 numbers, one after the other."""
        try:
            return np.ascontiguousarray(value, "<f4").tobytes()
        except (TypeError, ValueError) as cause:
            raise _of_another_kind(value, self.name, "an array of numbers") from cause

    def decode(self, blob: bytes) -> Floats:
        """The numbers, read-only."""
        return np.frombuffer(blob, "<f4")


@final
class TextKind:
    """A text, of any characters that Python can hold."""

    name = "text"

    def encode(self, value: str) -> bytes:
        """UTF-8; lone surrogates (names of files have them) are kept."""
        if not isinstance(value, str):
            raise _of_another_kind(value, self.name, "str")
        return value.encode("utf-8", "surrogatepass")

    def decode(self, blob: bytes) -> str:
        """The text."""
        return blob.decode("utf-8", "surrogatepass")


@final
class RecordKind:
    """A value that JSON holds exactly: what a language model says of an item, for example."""

    name = "record"

    def encode(self, value: Any) -> bytes:
        """JSON without blanks, keys in order."""
        try:
            text = json.dumps(
                value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
            )
            # A tuple, or a number as a key, would come back as something else.
            exact = json.loads(text) == value
        except (TypeError, ValueError, RecursionError) as cause:
            raise _of_another_kind(value, self.name, _PLAIN) from cause
        if not exact:
            raise _of_another_kind(value, self.name, _PLAIN)
        return text.encode("utf-8", "surrogatepass")

    def decode(self, blob: bytes) -> Any:
        """The value."""
        return json.loads(blob.decode("utf-8", "surrogatepass"))


_PLAIN = "None, bool, finite numbers, str, list, and dict with str as keys"

VECTOR = VectorKind()
TEXT = TextKind()
RECORD = RecordKind()


def _of_another_kind(value: object, kind: str, allowed: str) -> BadInput:
    return BadInput(
        f"a {type(value).__name__} cannot be kept as a {kind}",
        where="row cache",
        allowed=allowed,
        next_step="open the table with the kind of its values",
    )
