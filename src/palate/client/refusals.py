"""From the answer that refuses a request to the error that a caller gets.

What a service refuses comes back as the kind of error that it raised there, with the same `what`,
`where`, `allowed` and `next_step`; the id of the request, by which the service's log knows it, is a
note of the error.
"""

from __future__ import annotations

from typing import Final

import httpx
import msgspec

from palate.errors import BadInput, PalateError
from palate.serve.http.replies import Problem
from palate.serve.refusals import Conflict, Gone, NotFound, Overloaded, Unavailable


class NotAllowed(PalateError):
    """There is no key, it is not valid, or it has not the role (401 and 403)."""


class Failed(PalateError):
    """The service failed, or what answered is no service of palate."""


_KINDS: Final[dict[int, type[PalateError]]] = {
    400: BadInput,
    401: NotAllowed,
    403: NotAllowed,
    404: NotFound,
    408: Unavailable,
    409: Conflict,
    410: Gone,
    413: BadInput,
    422: BadInput,
    429: Overloaded,
    502: Unavailable,
    503: Unavailable,
    504: Unavailable,
}


def refusal_of(response: httpx.Response) -> PalateError:
    """The error that an answer stands for whose status is not one of success."""
    try:
        problem = msgspec.json.decode(response.content, type=Problem)
    except msgspec.MsgspecError:
        problem = _foreign(response)
    kind = _KINDS.get(response.status_code, Failed)
    error = kind(
        problem.what,
        where=problem.where,
        allowed=problem.allowed,
        next_step=problem.next_step,
    )
    if problem.request:
        error.add_note(f"request {problem.request}")
    return error


def no_answer(error: httpx.HTTPError, url: str) -> Unavailable:
    """There was no answer: nothing listens, or it took too long."""
    if isinstance(error, httpx.TimeoutException):
        return Unavailable(
            "there was no answer in time", where=url, next_step="give a longer timeout, or see why"
        )
    said = str(error) or type(error).__name__
    return Unavailable(
        f"there was no answer: {said}", where=url, next_step="is `palate serve` running there?"
    )


def not_understood(error: Exception, url: str) -> Failed:
    """An answer of success that says something else than it should."""
    return Failed(
        f"the answer is not understood: {error}",
        where=url,
        next_step="is it a service of palate, and of this version?",
    )


def _foreign(response: httpx.Response) -> Problem:
    """What can be said of an answer that is not palate's: of a proxy, or of another server."""
    status = response.status_code
    return Problem(
        response.reason_phrase,
        status,
        f"the answer is {status} {response.reason_phrase}",
        where=str(response.url),
        next_step="is it a service of palate? see what stands between it and here",
    )
