"""When a request is sent again, and what comes of it in the end; without waiting itself, so that
both clients share it.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Annotated, Final, Generic, TypeVar, final

import httpx
import msgspec
from annotated_types import Ge, Gt

from palate.client.refusals import no_answer, not_understood, refusal_of
from palate.client.wanted import Wanted
from palate.errors import PalateError

T = TypeVar("T")

_NOT_DONE: Final = frozenset({429, 503})
"""The service refused before it did anything."""

_UNKNOWN: Final = frozenset({408, 502, 504})
"""No one knows whether it was done."""

_RNG: Final = secrets.SystemRandom()


@dataclass(frozen=True)
class Patience:
    """How often a request is sent again.

    Waits double from `first_seconds` on and are drawn between half and all of that, so that many
    clients do not come back at the same time; what a service asks for by `Retry-After` is waited at
    least.
    """

    retries: Annotated[int, Ge(0)] = 4
    """Attempts after the first one."""
    first_seconds: Annotated[float, Gt(0)] = 0.1
    """Longest wait before the second attempt."""
    most_seconds: Annotated[float, Gt(0)] = 10.0
    """Longest wait at all; a service that asks for more is not waited for."""


@final
class Tries(Generic[T]):
    """The attempts of one request.

    Args:
        wanted: The request.
        patience: How often it is sent again.
        url: Where to, for messages.
    """

    def __init__(self, wanted: Wanted[T], patience: Patience, url: str) -> None:
        self._wanted, self._patience, self._url = wanted, patience, url
        self._again, self._content = 0, b""

    def wait_after(self, outcome: httpx.Response | httpx.HTTPError) -> float | None:
        """Seconds until it is to be sent again; None where the outcome is the result.

        Raises:
            PalateError: It is refused, or failed too often.
        """
        if isinstance(outcome, httpx.Response) and outcome.is_success:
            self._content = outcome.content
            return None
        error = self._error(outcome)
        wait = self._wait(outcome)
        if wait is None or self._again >= self._patience.retries:
            raise error from (outcome if isinstance(outcome, Exception) else None)
        self._again += 1
        return wait

    def result(self) -> T:
        """What the answer says, behind a `wait_after` that gave None.

        Raises:
            Failed: It is not what a service of palate answers.
        """
        try:
            return self._wanted.read(self._content)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise not_understood(error, self._url) from error

    def _error(self, outcome: httpx.Response | httpx.HTTPError) -> PalateError:
        if isinstance(outcome, httpx.Response):
            return refusal_of(outcome)
        return no_answer(outcome, self._url)

    def _wait(self, outcome: httpx.Response | httpx.HTTPError) -> float | None:
        """Seconds; None where it is not to be sent again."""
        if not (_not_done(outcome) or (self._wanted.repeatable and _unknown(outcome))):
            return None
        longest = min(self._patience.first_seconds * 2**self._again, self._patience.most_seconds)
        wished = _retry_after(outcome)
        if wished > self._patience.most_seconds:
            return None
        return max(wished, _RNG.uniform(longest / 2, longest))


def _not_done(outcome: httpx.Response | httpx.HTTPError) -> bool:
    if isinstance(outcome, httpx.Response):
        return outcome.status_code in _NOT_DONE
    return isinstance(outcome, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)


def _unknown(outcome: httpx.Response | httpx.HTTPError) -> bool:
    if isinstance(outcome, httpx.Response):
        return outcome.status_code in _UNKNOWN
    return isinstance(outcome, httpx.TransportError)


def _retry_after(outcome: httpx.Response | httpx.HTTPError) -> float:
    """Seconds that the service asks for; 0 where it does not."""
    if isinstance(outcome, httpx.Response):
        said = outcome.headers.get("Retry-After", "")
        if said.isdigit():
            return float(said)
    return 0.0
