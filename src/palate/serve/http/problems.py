"""From an error to the answer that a client gets."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

import msgspec
from starlette.responses import Response

from palate.errors import (
    BadInput,
    BadRecipe,
    DamagedArtefact,
    PalateError,
    Refused,
    SeveralProblems,
)
from palate.serve.http.replies import Problem
from palate.serve.refusals import Conflict, Gone, NotFound, Unavailable

MEDIA_TYPE: Final = "application/problem+json"

_STATUS: Final = (
    (NotFound, 404),
    (Gone, 410),
    (Conflict, 409),
    (Unavailable, 503),
    (DamagedArtefact, 503),
    (BadInput, 422),
    (BadRecipe, 422),
    (Refused, 409),
)
"""The first class that fits counts."""

RETRY_SECONDS: Final = 1


class Rejected(PalateError):
    """A request that is refused for what it is as a request: too large, without a key, too soon.

    Args:
        status: Of HTTP.
        what: As for every error.
        headers: That say more.
    """

    def __init__(
        self,
        status: int,
        what: str,
        *,
        where: str = "",
        allowed: str = "",
        next_step: str = "",
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(what, where=where, allowed=allowed, next_step=next_step)
        self.status, self.headers = status, headers or {}


def not_understood(error: msgspec.MsgspecError) -> Rejected:
    """What is wrong with a body: no JSON (400), or not what is taken (422)."""
    if not isinstance(error, msgspec.ValidationError):
        return Rejected(400, f"the body is no JSON: {error}", where="body", allowed="JSON in UTF-8")
    what, _, position = str(error).partition(" - at ")
    where = position.strip("`").replace("$", "body", 1) or "body"
    return Rejected(422, what, where=where, next_step="see /openapi.json")


def status_of(error: PalateError) -> int:
    """The status of HTTP that says what kind of error it is."""
    if isinstance(error, Rejected):
        return error.status
    if isinstance(error, SeveralProblems):
        return max(map(status_of, error.problems))
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def problem_response(error: Exception, request: str) -> Response:
    """The answer; of an error of palate itself no more than that there was one.

    Args:
        error: What happened.
        request: Id of the request.
    """
    if not isinstance(error, PalateError):
        error = Rejected(
            500,
            "an error of palate itself; the service's log has it under the id of the request",
            next_step="report it with what the log says",
        )
    status = status_of(error)
    headers = dict(error.headers) if isinstance(error, Rejected) else {}
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers.setdefault("Retry-After", str(RETRY_SECONDS))
    body = Problem(
        HTTPStatus(status).phrase,
        status,
        error.what,
        error.where,
        error.allowed,
        error.next_step,
        request,
    )
    return Response(msgspec.json.encode(body), status, headers, MEDIA_TYPE)
