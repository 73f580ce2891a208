"""Requests that come when they come, answered or not, from a process of its own: so many a second,
each on a connection on which nothing is being answered.

    python benchmarks/open_loop.py FILE     reads `Arrivals` as JSON, writes `Came` to the file
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
from typing import Any

import msgspec
from closed_loop import answer_ends, written_request

UNSENT = -1


class Arrivals(msgspec.Struct):
    """What is asked.

    Attributes:
        host: Where the service is.
        port: Where the service is.
        requests: Path and body of each request, taken in turn.
        phases: (a second, seconds) of each part of the time.
        connections: At a time, at most; one more request than that is not sent.
    """

    host: str
    port: int
    requests: list[tuple[str, str]]
    phases: list[tuple[float, float]]
    connections: int


class Came(msgspec.Struct):
    """One answer.

    Attributes:
        phase: In which it was wanted.
        wanted: Seconds from the beginning of its phase at which it was wanted.
        milliseconds: From then until the answer.
        status: Of HTTP; 0: none came; `UNSENT`: every connection was waiting for an answer.
        says_when: Whether the answer has a header Retry-After.
    """

    phase: int
    wanted: float
    milliseconds: float
    status: int
    says_when: bool


def open_loop(
    address: str,
    phases: Sequence[tuple[float, float]],
    requests: Sequence[tuple[str, Any]],
    connections: int = 700,
) -> list[Came]:
    """What came of requests at fixed times.

    Args:
        address: Of the service, http://HOST:PORT.
        phases: (a second, seconds) of each part of the time.
        requests: Path and body of each, taken in turn.
        connections: At a time, at most.
    """
    host, port = address.removeprefix("http://").rsplit(":", 1)
    written = [(path, msgspec.json.encode(body).decode()) for path, body in requests]
    arrivals = Arrivals(host, int(port), written, list(phases), connections)
    with tempfile.TemporaryDirectory() as place:
        found = Path(place) / "came.json"
        subprocess.run(
            [sys.executable, str(Path(__file__).resolve()), str(found)],
            input=msgspec.json.encode(arrivals),
            check=True,
        )
        return msgspec.json.decode(found.read_bytes(), type=list[Came])


class _Connection(asyncio.Protocol):
    """One that stays open, for one request at a time."""

    def __init__(self, free: list[_Connection]) -> None:
        self._free, self._got, self._ends = free, b"", 0
        self._came: Came | None = None
        self._due = 0.0
        self._answered: asyncio.Future[None] | None = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def send(self, request: bytes, came: Came, due: float) -> asyncio.Future[None]:
        self._got, self._ends, self._came, self._due = b"", 0, came, due
        came.status = 0
        self._answered = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return self._answered

    def data_received(self, data: bytes) -> None:
        self._got += data
        self._ends = self._ends or answer_ends(self._got)
        if self._ends and len(self._got) >= self._ends and self._came is not None:
            self._came.milliseconds = (time.perf_counter() - self._due) * 1000
            self._came.status = int(self._got[9:12])
            self._came.says_when = b"\r\nretry-after:" in self._got[: self._ends].lower()
            self._done()
            self._free.append(self)

    def connection_lost(self, error: Exception | None) -> None:
        if self in self._free:
            self._free.remove(self)
        self._done()

    def _done(self) -> None:
        self._came = None
        if self._answered is not None and not self._answered.done():
            self._answered.set_result(None)


async def _all_of(arrivals: Arrivals) -> list[Came]:
    loop = asyncio.get_running_loop()
    every, free, waits = list[Came](), list[_Connection](), list[asyncio.Future[None]]()
    requests = [
        written_request(arrivals.host, arrivals.port, path, body)
        for path, body in arrivals.requests
    ]
    for _ in range(arrivals.connections):
        made = await loop.create_connection(lambda: _Connection(free), arrivals.host, arrivals.port)
        free.append(made[1])
    for phase, (rate, seconds) in enumerate(arrivals.phases):
        started = time.perf_counter()
        for number in range(int(rate * seconds)):
            due = started + number / rate
            if (wait := due - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
            elif number % 20 == 0:
                await asyncio.sleep(0)  # behind its times, it looks at answers all the same
            came = Came(phase, due - started, 0.0, UNSENT, says_when=False)
            every.append(came)
            if free:
                request = requests[len(every) % len(requests)]
                waits.append(free.pop().send(request, came, due))
        await asyncio.sleep(max(0.0, started + seconds - time.perf_counter()))
    await asyncio.wait(waits, timeout=30)
    return every


def main() -> None:
    """Ask as standard input says."""
    import uvloop

    arrivals = msgspec.json.decode(sys.stdin.buffer.read(), type=Arrivals)
    gc.disable()
    Path(sys.argv[1]).write_bytes(msgspec.json.encode(uvloop.run(_all_of(arrivals))))


if __name__ == "__main__":
    main()
