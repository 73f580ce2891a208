"""Users: what is known of them, kept, read and erased."""

from __future__ import annotations

import asyncio
from typing import Final

from palate.serve.http.bodies import FieldsBody, UserBody
from palate.serve.http.items import times
from palate.serve.http.operations import Call, Operation
from palate.serve.http.replies import Erased, HistoryEvent, TitledItem, UserReply
from palate.serve.http.service import Service
from palate.serve.refusals import Conflict, NotFound

MOST_TAKEN: Final = 200
"""Items of a history that are shown."""


def create(service: Service, call: Call) -> UserReply:
    """Keep what is known of a user."""
    body: UserBody = call.body
    if service.engine.records.user(body.user) is not None:
        raise Conflict(
            f'the user "{body.user}" is there already',
            where="user",
            next_step="change it: PATCH /v1/users/{user}",
        )
    service.engine.keep_user(body.user, body.fields)
    return _reply(service, body.user)


def read(service: Service, call: Call) -> UserReply:
    """What is known of a user, and what they did lately."""
    return _known(service, call.id)


def change(service: Service, call: Call) -> UserReply:
    """Other values for some fields."""
    body: FieldsBody = call.body
    known = _known(service, call.id)
    service.engine.keep_user(call.id, {**known.fields, **body.fields})
    return _reply(service, call.id)


async def erase(service: Service, call: Call) -> Erased:
    """Forget a user."""
    known = await service.in_thread(lambda: _known(service, call.id))
    erasing = await service.in_thread(lambda: service.engine.erase_user(call.id))
    gone = await asyncio.wrap_future(erasing)
    return Erased(call.id, len(gone), known.in_run)


def _known(service: Service, user: str) -> UserReply:
    found = _reply(service, user)
    if (
        not (found.fields or found.history or found.since_run or found.in_run)
        and service.engine.records.user(user) is None
    ):
        raise NotFound(
            f'nothing is known of a user "{user}"',
            where="user",
            next_step="send events, or create the user: POST /v1/users",
        )
    return found


def _reply(service: Service, user: str) -> UserReply:
    engine = service.engine
    history = [
        HistoryEvent(
            done.taken.item,
            done.action,
            done.taken.time,
            done.taken.value,
            engine.answering.title(done.taken.item),
        )
        for done in engine.state.history(user)
    ]
    since = times(engine.state.user_counters(user), engine.state.half_life)
    fields = engine.records.user(user) or {}
    taken = [
        TitledItem(item, engine.answering.title(item))
        for item in engine.answering.taken(user, MOST_TAKEN)
    ]
    return UserReply(user, fields, history, since, engine.events_in_run(user), taken)


OPERATIONS = (
    Operation(
        "create_user",
        "POST",
        "/v1/users",
        "Keep what is known of a user besides what they do.",
        UserReply,
        "admin",
        work=create,
        body=UserBody,
        status=201,
        refusals=(409,),
        makes="$response.body#/user",
        example={"user": "u1", "fields": {"language": "en"}},
    ),
    Operation(
        "read_user",
        "GET",
        "/v1/users/{id}",
        "What is known of a user, and what they did lately.",
        UserReply,
        "admin",
        work=read,
        refusals=(404,),
    ),
    Operation(
        "change_user",
        "PATCH",
        "/v1/users/{id}",
        "Other values for some fields; the others stay.",
        UserReply,
        "admin",
        work=change,
        body=FieldsBody,
        refusals=(404,),
        example={"fields": {"language": "zh"}},
    ),
    Operation(
        "erase_user",
        "DELETE",
        "/v1/users/{id}",
        "Forget a user: fields, events, counters, and what the run's log says of them.",
        Erased,
        "admin",
        handler=erase,
        refusals=(404,),
    ),
)
