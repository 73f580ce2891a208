"""Under overload, a list that cannot be made is refused before its request is looked at, for each
refusal takes time from those who are answered: on the connection where the request is there as a
whole, and before its body is read where it is not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from palate.serve.http.problems import problem_response
from palate.serve.http.service import Service
from palate.serve.ids import new_id


@final
class EarlyRefusals:
    """Refusals of a service that is at work on as much as it may.

    Args:
        service: The service.
        lists: Path as it is sent -> name of the operation, of those that are refused.
    """

    def __init__(self, service: Service, lists: Mapping[bytes, str]) -> None:
        self._service, self._lists = service, lists

    def refusal(self, path: bytes) -> Response | None:
        """The answer to who wants a list now; None where the request is to be looked at."""
        error = self._service.overloaded()
        operation = None if error is None else self._lists.get(path)
        if error is None or operation is None:
            return None
        name = new_id()
        response = problem_response(error, name)
        response.headers["X-Request-Id"] = name
        self._service.metrics.requests.labels(operation, response.status_code).inc()
        self._service.figures.answered(operation, response.status_code, 0.0)
        return response

    def answer_to(self, path: bytes) -> bytes | None:
        """`refusal` as it is sent."""
        response = None if self._service.draining else self.refusal(path)
        if response is None:
            return None
        said = [b"%s: %s\r\n" % header for header in response.raw_headers]
        first = b"HTTP/1.1 %d Service Unavailable\r\n" % response.status_code
        return b"".join([first, *said, b"\r\n", bytes(response.body)])


@final
class RefusesEarly:
    """Middleware: answers with a refusal before the body of a request is read.

    Args:
        app: The application.
        refusals: What is refused.
    """

    def __init__(self, app: ASGIApp, refusals: EarlyRefusals) -> None:
        self._app, self._refusals = app, refusals

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        refusal = None
        if scope["type"] == "http" and scope["method"] == "POST":
            refusal = self._refusals.refusal(scope.get("raw_path", b""))
        await (refusal or self._app)(scope, receive, send)
