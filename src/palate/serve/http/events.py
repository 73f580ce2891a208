"""Events: taken in, and answered when they are on the disk."""

from __future__ import annotations

import asyncio
import time

from palate.errors import BadInput, PalateError, raise_all
from palate.event_store import NewEvent
from palate.serve.http.bodies import EventBody, EventsBody
from palate.serve.http.operations import Call, Operation
from palate.serve.http.replies import EventsReply, KeptEvent
from palate.serve.http.service import Service
from palate.serve.ids import new_id
from palate.tables import Event


async def post_events(service: Service, call: Call) -> EventsReply:
    """Keep one event or a batch, all of them or none."""
    bodies = call.body if isinstance(call.body, list) else [call.body]
    events = _events(service, bodies)
    done = await asyncio.wrap_future(service.engine.take_in(events))
    kept = [KeptEvent(e.event_id, a.offset, a.new) for e, a in zip(events, done, strict=True)]
    new = sum(one.new for one in kept)
    service.metrics.events.labels("new").inc(new)
    service.figures.took_in(new)
    service.metrics.events.labels("duplicate").inc(len(kept) - new)
    return EventsReply(new, len(kept) - new, kept, any(not one.offset for one in kept))


def _events(service: Service, bodies: list[EventBody]) -> list[NewEvent]:
    now, nameless = int(time.time()), new_id()
    events, problems = list[NewEvent](), list[PalateError]()
    for number, body in enumerate(bodies):
        try:
            event_id = body.event_id or f"{nameless}-{number}"
            events.append(NewEvent(event_id, _event(service, body, now)))
        except PalateError as error:
            where = f"body[{number}]: {error.where}" if len(bodies) > 1 else error.where
            problems.append(
                BadInput(
                    error.what,
                    where=where,
                    allowed=error.allowed,
                    next_step=error.next_step,
                )
            )
    raise_all(problems)
    return events


def _event(service: Service, body: EventBody, now: int) -> Event:
    when = now if body.time is None else int(body.time)
    if when > now + service.settings.limits.future_seconds:
        raise BadInput(
            f"the time {when} lies in the future",
            where="time",
            allowed="whole seconds since 1970 UTC, at most a day ahead",
            next_step="milliseconds? divide by 1000",
        )
    value = service.engine.value_of(body.action) if body.value is None else body.value
    return Event(
        body.user,
        body.item,
        body.action,
        when,
        value,
        body.request_id,
        None if body.position is None else int(body.position),
        body.propensity,
        body.context,
    )


OPERATIONS = (
    Operation(
        "post_events",
        "POST",
        "/v1/events",
        "Take in one event or a batch; answered when they are on the disk, and the next list knows"
        " of them.",
        EventsReply,
        "event",
        handler=post_events,
        body=EventsBody,
        example={"event_id": "e1", "user": "7", "item": "42", "action": "view"},
    ),
)
