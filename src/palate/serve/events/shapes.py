"""Logs of other services as they keep and send them: gorse, metarank, Recombee."""

from __future__ import annotations

import datetime
import hashlib
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias, get_args

from palate.errors import BadInput
from palate.event_store import NewEvent
from palate.serve.records.items import FieldValue, ItemRecord
from palate.tables import Event

Shape: TypeAlias = Literal["gorse", "metarank", "recombee"]
"""Whose files they are."""

SHAPES: Final[tuple[Shape, ...]] = get_args(Shape)

_MILLISECONDS: Final = 10_000_000_000
"""A larger number of seconds lies after the year 2286: it is milliseconds."""

_RECOMBEE: Final = {
    "detailviews": "view",
    "purchases": "buy",
    "ratings": "rate",
    "cartadditions": "cart",
    "bookmarks": "bookmark",
    "viewportions": "view",
}
"""Path of a request -> the action."""


@dataclass
class Shaped:
    """What a file of another service says.

    Attributes:
        events: In the order of the file.
        items: Id -> what it says of an item.
        users: Id -> field -> value.
    """

    events: list[NewEvent] = field(default_factory=list)
    items: dict[str, ItemRecord] = field(default_factory=dict)
    users: dict[str, dict[str, FieldValue]] = field(default_factory=dict)


def read_shape(path: Path, shape: str = "") -> Shaped | None:
    """A file of another service: an array of JSON, an object that holds one, or lines of JSON.

    Args:
        path: The file.
        shape: Whose; empty: as its first object looks.

    Returns:
        What it says; None where it looks like none of them, and none was named.

    Raises:
        BadInput: It is no such file, or an object lacks what it needs; with its number.
    """
    if shape and shape not in SHAPES:
        raise BadInput(f'there is no shape "{shape}"', where="--shape", allowed=", ".join(SHAPES))
    try:
        objects = list(_objects(path))
    except (OSError, UnicodeDecodeError, ValueError) as error:
        if not shape:
            return None
        raise BadInput(
            f"the file cannot be read: {error}", where=str(path), allowed="JSON, or lines of JSON"
        ) from error
    found = shape or (recognised(objects[0]) if objects else "")
    if not found:
        return None
    shaped = Shaped()
    for number, one in enumerate(objects, start=1):
        try:
            _READERS[found](one, shaped)
        except (KeyError, TypeError, ValueError) as error:
            missing = f"it has no {error}" if isinstance(error, KeyError) else str(error)
            raise BadInput(
                f"object {number} is not understood: {missing}",
                where=str(path),
                allowed=f"what {found} writes",
            ) from error
    return shaped


def recognised(one: Mapping[str, Any]) -> Shape | Literal[""]:
    """Whose an object is; empty for no one's.

    >>> recognised({"FeedbackType": "star", "UserId": "u", "ItemId": "i"})
    'gorse'
    >>> recognised({"user_id": "u", "item_id": "i"})
    ''
    """
    if one.get("event") in ("item", "user", "ranking", "interaction"):
        return "metarank"
    if "ItemId" in one or "UserId" in one:
        return "gorse"
    if ("userId" in one and "itemId" in one) or ("method" in one and "params" in one):
        return "recombee"
    return ""


def _objects(path: Path) -> Iterator[Mapping[str, Any]]:
    text = path.read_text(encoding="utf-8-sig")
    try:
        whole = json.loads(text)
    except json.JSONDecodeError:
        whole = [json.loads(line) for line in text.splitlines() if line.strip()]
    for one in _listed(whole):
        if not isinstance(one, Mapping):
            raise ValueError("not all of it are objects")
        yield one


def _listed(whole: Any) -> Sequence[Any]:
    if isinstance(whole, list):
        return whole
    if not isinstance(whole, Mapping):
        return [whole]
    arrays = [value for value in whole.values() if isinstance(value, list)]
    of_objects = [a for a in arrays if a and isinstance(a[0], Mapping)]
    # {"Cursor": ..., "Items": [...]} and {"requests": [...]}; an event of metarank holds lists too
    return of_objects[0] if len(of_objects) == 1 and not recognised(whole) else [whole]


def _gorse(one: Mapping[str, Any], into: Shaped) -> None:
    if "FeedbackType" in one:
        value = one.get("Value")
        counted = 1.0 if value in (None, 0) else float(value)
        event = Event(
            str(one["UserId"]),
            str(one["ItemId"]),
            str(one["FeedbackType"]),
            _seconds(one.get("Timestamp")),
            counted,
        )
        # what names a feedback there: one of a kind for each user and item
        into.events.append(NewEvent(_name("gorse", *map(str, _of(event))), event))
    elif "ItemId" in one:
        item = str(one["ItemId"])
        fields = _labels(one.get("Labels"))
        fields |= _fields({"categories": one.get("Categories"), "comment": one.get("Comment")})
        into.items[item] = ItemRecord(item, fields, hidden=bool(one.get("IsHidden")))
    else:
        into.users[str(one["UserId"])] = _labels(one.get("Labels"))


def _metarank(one: Mapping[str, Any], into: Shaped) -> None:
    kind = one["event"]
    if kind == "item":
        item = str(one["item"])
        known = into.items.get(item, ItemRecord(item))
        into.items[item] = ItemRecord(item, {**known.fields, **_pairs(one)})
    elif kind == "user":
        into.users.setdefault(str(one["user"]), {}).update(_pairs(one))
    elif kind == "ranking":
        for position, shown in enumerate(one["items"], start=1):
            item, name = str(shown["id"]), f"{one['id']}-{position}"
            into.events.append(
                NewEvent(name, _of_metarank(one, item, "impression", one["id"], position))
            )
    else:
        item, request = str(one["item"]), str(one.get("ranking") or "")
        event = _of_metarank(one, item, str(one["type"]), request, None)
        into.events.append(NewEvent(str(one["id"]), event))


def _of_metarank(
    one: Mapping[str, Any], item: str, action: str, request: str, position: int | None
) -> Event:
    # somebody without a name is who the session is
    user = one.get("user") or one.get("session")
    if not user:
        raise KeyError("user")
    context = {
        name: value
        for name, value in _pairs(one).items()
        if isinstance(value, str | bool | int | float)
    }
    when = _seconds(one.get("timestamp"))
    return Event(str(user), item, action, when, 1.0, str(request), position, None, context)


def _recombee(one: Mapping[str, Any], into: Shaped) -> None:
    if "params" in one:  # a request of a batch
        kind = str(one.get("path", "")).strip("/").split("/")[0].lower()
        if kind not in _RECOMBEE:
            raise ValueError(f'"{one.get("path")}" is no interaction')
        action, said = _RECOMBEE[kind], one["params"]
    else:
        said = one
        action = str(one.get("type") or _action_of(one))
    rating = said.get("rating")
    value = said.get("amount") if rating is None else rating
    event = Event(
        str(said["userId"]),
        str(said["itemId"]),
        action,
        _seconds(said.get("timestamp")),
        1.0 if value is None else float(value),
        str(said.get("recommId") or ""),
    )
    into.events.append(NewEvent(_name("recombee", *map(str, _of(event))), event))


def _action_of(one: Mapping[str, Any]) -> str:
    """By the parameters that only one kind of interaction has."""
    if "rating" in one:
        return "rate"
    return "buy" if "amount" in one or "price" in one else "view"


_READERS: Final[dict[str, Callable[[Mapping[str, Any], Shaped], None]]] = {
    "gorse": _gorse,
    "metarank": _metarank,
    "recombee": _recombee,
}


def _of(event: Event) -> tuple[object, ...]:
    return (event.action, event.user, event.item, event.time, event.request)


def _name(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def _seconds(value: Any) -> int | None:
    """A time as numbers, or texts of numbers or of ISO 8601; milliseconds are known by their
    size.
    """
    if value in (None, ""):
        return None
    try:
        number = float(value)
    except ValueError:
        read = datetime.datetime.fromisoformat(str(value))
        zoned = read if read.tzinfo else read.replace(tzinfo=datetime.UTC)
        return math.floor(zoned.timestamp())
    return math.floor(number / 1000 if abs(number) >= _MILLISECONDS else number)


def _pairs(one: Mapping[str, Any]) -> dict[str, FieldValue]:
    """Metarank's fields: pairs of a name and a value."""
    return _fields({str(pair["name"]): pair["value"] for pair in one.get("fields") or ()})


def _labels(labels: Any) -> dict[str, FieldValue]:
    """Gorse's labels: a list of words, or values by name."""
    if isinstance(labels, Mapping):
        return _fields(labels)
    return _fields({"labels": labels})


def _fields(given: Mapping[str, Any]) -> dict[str, FieldValue]:
    """What a record may hold: plain values and lists of texts; all else is passed over."""
    found: dict[str, FieldValue] = {}
    for name, value in given.items():
        if isinstance(value, str | bool | int) or (
            isinstance(value, float) and math.isfinite(value)
        ):
            found[name] = value
        elif isinstance(value, list) and all(isinstance(v, str | int | float) for v in value):
            found[name] = [str(v) for v in value]
    return found
