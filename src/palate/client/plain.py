"""Replies as plain values."""

from __future__ import annotations

from typing import Any

import msgspec


def plain(reply: msgspec.Struct) -> Any:
    """Dictionaries, lists and numbers, as the service sent them.

    >>> from palate.client import EventBody
    >>> plain(EventBody("u", "i"))["user"]
    'u'
    """
    return msgspec.to_builtins(reply)
