"""The application: one endpoint for every operation, and one way from a request to an answer."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from palate.serve.http import (
    drift,
    events,
    experiments,
    health,
    items,
    keys,
    lists,
    live,
    llms,
    models,
    users,
)
from palate.serve.http.guard import understood
from palate.serve.http.metrics import MEDIA_TYPE as METRICS_TYPE
from palate.serve.http.openapi import document
from palate.serve.http.operations import Operation
from palate.serve.http.paths import PathsAsSent, methods_here
from palate.serve.http.problems import Rejected, problem_response
from palate.serve.http.refused_early import EarlyRefusals, RefusesEarly
from palate.serve.http.service import Service
from palate.serve.ids import new_id
from palate.serve.page.routes import page_routes

_LOG: Final = logging.getLogger("palate.serve")
_ACCESS: Final = logging.getLogger("palate.serve.access")

OPERATIONS: Final[tuple[Operation, ...]] = (
    *events.OPERATIONS,
    *lists.OPERATIONS,
    *items.OPERATIONS,
    *users.OPERATIONS,
    *live.OPERATIONS,
    *keys.OPERATIONS,
    *models.OPERATIONS,
    *experiments.OPERATIONS,
    *drift.OPERATIONS,
    *health.OPERATIONS,
)
"""Everything that the service can be asked."""

_LISTS: Final = {
    one.path.encode(): one.name
    for one in lists.OPERATIONS
    if one.method == "POST" and "{" not in one.path
}
"""What is refused early: path -> name."""

OPENAPI: Final = "/openapi.json"
LLMS: Final = "/llms.txt"


def early_refusals(service: Service) -> EarlyRefusals:
    """What of a service is refused early."""
    return EarlyRefusals(service, _LISTS)


def application(service: Service) -> Starlette:
    """The service as an ASGI application. No header lets other sites' pages use it (CORS)."""
    described = document(OPERATIONS)
    description = msgspec.json.encode(described)

    async def openapi(request: Request) -> Response:
        return Response(description, media_type="application/json")

    page = llms.text(OPERATIONS)

    async def for_language_models(request: Request) -> Response:
        return Response(page, media_type="text/plain")

    pages = page_routes(described, service.settings.language)
    routes = [
        Route(operation.path, _endpoint(service, operation), methods=[operation.method])
        for operation in OPERATIONS
    ]
    routes.append(Route(LLMS, for_language_models, methods=["GET"]))
    app = Starlette(
        routes=[*routes, Route(OPENAPI, openapi, methods=["GET"]), *pages],
        middleware=[
            Middleware(RefusesEarly, refusals=early_refusals(service)),
            Middleware(PathsAsSent),
        ],
        exception_handlers={HTTPException: _no_such_route},
    )
    app.router.redirect_slashes = False  # no answer that the description does not name
    return app


Endpoint = Callable[[Request], Awaitable[Response]]


def _endpoint(service: Service, operation: Operation) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        started, name = time.perf_counter(), new_id()
        try:
            response = await _answered(service, operation, request)
        except Exception as error:
            response = problem_response(error, name)
            if response.status_code == 500:
                _LOG.exception("request %s failed", name)
        response.headers["X-Request-Id"] = name
        if service.draining:
            response.headers["Connection"] = "close"
        seconds = time.perf_counter() - started
        service.metrics.requests.labels(operation.name, response.status_code).inc()
        service.metrics.seconds.labels(operation.name).observe(seconds)
        service.figures.answered(operation.name, response.status_code, seconds)
        _noted(name, operation, response.status_code, seconds)
        return response

    return service.traced(operation.name, operation.path, endpoint)


async def _answered(service: Service, operation: Operation, request: Request) -> Response:
    call = await understood(service, operation, request)
    reply: Any
    if operation.work is not None:
        work = operation.work
        reply = await service.in_thread(lambda: msgspec.json.encode(work(service, call)))
    else:
        assert operation.handler is not None  # noqa: S101 - one of the two, see `Operation`
        reply = await operation.handler(service, call)
    if isinstance(reply, Response):
        return reply
    if operation.reply is None:
        return Response(status_code=operation.status)
    if operation.reply is bytes:
        return Response(reply, media_type=METRICS_TYPE)
    encoded = reply if isinstance(reply, bytes) else msgspec.json.encode(reply)
    return Response(encoded, operation.status, media_type="application/json")


def _noted(name: str, operation: Operation, status: int, seconds: float) -> None:
    if _ACCESS.isEnabledFor(logging.INFO):
        line = {
            "time": round(time.time(), 3),
            "request": name,
            "operation": operation.name,
            "status": status,
            "milliseconds": round(seconds * 1000, 2),
        }
        _ACCESS.info(json.dumps(line))


async def _no_such_route(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - it is registered for these
    methods = ", ".join(methods_here(request)) if error.status_code == 405 else ""
    rejected = Rejected(
        error.status_code,
        "there is no such method here" if methods else "there is no such route",
        where=f"{request.method} {request.url.path}",
        allowed=methods,
        next_step=f"see {OPENAPI}",
        headers={"Allow": methods} if methods else {},
    )
    return problem_response(rejected, new_id())
