"""From the bytes of an answer to typed values."""

from __future__ import annotations

from typing import TypeVar, cast

from palate.optional import need

T = TypeVar("T")


def decoded(content: bytes, kind: type[T]) -> T:
    """The JSON of an answer as a value of a frozen dataclass; keys that it does not have are left
    out.

    Raises:
        ValueError: It is not such JSON.
        MissingExtra: msgspec is not installed.
    """
    msgspec = need("msgspec", extra="attributes", purpose="read the answers of an endpoint")
    try:
        return cast(T, msgspec.json.decode(content, type=kind))
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as cause:
        raise ValueError(f"the answer is not what such an endpoint gives: {cause}") from cause
