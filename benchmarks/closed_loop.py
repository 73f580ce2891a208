"""Clients in a closed loop, in a process of their own: each sends when it has its answer. So light
that what is measured is the service and not who asks: one event loop, requests written beforehand.

    python benchmarks/closed_loop.py        reads a `Load` as JSON, writes a `Timed` as JSON
"""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

_END_OF_HEAD: Final = b"\r\n\r\n"
_LENGTH: Final = b"content-length: "


class Load(msgspec.Struct):
    """What is asked.

    Attributes:
        host: Where the service is.
        port: Where the service is.
        requests: Path and body of each request; the clients take them in turn, from the beginning
            again when all were sent.
        clients: How many ask at a time.
        seconds: How long.
    """

    host: str
    port: int
    requests: list[tuple[str, str]]
    clients: int
    seconds: float


class Timed(msgspec.Struct):
    """How it went.

    Attributes:
        milliseconds: Of each answer, in the order in which they came.
        seconds: How long all of it took.
        failed: Answers that were no success, by status.
    """

    milliseconds: list[float]
    seconds: float
    failed: dict[int, int] = {}

    def percentile(self, share: float) -> float:
        """Milliseconds below which so large a share of the answers lies."""
        ordered = sorted(self.milliseconds)
        return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


def closed_loop(
    address: str,
    clients: int,
    seconds: float,
    requests: Sequence[tuple[str, Any]],
    within: Sequence[str] = (),
) -> Timed:
    """So many clients, each of which asks again when it has its answer.

    Args:
        address: Of the service, http://HOST:PORT.
        clients: How many.
        seconds: How long.
        requests: Path and body of each; the clients take them in turn.
        within: Words of a command that the process of the clients is started by.
    """
    host, port = address.removeprefix("http://").rsplit(":", 1)
    written = [(path, msgspec.json.encode(body).decode()) for path, body in requests]
    load = Load(host, int(port), written, clients, seconds)
    with tempfile.TemporaryFile() as answer:  # a pipe was found cut off at 128 KiB now and then
        subprocess.run(
            [*within, sys.executable, str(Path(__file__).resolve())],
            input=msgspec.json.encode(load),
            stdout=answer,
            check=True,
        )
        answer.seek(0)
        timed = msgspec.json.decode(answer.read(), type=Timed)
    if timed.failed:
        raise RuntimeError(f"answers that were no success, by status: {timed.failed}")
    return timed


class _Clients:
    """All clients together: what is sent next, and what came."""

    def __init__(self, load: Load) -> None:
        self.requests = [
            written_request(load.host, load.port, path, body) for path, body in load.requests
        ]
        self.sent, self.timed = 0, Timed([], 0.0)
        self.until = time.perf_counter() + load.seconds

    def next_request(self) -> bytes | None:
        """The next one; None when the time is over."""
        if time.perf_counter() > self.until:
            return None
        self.sent += 1
        return self.requests[(self.sent - 1) % len(self.requests)]


class _Client(asyncio.Protocol):
    """One connection that stays open."""

    def __init__(self, clients: _Clients, done: asyncio.Future[None]) -> None:
        self._clients, self._done = clients, done
        self._got, self._wanted, self._began = b"", 0, 0.0

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        self._got = self._got + data if self._got else data
        if not self._wanted:
            self._wanted = answer_ends(self._got)
            if not self._wanted:
                return
        if len(self._got) >= self._wanted:
            self._answered()

    def connection_lost(self, error: Exception | None) -> None:
        if not self._done.done():
            self._done.set_exception(error or ConnectionError("the service closed a connection"))

    def _answered(self) -> None:
        timed = self._clients.timed
        timed.milliseconds.append((time.perf_counter() - self._began) * 1000)
        status = int(self._got[9:12])
        if status >= 300:
            timed.failed[status] = timed.failed.get(status, 0) + 1
        self._send()

    def _send(self) -> None:
        self._got, self._wanted = b"", 0
        request = self._clients.next_request()
        if request is None:
            if not self._done.done():
                self._done.set_result(None)
            self._transport.close()
            return
        self._began = time.perf_counter()
        self._transport.write(request)


def written_request(host: str, port: int, path: str, body: str) -> bytes:
    """A request as it is sent."""
    encoded = body.encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {host}:{port}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(encoded)}\r\n\r\n"
    )
    return head.encode() + encoded


def answer_ends(got: bytes) -> int:
    """Where an answer ends of which so much is there; 0 while its head is not."""
    end = got.find(_END_OF_HEAD)
    if end < 0:
        return 0
    low = got[:end].lower()
    start = low.index(_LENGTH) + len(_LENGTH)
    return end + len(_END_OF_HEAD) + int(low[start:].split(b"\r\n", 1)[0])


async def _all_of(load: Load) -> Timed:
    loop, started = asyncio.get_running_loop(), time.perf_counter()
    clients = _Clients(load)
    ends = [loop.create_future() for _ in range(load.clients)]
    for end in ends:
        await loop.create_connection(lambda end=end: _Client(clients, end), load.host, load.port)
    await asyncio.gather(*ends)
    clients.timed.seconds = time.perf_counter() - started
    return clients.timed


def main() -> None:
    """Ask as standard input says."""
    import uvloop

    load = msgspec.json.decode(sys.stdin.buffer.read(), type=Load)
    gc.disable()
    sys.stdout.buffer.write(msgspec.json.encode(uvloop.run(_all_of(load))))


if __name__ == "__main__":
    main()
