"""What is looked at before a request is worked on: its key, its rate, its size."""

from __future__ import annotations

import asyncio
import math
from typing import Any, Final
from urllib.parse import unquote

import msgspec
from starlette.requests import ClientDisconnect, Request

from palate.serve.http.operations import EVENT_STREAM, Call, Operation
from palate.serve.http.problems import Rejected, not_understood
from palate.serve.http.same_site import refuse_other_sites
from palate.serve.http.service import Service

MOST_ID: Final = 512


async def understood(service: Service, operation: Operation, request: Request) -> Call:
    """The request as its operation takes it.

    Raises:
        Rejected: There is no key or not the right one, it comes too soon, it is too large or too
            slow, or it is not what the operation takes.
    """
    key = await _allowed(service, operation, request)
    streams = EVENT_STREAM in request.headers.get("accept", "")
    query = _query(operation, request)
    name = unquote(request.path_params.get("id", ""))
    if len(name) > MOST_ID:
        raise Rejected(
            422, f"an id of {len(name)} characters", where="path", allowed=f"at most {MOST_ID}"
        )
    if operation.body is None:
        return Call(None, query, name, key, streams)
    body = await _body(service, request)
    try:
        return Call(msgspec.json.decode(body, type=operation.body), query, name, key, streams)
    except msgspec.MsgspecError as error:
        raise not_understood(error) from error


async def _allowed(service: Service, operation: Operation, request: Request) -> str:
    """The id of the key; empty where none is needed."""
    if operation.role is None:
        return ""
    if not service.keyring.required:
        refuse_other_sites(request)
        return ""
    kind, _, secret = request.headers.get("authorization", "").partition(" ")
    key = service.keyring.find(secret.strip()) if kind.lower() == "bearer" else None
    if key is None:
        raise Rejected(
            401,
            "there is no key, or it is not valid",
            where="header Authorization",
            allowed="Bearer KEY",
            next_step="make one: palate key new",
            headers={"WWW-Authenticate": "Bearer"},
        )
    wait = await service.rates.wait(key.id)
    if wait:
        seconds = str(max(1, math.ceil(wait)))
        raise Rejected(
            429,
            "too many requests with this key",
            allowed=f"{service.settings.limits.per_second:g} a second",
            next_step="wait as Retry-After says",
            headers={"Retry-After": seconds},
        )
    if not key.may(operation.role):
        raise Rejected(
            403,
            f"the key {key.id} has not the role {operation.role}",
            where="header Authorization",
            allowed=f"keys with the role {operation.role}, or admin",
            next_step=f"palate key new --role {operation.role}",
        )
    return key.id


def _query(operation: Operation, request: Request) -> Any:
    if operation.query is None:
        return None
    try:
        return msgspec.convert(dict(request.query_params), operation.query, strict=False)
    except msgspec.ValidationError as error:
        rejected = not_understood(error)
        rejected.where = rejected.where.replace("body", "query", 1)
        raise rejected from error


async def _body(service: Service, request: Request) -> bytes:
    limits = service.settings.limits
    said = request.headers.get("content-length", "0")
    if said.isdigit() and int(said) > limits.body_bytes:
        raise _too_large(limits.body_bytes)
    read = bytearray()
    try:
        async with asyncio.timeout(limits.body_seconds):
            async for chunk in request.stream():
                read += chunk
                if len(read) > limits.body_bytes:
                    raise _too_large(limits.body_bytes)
    except TimeoutError:
        raise Rejected(
            408,
            f"the body was not there after {limits.body_seconds:g} seconds",
            where="body",
            headers={"Connection": "close"},
        ) from None
    except ClientDisconnect:
        raise Rejected(400, "the connection ended before the body did", where="body") from None
    return bytes(read)


def _too_large(most: int) -> Rejected:
    return Rejected(
        413,
        "the body is too large",
        where="body",
        allowed=f"{most:,} bytes",
        next_step="send smaller batches",
        headers={"Connection": "close"},
    )
