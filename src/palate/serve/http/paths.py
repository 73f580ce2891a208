"""Paths as they were sent: an id stands between two slashes, and a slash that is part of it is sent
as %2F, so that `x%2Fhide` is an item and `x/hide` something to be done with `x`.
"""

from __future__ import annotations

from typing import final
from urllib.parse import quote

from starlette.requests import Request
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send


@final
class PathsAsSent:
    """Middleware: routes look at the path before it is decoded; who takes an id decodes it.

    Args:
        app: The application.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] == "http":
            raw = scope.get("raw_path") or quote(scope["path"]).encode()
            scope = {**scope, "path": raw.decode("latin-1")}
        await self._app(scope, receive, send)


def methods_here(request: Request) -> list[str]:
    """Every method that the path of the request has, in order of the alphabet; a path that is named
    as it stands is no id.
    """
    fitting = [
        route
        for route in request.app.routes
        if isinstance(route, Route) and route.matches(request.scope)[0] is not Match.NONE
    ]
    named = [route for route in fitting if not route.param_convertors]
    found = set[str]().union(*(route.methods or () for route in named or fitting))
    return sorted(found)
