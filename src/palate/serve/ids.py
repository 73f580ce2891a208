"""Ids that are given to answers, requests and nameless events."""

from __future__ import annotations

import os


def new_id() -> str:
    """32 hexadecimal digits that no one can guess.

    >>> len(new_id()), new_id() == new_id()
    (32, False)
    """
    return os.urandom(16).hex()
