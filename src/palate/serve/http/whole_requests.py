"""Requests that are there as a whole, recognised at a glance."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

_HEAD: Final = re.compile(rb"([A-Z]+) (/\S*) HTTP/1\.1\r\n((?:[!-9;-~]+:[^\r\n]*\r\n)*)\r\n")
_LENGTH: Final = re.compile(rb"^content-length:[ \t]*([0-9]{1,9})[ \t]*\r$", re.MULTILINE)
_OTHERWISE: Final = re.compile(
    rb"^(?:content-length|transfer-encoding|connection|expect|upgrade):", re.MULTILINE
)
"""Headers that say where a request ends or what follows it."""


class WholeRequest(NamedTuple):
    """A request of HTTP 1.1.

    Attributes:
        method: In capitals.
        path: As it was sent, with its query.
    """

    method: bytes
    path: bytes


def whole_request(data: bytes) -> WholeRequest | None:
    r"""What some bytes are, if they are one simple request from its first byte to its last; all
    else is None, and for a parser to see.

    >>> whole_request(b"POST /a HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}")
    WholeRequest(method=b'POST', path=b'/a')
    >>> whole_request(b"POST /a HTTP/1.1\r\nContent-Length: 2\r\n\r\n{")
    """
    head = _HEAD.match(data)
    if head is None:
        return None
    headers = head[3].lower()
    special = len(_OTHERWISE.findall(headers))
    lengths = _LENGTH.findall(headers)
    if special > 1 or special != len(lengths):
        return None
    length = int(lengths[0]) if lengths else 0
    return WholeRequest(head[1], head[2]) if len(data) == head.end() + length else None
