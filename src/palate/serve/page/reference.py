"""The description of the API in the order and words of a page: what each route takes and gives, and
a command that asks it.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

ADDRESS: Final = "http://127.0.0.1:8765"
_METHODS: Final = ("get", "post", "patch", "put", "delete")
_GROUPS: Final = (
    ("Lists", ("/v1/recommendations", "/v1/rank", "/v1/search")),
    ("Events", ("/v1/events",)),
    ("Items", ("/v1/items",)),
    ("People", ("/v1/users",)),
    ("Models", ("/v1/models", "/v1/experiments", "/v1/drift")),
    ("Keys", ("/v1/keys",)),
    ("The service", ("/v1/live", "/health", "/metrics")),
)
"""Titles, and the paths that stand below each; anything else comes before the last."""

_IDS: Final = (("/v1/users", "7"), ("/v1/models", "clicks-2"), ("/v1/keys", "1f2e3d4c"))
"""What stands for an id in a command, by path."""


@dataclass(frozen=True)
class Field:
    """A field of a body or an answer, or a parameter.

    Attributes:
        name: With the names that it lies in.
        kind: Its type and limits in words.
        required: Whether it has to be there.
        depth: In how many others it lies.
    """

    name: str
    kind: str
    required: bool = False
    depth: int = 0


@dataclass(frozen=True)
class RouteText:
    """A route.

    Attributes:
        name: Its id in the description.
        method: In capitals.
        path: With `{id}`.
        summary: What it does.
        role: Of the keys that may use it; empty where none is needed.
        parameters: In path and query.
        body: Fields of what is sent.
        reply: Fields of the answer.
        command: That asks it.
        statuses: Status -> what it means.
    """

    name: str
    method: str
    path: str
    summary: str
    role: str
    parameters: tuple[Field, ...]
    body: tuple[Field, ...]
    reply: tuple[Field, ...]
    command: str
    statuses: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Group:
    """Routes about one thing."""

    title: str
    routes: tuple[RouteText, ...]


def groups(description: Mapping[str, Any]) -> list[Group]:
    """All routes.

    Args:
        description: OpenAPI 3.1.
    """
    schemas = description["components"]["schemas"]
    routes = [
        _route(path, method, operation, schemas)
        for path, operations in description["paths"].items()
        for method, operation in operations.items()
        if method in _METHODS
    ]
    named: dict[str, list[RouteText]] = {title: [] for title, _ in _GROUPS}
    for route in routes:
        named[_title(route.path)].append(route)
    return [Group(title, tuple(found)) for title, found in named.items() if found]


def _title(path: str) -> str:
    for title, starts in _GROUPS:
        if path.startswith(starts):
            return title
    return "The service"


def _route(
    path: str, method: str, operation: Mapping[str, Any], schemas: Mapping[str, Any]
) -> RouteText:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    replies = {int(status): reply for status, reply in operation["responses"].items()}
    good = replies[min(replies)].get("content", {})
    security = operation.get("security", [])
    return RouteText(
        operation["operationId"],
        method.upper(),
        path,
        operation["summary"],
        next((roles[0] for entry in security for roles in entry.values()), ""),
        tuple(
            Field(one["name"], _kind(one["schema"], schemas), one["required"])
            for one in operation.get("parameters", ())
        ),
        tuple(_fields(content.get("schema", {}), schemas)),
        tuple(_fields(good.get("application/json", {}).get("schema", {}), schemas)),
        _command(path, method, content.get("example"), bool(security)),
        tuple((str(status), reply["description"]) for status, reply in sorted(replies.items())),
    )


def _command(path: str, method: str, example: Any, keyed: bool) -> str:
    """What a terminal asks it with; a key comes from the environment."""
    name = next((i for start, i in _IDS if path.startswith(start)), "42")
    words = ["curl", "-s"]
    if method not in ("get", "post") or (method == "post" and example is None):
        words += ["-X", method.upper()]
    words.append(shlex.quote(ADDRESS + path.replace("{id}", name)))
    lines = [" ".join(words)]
    if keyed:
        lines.append('-H "Authorization: Bearer $PALATE_KEY"')
    if example is not None:
        lines.append(f"-d {shlex.quote(json.dumps(example, ensure_ascii=False))}")
    return " \\\n  ".join(lines)


def _fields(
    schema: Mapping[str, Any],
    schemas: Mapping[str, Any],
    depth: int = 0,
    above: tuple[str, ...] = (),
) -> Iterator[Field]:
    """The fields of an object, and of the objects in it, each type once along the way down."""
    for name in _objects(schema):
        if name in above:
            continue
        known = schemas[name]
        required = known.get("required", ())
        for field, inner in known.get("properties", {}).items():
            yield Field(field, _kind(inner, schemas), field in required, depth)
            yield from _fields(inner, schemas, depth + 1, (*above, name))
        return  # of one thing or a list of such things the fields are the same


def _objects(schema: Mapping[str, Any]) -> list[str]:
    """Names of the types that a schema is made of."""
    if "$ref" in schema:
        return [schema["$ref"].rpartition("/")[2]]
    found = [name for one in schema.get("anyOf", ()) for name in _objects(one)]
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), Mapping):
            found += _objects(schema[key])
    return list(dict.fromkeys(found))


def _kind(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> str:
    """A type with its limits, in words."""
    if "$ref" in schema:
        named = schemas[schema["$ref"].rpartition("/")[2]]
        return "object" if "properties" in named else _kind(named, schemas)
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_kind(one, schemas) for one in schema["anyOf"]))
    if "enum" in schema:
        return ", ".join("null" if value is None else f'"{value}"' for value in schema["enum"])
    kind = str(schema.get("type", "anything"))
    if kind == "array":
        inner = schema.get("items", {})
        kind = f"list of {_kind(inner, schemas)}" if inner else "list"
    if schema.get("multipleOf") == 1:
        kind = "whole number"
    return kind + _limits(schema)


def _limits(schema: Mapping[str, Any]) -> str:
    low = next((schema[key] for key in ("minimum", "minLength", "minItems") if key in schema), None)
    high = next(
        (
            schema[key]
            for key in ("maximum", "maxLength", "maxItems", "maxProperties")
            if key in schema
        ),
        None,
    )
    unit = " characters" if "maxLength" in schema else ""
    if low is not None and high is not None:
        return f", {low:,} to {high:,}{unit}"
    if high is not None:
        return f", at most {high:,}{unit}"
    return f", at least {low:,}" if low is not None else ""
