"""What the service can be asked: one frozen value for each route, from which routes, documentation
and tests are made.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

from palate.serve.http.service import Service
from palate.serve.keys import Role

EVENT_STREAM: Final = "text/event-stream"
"""Media type of an answer that goes on."""


@dataclass(frozen=True)
class Call:
    """One request, understood.

    Attributes:
        body: What was sent, as the operation's type; None where it takes nothing.
        query: Parameters, as the operation's type; None where it takes none.
        id: The id in the path; empty where there is none.
        key: Id of the key that it came with; empty where none is needed.
        streams: Whether the client takes an answer that goes on (server-sent events).
    """

    body: Any = None
    query: Any = None
    id: str = ""
    key: str = ""
    streams: bool = False


Handler: TypeAlias = Callable[[Service, Call], Awaitable[Any]]
Work: TypeAlias = Callable[[Service, Call], Any]


@dataclass(frozen=True)
class Operation:
    """A route.

    Attributes:
        name: In the documentation and in metrics.
        method: Of HTTP.
        path: With `{id}` for the id of an item or a user.
        summary: What it does, in a sentence.
        reply: Type of the answer.
        role: Which keys may use it; None: everybody.
        handler: Answers in the event loop, and waits there for others.
        work: Answers in a thread, since it takes milliseconds of a processor; one of the two.
        body: Type of what is sent; None: nothing.
        query: Type of the parameters; None: there are none.
        status: Of an answer.
        refusals: Statuses of refusals beside those that every operation has.
        makes: Where the answer says the id of what was made, as a runtime expression of OpenAPI;
            operations on that id are linked in the documentation. Empty: nothing is made.
        example: A body that is right.
        streams: Whether it can also answer with server-sent events, each of them a `reply`.
    """

    name: str
    method: Literal["GET", "POST", "PATCH", "DELETE"]
    path: str
    summary: str
    reply: Any
    role: Role | None
    handler: Handler | None = None
    work: Work | None = None
    body: Any = None
    query: type[Any] | None = None
    status: int = 200
    refusals: tuple[int, ...] = ()
    makes: str = ""
    example: Any = field(default=None, hash=False)
    streams: bool = False

    def statuses(self) -> tuple[int, ...]:
        """Every status that it may answer with."""
        found = {self.status, *self.refusals}
        if self.role is not None:
            found |= {401, 403, 429, 503}
        if self.body is not None:
            found |= {400, 408, 413, 422}
        if self.query is not None or "{id}" in self.path:
            found |= {422}
        return tuple(sorted(found))
