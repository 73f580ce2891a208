"""What a connection may cost: a bound on the bytes and the time of a request's head, on how long an
answer may lie unread, and on how many connections there are.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final, final

from uvicorn.protocols.http.auto import AutoHTTPProtocol

from palate.serve.http.whole_requests import whole_request
from palate.serve.settings import Limits

LINGER_SECONDS: Final = 2.0
MOST_LINGERED: Final = 64_000_000
"""Bytes that are thrown away behind a refusal, at most."""
HEARD_SECONDS: Final = 10.0
"""For how long at most a connection may be answered without the server behind it."""
_OVERHEAD: Final = 8
"""Bytes that a body may take on the wire for one of its own, in chunks of any size."""


@final
class Connections:
    """All connections of a service.

    Args:
        limits: Of each of them, and of their number.
        refused: Gives the answer to a POST to a path that is refused unread, as it is sent; None
            where it is to be read.

    Attributes:
        every: Those that are open, oldest first.
    """

    def __init__(
        self, limits: Limits, refused: Callable[[bytes], bytes | None] = lambda path: None
    ) -> None:
        self.limits, self.refused = limits, refused
        self.every: dict[BoundedConnection, None] = {}

    def made(self, **uvicorn: Any) -> BoundedConnection:
        """A connection, as uvicorn asks for one."""
        return BoundedConnection(self, AutoHTTPProtocol(**uvicorn))

    def add(self, one: BoundedConnection) -> None:
        """One more. Where there are too many, the oldest ends on which nothing is being answered:
        who opens many loses those, and others get in.
        """
        self.every[one] = None
        if len(self.every) > self.limits.connections:
            next((other for other in self.every if other.idle), one).abort()


@final
class BoundedConnection(asyncio.Protocol):
    """A connection that uvicorn serves, within limits.

    Args:
        all_of_them: The others.
        served: What uvicorn makes of it.
    """

    def __init__(self, all_of_them: Connections, served: Any) -> None:
        self._all, self._served, self._limits = all_of_them, served, all_of_them.limits
        self._loop = asyncio.get_running_loop()
        self._transport: Any = None
        self._timer: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None
        self._bytes = 0
        self._heard = self._loop.time()
        self._between = True  # all that came before were whole requests
        self._lingers = self._lost = False

    @property
    def idle(self) -> bool:
        """Whether no request is being answered."""
        cycle = self._served.cycle
        return cycle is None or bool(cycle.response_complete)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is there, and has to say what it wants."""
        self._transport = transport
        self._await_head()
        self._served.connection_made(_Lingering(transport, self))
        self._all.add(self)

    def data_received(self, data: bytes) -> None:
        """Pass on what came, and count it."""
        self._bytes += len(data)
        if self._lingers:
            if self._bytes > MOST_LINGERED:
                self.abort()
            return
        if self._refused(data):
            return
        before = self._served.cycle
        in_head = before is None or not before.more_body
        if in_head and self._timer is None:
            self._await_head()
        self._served.data_received(data)
        now = self._served.cycle
        if now is not before or (now is not None and not in_head and not now.more_body):
            self._bytes = 0
            self._head_is_there()
        elif in_head and self._bytes > self._limits.head_bytes:
            self._refuse(b"431 Request Header Fields Too Large")
        elif self._bytes > self._limits.head_bytes + _OVERHEAD * self._limits.body_bytes:
            self.abort()

    def eof_received(self) -> None:
        """The client sends no more."""
        self._served.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone."""
        self._lost = True
        self._all.every.pop(self, None)
        self._head_is_there()
        self.resume_writing()
        self._served.connection_lost(exc)

    def pause_writing(self) -> None:
        """The client does not read what it asked for."""
        self._served.pause_writing()
        self._unread = self._loop.call_later(self._limits.unread_seconds, self.abort)

    def resume_writing(self) -> None:
        """It reads again."""
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None
        self._served.resume_writing()

    def abort(self) -> None:
        """End it at once."""
        self._transport.abort()

    def linger(self) -> bool:
        """Whether it is closed in steps: a body that is still being sent would make the client's
        system forget the answer, which says why it is not wanted. So no more is written, and what
        comes is thrown away for a moment.
        """
        cycle = self._served.cycle
        if (
            self._lost
            or cycle is None
            or not cycle.more_body
            or not self._transport.can_write_eof()
        ):
            return self._lingers
        if not self._lingers:
            self._lingers, self._bytes = True, 0
            self._transport.write_eof()
            self._transport.resume_reading()
            self._loop.call_later(LINGER_SECONDS, self.abort)
        return True

    def _refused(self, data: bytes) -> bool:
        """Whether the bytes were a request that is refused unread, and were answered so.

        The server behind ends a connection that it has not heard of for a while, so it has to hear
        of one that goes on asking.
        """
        request = whole_request(data) if self._between else None
        self._between = request is not None
        cycle, now = self._served.cycle, self._loop.time()
        free = cycle is None or (cycle.response_complete and not cycle.more_body)
        answer = None
        if request is not None and request.method == b"POST" and free:
            answer = self._all.refused(request.path) if now < self._heard + HEARD_SECONDS else None
        if answer is None:
            self._heard = now
            return False
        self._bytes = 0
        self._head_is_there()
        self._transport.write(answer)
        return True

    def _await_head(self) -> None:
        self._timer = self._loop.call_later(self._limits.head_seconds, self.abort)

    def _head_is_there(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _refuse(self, status: bytes) -> None:
        self._transport.write(
            b"HTTP/1.1 " + status + b"\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
        )
        self._transport.close()


class _Lingering:
    """A transport that is closed as its connection says."""

    def __init__(self, transport: Any, connection: BoundedConnection) -> None:
        self._transport, self._connection = transport, connection

    def close(self) -> None:
        """Close it, at once or in steps."""
        if not self._connection.linger():
            self._transport.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
