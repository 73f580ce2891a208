"""A request as a value, and the few shapes that the service's routes have."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar
from urllib.parse import quote

import msgspec

from palate.serve.http.bodies import FieldsBody, Value

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class Wanted(Generic[T]):
    """A request that is to be sent.

    Attributes:
        method: Of HTTP.
        path: Behind the address of the service.
        read: Makes the result of the bytes of an answer.
        body: JSON; None for none.
        query: Parameters.
        repeatable: Whether it may be sent again where no one knows if the first one arrived.
    """

    method: str
    path: str
    read: Callable[[bytes], T]
    body: bytes | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    repeatable: bool = True


@dataclass(frozen=True)
class Route(Generic[P, T]):
    """A route of the service.

    Attributes:
        method: Of HTTP.
        path: With `{id}` for the id of an item or a user.
        summary: What it does, in a sentence.
        wanted: Makes the request from the arguments of a call.
        signature: Of a call, for people and editors.
        reply: Type of the result.
        body: Type of what is sent; None for nothing.
    """

    method: str
    path: str
    summary: str
    wanted: Callable[P, Wanted[T]]
    signature: inspect.Signature
    reply: Any = None
    body: Any = None


def sends(
    method: str,
    path: str,
    summary: str,
    body: Callable[P, Any],
    reply: type[T],
    repeatable: bool = True,
    complete: Callable[[Any], Any] = lambda body: body,
) -> Route[P, T]:
    """A route that takes a body; a call has the body's fields as arguments.

    Args:
        method: Of HTTP.
        path: Of the route.
        summary: What it does.
        body: Type of what is sent.
        reply: Type of the result.
        repeatable: See `Wanted`.
        complete: Fills in what a caller need not give.
    """

    def wanted(*args: P.args, **kwargs: P.kwargs) -> Wanted[T]:
        content = encoded(complete(body(*args, **kwargs)))
        return Wanted(method, path, reads(reply), content, repeatable=repeatable)

    return Route(method, path, summary, wanted, inspect.signature(body), reply, body)


def asks(path: str, summary: str, reply: type[T], read: Callable[[bytes], T]) -> Route[[], T]:
    """A route that takes nothing."""

    def wanted() -> Wanted[T]:
        return Wanted("GET", path, read)

    return Route("GET", path, summary, wanted, inspect.signature(wanted), reply)


def of_one(
    method: str, path: str, summary: str, reply: type[T], repeatable: bool = True
) -> Route[[str], T]:
    """A route of one item or user, which takes nothing but the id."""

    def wanted(id: str) -> Wanted[T]:  # noqa: A002 - the word of the route
        return Wanted(method, with_id(path, id), reads(reply), repeatable=repeatable)

    return Route(method, path, summary, wanted, inspect.signature(wanted), reply)


def of_one_with(
    path: str, summary: str, query: Callable[P, Any], reply: type[T]
) -> Route[Concatenate[str, P], T]:
    """A route of one item with parameters."""

    def wanted(id: str, /, *args: P.args, **kwargs: P.kwargs) -> Wanted[T]:  # noqa: A002
        return Wanted("GET", with_id(path, id), reads(reply), query=_texts(query(*args, **kwargs)))

    behind = inspect.signature(query)
    first = inspect.Parameter("id", inspect.Parameter.POSITIONAL_ONLY, annotation="str")
    signature = behind.replace(parameters=[first, *behind.parameters.values()])
    return Route("GET", path, summary, wanted, signature, reply, query)


def asks_with(path: str, summary: str, query: Callable[P, Any], reply: type[T]) -> Route[P, T]:
    """A route of the whole service with parameters."""

    def wanted(*args: P.args, **kwargs: P.kwargs) -> Wanted[T]:
        return Wanted("GET", path, reads(reply), query=_texts(query(*args, **kwargs)))

    return Route("GET", path, summary, wanted, inspect.signature(query), reply, query)


def changes(path: str, summary: str, reply: type[T]) -> Route[[str, Mapping[str, Value]], T]:
    """A route that gives some fields of an item or a user other values."""

    def wanted(id: str, fields: Mapping[str, Value]) -> Wanted[T]:  # noqa: A002
        content = encoded(FieldsBody(dict(fields)))
        return Wanted("PATCH", with_id(path, id), reads(reply), content)

    return Route("PATCH", path, summary, wanted, inspect.signature(wanted), reply, FieldsBody)


def removes(path: str, summary: str) -> Route[[str], None]:
    """A route that takes something away and answers with nothing."""

    def wanted(id: str) -> Wanted[None]:  # noqa: A002
        # sent again, it would be answered with 404, as if it had never been there
        return Wanted("DELETE", with_id(path, id), lambda content: None, repeatable=False)

    return Route("DELETE", path, summary, wanted, inspect.signature(wanted))


def reads(reply: type[T]) -> Callable[[bytes], T]:
    """Reads an answer of that type; fields that a later service adds are passed over."""
    return lambda content: msgspec.json.decode(content, type=reply)


def encoded(body: Any) -> bytes:
    """JSON of what is not at its default, so that a service of an earlier version takes it, too."""
    return msgspec.json.encode(_brief(body))


def with_id(path: str, name: str) -> str:
    """The path with an id in it, whatever characters it has."""
    return path.replace("{id}", quote(name, safe=""))


def _texts(query: Any) -> dict[str, str]:
    """Parameters as they stand in an address, without those that are not given."""
    given = msgspec.to_builtins(query)
    return {
        name: msgspec.json.encode(value).decode()
        for name, value in given.items()
        if value is not None
    }


def _brief(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_brief(one) for one in value]
    if not isinstance(value, msgspec.Struct):
        return value
    found = {}
    for known in msgspec.structs.fields(value):
        given = getattr(value, known.name)
        default = known.default
        if known.default_factory is not msgspec.NODEFAULT:
            default = known.default_factory()
        if default is msgspec.NODEFAULT or given != default:
            found[known.encode_name] = given
    return found
