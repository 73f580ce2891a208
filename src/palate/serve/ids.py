"""Ids that are given to answers, requests and nameless events."""

from __future__ import annotations

import os
from collections import deque
from typing import Final

_BYTES: Final = 16
_DRAWN: Final = 256
"""Ids whose bytes are drawn together. Each draw lets go of the interpreter, and gets it back when
another thread has had its turn: so one is not made for every answer.
"""

_left: Final[deque[str]] = deque()


def new_id() -> str:
    """32 hexadecimal digits that no one can guess; several threads may call at a time.

    >>> len(new_id()), new_id() == new_id()
    (32, False)
    """
    try:
        return _left.popleft()
    except IndexError:
        drawn = os.urandom(_BYTES * _DRAWN).hex()
        width = 2 * _BYTES
        _left.extend(drawn[at : at + width] for at in range(width, len(drawn), width))
        return drawn[:width]


if hasattr(os, "register_at_fork"):  # two processes must not give one id
    os.register_at_fork(after_in_child=_left.clear)
