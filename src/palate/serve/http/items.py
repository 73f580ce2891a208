"""Items: created, read, changed, hidden, deleted; an answer means that it is so."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence

from palate.serve.http.bodies import FieldsBody, ItemsBody, WordsQuery
from palate.serve.http.operations import Call, Operation
from palate.serve.http.replies import ItemReply, ItemsReply, Times, WordsReply
from palate.serve.http.service import Service
from palate.serve.records.items import Change, Create, Delete, Hide, ItemChange, Pin
from palate.serve.state.counter import Counter


async def create(service: Service, call: Call) -> ItemsReply:
    """New items, all of them or none; they can be recommended at once."""
    bodies = call.body if isinstance(call.body, list) else [call.body]
    await _done(service, [Create(body.item, body.fields) for body in bodies])
    return ItemsReply([_reply(service, body.item) for body in bodies])


async def read(service: Service, call: Call) -> ItemReply:
    """An item as it is now."""
    return _reply(service, call.id)


def words(service: Service, call: Call) -> WordsReply:
    """The words of an item that matter."""
    query: WordsQuery = call.query
    return WordsReply(call.id, service.engine.answering.words(call.id, int(query.k)))


async def change(service: Service, call: Call) -> ItemReply:
    """Other values for some fields."""
    body: FieldsBody = call.body
    await _done(service, [Change(call.id, body.fields)])
    return _reply(service, call.id)


async def hide(service: Service, call: Call) -> ItemReply:
    """Never recommend it from now on."""
    await _done(service, [Hide(call.id)])
    return _reply(service, call.id)


async def show(service: Service, call: Call) -> ItemReply:
    """Recommend it again."""
    await _done(service, [Hide(call.id, hidden=False)])
    return _reply(service, call.id)


async def pin(service: Service, call: Call) -> ItemReply:
    """Let it lead the lists that it may be on."""
    await _done(service, [Pin(call.id)])
    return _reply(service, call.id)


async def unpin(service: Service, call: Call) -> ItemReply:
    """Let it stand where its score puts it."""
    await _done(service, [Pin(call.id, pinned=False)])
    return _reply(service, call.id)


async def delete(service: Service, call: Call) -> None:
    """Take it away."""
    await _done(service, [Delete(call.id)])


def times(counters: Mapping[str, Counter], half_life: float) -> dict[str, Times]:
    """Action -> how often, as of now."""
    now = int(time.time())
    return {
        action: Times(counter.count, round(counter.at(now, half_life), 6))
        for action, counter in counters.items()
    }


async def _done(service: Service, changes: Sequence[ItemChange]) -> None:
    await asyncio.wrap_future(service.engine.change_items(changes))


def _reply(service: Service, item: str) -> ItemReply:
    engine = service.engine
    counters = engine.state.item_counters(item)
    return ItemReply(
        item,
        engine.item(item),
        engine.hidden(item),
        times(counters, engine.state.half_life),
        engine.answering.title(item),
        engine.pinned(item),
    )


OPERATIONS = (
    Operation(
        "create_items",
        "POST",
        "/v1/items",
        "New items, one or a batch, all of them or none; they can be recommended when this answers,"
        " for what their fields say.",
        ItemsReply,
        "admin",
        handler=create,
        body=ItemsBody,
        status=201,
        refusals=(409,),
        makes="$response.body#/items/0/item",
        example={"item": "n1", "fields": {"title": "a red thing"}},
    ),
    Operation(
        "hide_item",
        "POST",
        "/v1/items/{id}/hide",
        "Never recommend the item from now on.",
        ItemReply,
        "admin",
        handler=hide,
        refusals=(404,),
    ),
    Operation(
        "show_item",
        "POST",
        "/v1/items/{id}/show",
        "Recommend a hidden item again.",
        ItemReply,
        "admin",
        handler=show,
        refusals=(404,),
    ),
    Operation(
        "pin_item",
        "POST",
        "/v1/items/{id}/pin",
        "Let the item lead every list of recommendations that it may be on, with the source"
        " `pinned`: filters, exclusions and what was seen hold for it too.",
        ItemReply,
        "admin",
        handler=pin,
        refusals=(404,),
    ),
    Operation(
        "unpin_item",
        "POST",
        "/v1/items/{id}/unpin",
        "Let a pinned item stand where its score puts it.",
        ItemReply,
        "admin",
        handler=unpin,
        refusals=(404,),
    ),
    Operation(
        "item_words",
        "GET",
        "/v1/items/{id}/words",
        "The words of the item's texts, and how far its row in each block of texts moves without"
        " them: 1 minus the cosine.",
        WordsReply,
        "read",
        work=words,
        query=WordsQuery,
        refusals=(404, 409),
    ),
    Operation(
        "read_item",
        "GET",
        "/v1/items/{id}",
        "An item's fields, and what was done with it since the run.",
        ItemReply,
        "read",
        handler=read,
        refusals=(404,),
    ),
    Operation(
        "change_item",
        "PATCH",
        "/v1/items/{id}",
        "Other values for some fields; the others stay.",
        ItemReply,
        "admin",
        handler=change,
        body=FieldsBody,
        refusals=(404,),
        example={"fields": {"title": "a blue thing"}},
    ),
    Operation(
        "delete_item",
        "DELETE",
        "/v1/items/{id}",
        "Take the item away; events with it stay.",
        None,
        "admin",
        handler=delete,
        status=204,
        refusals=(404,),
    ),
)
