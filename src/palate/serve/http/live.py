"""What happens now: once as JSON, or again and again as server-sent events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Final

import msgspec
from sse_starlette import EventSourceResponse

from palate.serve.http.bodies import LiveQuery
from palate.serve.http.operations import Call, Operation
from palate.serve.http.replies import Live
from palate.serve.http.service import Service
from palate.serve.refusals import Overloaded

MOST_STREAMS: Final = 64
_LOOK: Final = 0.25


async def live(service: Service, call: Call) -> Live | EventSourceResponse:
    """The figures of now, or a stream of them for who takes one."""
    if not call.streams:
        return service.figures.read()
    if service.streams >= MOST_STREAMS:
        raise Overloaded(
            f"{service.streams} streams of figures are open",
            next_step="ask for the figures without a stream",
        )
    query: LiveQuery = call.query
    messages = _messages(service, call.key, query.every, int(query.count or 0))
    # a client that reads nothing is let go; at the end of the service a stream may end by itself
    return EventSourceResponse(messages, ping=15, send_timeout=10, shutdown_grace_period=2)


async def _messages(
    service: Service, key: str, every: float, count: int
) -> AsyncIterator[dict[str, str]]:
    """Figures until the client goes, the key is revoked, or the service ends."""
    service.streams += 1
    sent, last = 0, -1
    try:
        while True:
            figures = service.figures.read()
            new = [second for second in figures.seconds if second.time > last]
            last = new[-1].time if new else last
            data = msgspec.json.encode(msgspec.structs.replace(figures, seconds=new))
            yield {"event": "figures", "data": data.decode()}
            sent += 1
            if sent == count or not await _pause(service, key, every):
                return
    finally:
        service.streams -= 1


async def _pause(service: Service, key: str, seconds: float) -> bool:
    """Wait; False as soon as the stream has to end."""
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    while not service.draining and (not key or service.keyring.valid(key)):
        left = until - loop.time()
        if left <= 0:
            return True
        await asyncio.sleep(min(left, _LOOK))
    return False


OPERATIONS = (
    Operation(
        "live_figures",
        "GET",
        "/v1/live",
        "What happens now: requests, times, events, what is shown. With `Accept: text/event-stream`"
        " it goes on, as server-sent events.",
        Live,
        "read",
        handler=live,
        query=LiveQuery,
        streams=True,
    ),
)
