"""How a socket stops listening without throwing out who has come in already."""

from __future__ import annotations

import ctypes
import socket
import struct
import sys
from contextlib import suppress
from typing import Final

_ATTACH_FILTER: Final = 26  # SO_ATTACH_FILTER of Linux, which Python has no name for
_DROP_ALL: Final = struct.pack("HBBI", 6, 0, 0, 0)  # one instruction: return 0, keep nothing


def let_in_no_more(listening: socket.socket) -> None:
    """Let no one new come, while those who are connected and wait can still be accepted.

    A socket that is closed resets them, and one that goes on listening is never without them. On
    Linux a filter drops the packets of who comes from now on: their system tries again, and finds
    that nothing listens. Elsewhere it changes nothing.
    """
    if sys.platform != "linux":
        return
    program = ctypes.create_string_buffer(_DROP_ALL, len(_DROP_ALL))
    with suppress(OSError):
        listening.setsockopt(
            socket.SOL_SOCKET, _ATTACH_FILTER, struct.pack("HP", 1, ctypes.addressof(program))
        )
