"""What the service answers, as JSON; lists are `palate.serve.engine.answers.Answer`."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct


class KeptEvent(Struct):
    """What became of an event."""

    event_id: str
    offset: int
    new: bool
    """False: an event of this id was there already."""


class EventsReply(Struct):
    """The events are on the disk, and the next list knows of them."""

    accepted: int
    duplicates: int
    events: list[KeptEvent]


class Times(Struct):
    """How often something happened: in all, and with older events counting less."""

    count: int
    lately: float


class ItemReply(Struct):
    """An item as it is now."""

    item: str
    fields: dict[str, Any]
    hidden: bool
    since_run: dict[str, Times]
    """Action -> how often since the run."""


class ItemsReply(Struct):
    """Items as they are now."""

    items: list[ItemReply]


class HistoryEvent(Struct):
    """One thing that a user did since the run."""

    item: str
    action: str
    time: int
    value: float


class UserReply(Struct):
    """A user as of now."""

    user: str
    fields: dict[str, Any]
    history: list[HistoryEvent]
    """Recent events since the run, oldest first."""
    since_run: dict[str, Times]
    """Action -> how often since the run."""
    in_run: int
    """Events in the run's own log."""


class Erased(Struct):
    """A user's fields and events are gone from the service."""

    user: str
    events: int
    in_run: int
    """Events of the run's log, which are not used any more but still lie there: `Run.forget` takes
    them out."""


class Health(Struct):
    """How the service is."""

    status: Literal["live", "ready"]


class Ready(Struct):
    """The service answers."""

    status: Literal["ready"]
    model: str
    items: int
    users: int
    """Users with an event since the run."""
    offset: int
    """Of the last event that was taken into account."""
    encoded: bool
    """False: the content of some new items could not be encoded yet."""


class Problem(Struct, omit_defaults=True):
    """What is wrong, where, what is allowed, and what to do next (RFC 9457)."""

    title: str
    status: int
    what: str
    where: str = ""
    allowed: str = ""
    next_step: str = ""
    request: str = ""
    """Id of the request, as in the service's log."""
    type: str = "about:blank"
