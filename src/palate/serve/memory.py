"""Memory that goes back to the system."""

from __future__ import annotations

import ctypes
from contextlib import suppress


def give_back() -> None:
    """Hand pages that hold nothing any more to the system, where the C library is glibc.

    A model that learns replaces arrays of some megabytes again and again, each a little larger than
    the one before, so that the holes they leave are never filled: after half a million events they
    were as large as all that was learnt.

    Cost: some milliseconds for each 100 MB of holes; other threads wait when they allocate.
    """
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)
