"""What an assistant may ask a service for."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import wraps
from typing import Annotated, Any, Final, ParamSpec, TypeAlias, TypeVar, final

import msgspec
from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.tools import Tool
from mcp_types import ToolAnnotations
from pydantic import Field

import palate
from palate.assistant.connection import Connect
from palate.client import AsyncClient
from palate.errors import PalateError
from palate.serve.engine.answers import Answer
from palate.serve.http.bodies import Filters

P = ParamSpec("P")
T = TypeVar("T")

INSTRUCTIONS: Final = """Recommendations from a catalogue, by a model that learnt from what people
did. Every list has a request_id; each of its items a score, a source, the propensity with which it
was shown, and reasons that add up to the score. Say why with these reasons only. Ids are texts."""

WRITE_INSTRUCTIONS: Final = """When the person says that they looked at, liked, bought or dismissed
an item of a list, record it with record_event, with the request_id and position of that list."""

NEIGHBOURS: Final = 20
"""Items that are left out with each one of which less is wanted."""

MOST: Final = 100

_READS: Final = ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)
_WRITES: Final = ToolAnnotations(
    read_only_hint=False, destructive_hint=False, open_world_hint=False
)

Length: TypeAlias = Annotated[int, Field(ge=1, le=MOST, description="How many items.")]
User: TypeAlias = Annotated[str, Field(description="Id of the person; empty for no one known.")]
Items: TypeAlias = Annotated[list[str], Field(max_length=MOST, description="Ids of items.")]
Where: TypeAlias = Annotated[
    dict[str, Any],
    Field(description='Field -> a value, a list of values, or {"min": ..., "max": ...}.'),
]


ListReply: TypeAlias = dict[str, Any]
"""A list (`palate.serve.engine.answers.Answer`) in plain values."""


def assistant(connect: Connect, *, write: bool = False, user: str = "") -> MCPServer[None]:
    """The server of the tools.

    Args:
        connect: Opens the service when the server starts.
        write: Whether events may be recorded; without it nothing can be changed.
        user: The only person that may be spoken of; empty for everybody.
    """
    tools = Tools(user)

    @asynccontextmanager
    async def lifespan(server: MCPServer[None]) -> AsyncIterator[None]:
        async with connect() as client:
            tools.client = client
            yield

    writing = [_tool(tools.record_event, _WRITES)] if write else []
    return MCPServer[None](
        "palate",
        instructions=f"{INSTRUCTIONS}\n{WRITE_INSTRUCTIONS}" if write else INSTRUCTIONS,
        version=palate.__version__,
        lifespan=lifespan,
        log_level="WARNING",
        tools=[*(_tool(one, _READS) for one in tools.reading()), *writing],
    )


@final
class Tools:
    """The tools, over a client.

    Args:
        user: The only person that may be spoken of; empty for everybody.

    Attributes:
        client: Asks the service; there while the server runs.
    """

    client: AsyncClient

    def __init__(self, user: str = "") -> None:
        self._only = user

    def reading(self) -> tuple[Callable[..., Awaitable[Any]], ...]:
        """Those that change nothing."""
        return (
            self.search,
            self.recommend,
            self.explain,
            self.more_like_these,
            self.less_like_these,
            self.item,
            self.catalogue,
        )

    async def search(self, text: str, k: Length = 10, filters: Where | None = None) -> ListReply:
        """Find items by words: what they are called, or what they are about."""
        return _plain(await self.client.search(text, k=k, filters=_filters(filters)))

    async def recommend(
        self,
        user: User = "",
        history: Items | None = None,
        k: Length = 10,
        filters: Where | None = None,
        exclude: Items | None = None,
    ) -> ListReply:
        """The best items for a person, or for somebody who took the items of `history` (oldest
        first). With neither it is what is popular.
        """
        return _plain(
            await self.client.recommend(
                self._who(user, history), history, k, None, exclude or [], _filters(filters)
            )
        )

    async def explain(self, item: str, user: User = "", history: Items | None = None) -> ListReply:
        """Why an item suits a person, or not: its score with the parts that add up to it."""
        return _plain(await self.client.rank([item], self._who(user, history), history))

    async def more_like_these(
        self, items: Items, user: User = "", k: Length = 10, filters: Where | None = None
    ) -> ListReply:
        """Items like some that the person points at, which are not listed again. Their own history
        does not count here.
        """
        self._who(user, items)
        return _plain(
            await self.client.recommend(
                history=items, k=k, exclude=items, filters=_filters(filters)
            )
        )

    async def less_like_these(
        self,
        items: Items,
        user: User = "",
        history: Items | None = None,
        k: Length = 10,
        filters: Where | None = None,
    ) -> ListReply:
        """The best items for a person without some that they do not want, and without what is most
        like those.
        """
        who, off = self._who(user, history), dict.fromkeys(items)
        for item in items:
            near = await self.client.similar(item, k=NEIGHBOURS, explain=False)
            off |= dict.fromkeys(one.item for one in near.items)
        return _plain(
            await self.client.recommend(who, history, k, None, list(off)[:1000], _filters(filters))
        )

    async def item(self, item: str) -> dict[str, Any]:
        """What the catalogue says of an item, and how often what was done with it."""
        found: dict[str, Any] = msgspec.to_builtins(await self.client.get_item(item))
        return found

    async def catalogue(self) -> dict[str, Any]:
        """The model that answers, how many items there are, and how many people were active."""
        found: dict[str, Any] = msgspec.to_builtins(await self.client.ready())
        return found

    async def record_event(
        self,
        item: str,
        action: Annotated[
            str, Field(description="view, click, like, cart, buy, rate, skip, impression")
        ],
        user: User = "",
        request_id: Annotated[str, Field(description="Of the list that showed the item.")] = "",
        position: Annotated[int | None, Field(ge=1, description="In that list.")] = None,
        value: Annotated[float | None, Field(description="A rating, where one was given.")] = None,
    ) -> dict[str, Any]:
        """Record what the person did with an item; the next list knows of it."""
        who = self._who(user, None)
        if who is None:
            raise ToolError("an event needs a user")
        kept = await self.client.send_event(
            who, item, action, value=value, request_id=request_id, position=position
        )
        found: dict[str, Any] = msgspec.to_builtins(kept)
        return found

    def _who(self, user: str, history: list[str] | None) -> str | None:
        """The user that is meant; None where it is said by a history, or is no one."""
        if self._only and user not in ("", self._only):
            raise ToolError(f'only the user "{self._only}" may be spoken of here')
        return user or (self._only if history is None else "") or None


def _tool(tool: Callable[..., Awaitable[Any]], annotations: ToolAnnotations) -> Tool:
    """The tool as the server lists it; what is a list says so by the service's own description."""
    made = Tool.from_function(_said(tool), annotations=annotations)
    if tool.__annotations__["return"] == "ListReply":
        schema = msgspec.json.schema(Answer)
        parts: dict[str, Any] = schema["$defs"]
        made.fn_metadata.output_schema = {**parts.pop(Answer.__name__), "$defs": parts}
    return made


def _plain(answer: Answer) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(answer)
    return found


def _filters(where: dict[str, Any] | None) -> Any:
    try:
        return msgspec.convert(where or {}, Filters)
    except msgspec.ValidationError as error:
        raise ToolError(f"filters: {error}") from error


def _said(tool: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """The tool, whose refusals are words that an assistant can act on."""

    @wraps(tool)
    async def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await tool(*args, **kwargs)
        except PalateError as error:
            raise ToolError(error.message()) from error

    return guarded
