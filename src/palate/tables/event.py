"""One thing that happened, in outside ids: what a service takes in and a log is made of."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias, TypeGuard

import numpy as np

from palate.errors import BadInput, PalateError, raise_all

ContextValue: TypeAlias = str | int | float | bool

_INT64: Final = 2**63
_INT32: Final = 2**31
_MOST_VALUE: Final = float(np.finfo(np.float32).max)
# below it, float32 loses digits and at last says 0, which is no propensity
_LEAST_PROPENSITY: Final = float(np.finfo(np.float32).tiny)


@dataclass(frozen=True)
class Event:
    """Somebody did something with an item, or was shown it.

    A log of many is an `Interactions`, which holds the same as columns; `Interactions.of_events`
    and `Interactions.events` lead from one to the other.

    Attributes:
        user: The user's id.
        item: The item's id.
        action: What was done, in the source's word ("view", "buy"); empty where unknown.
        time: Seconds since 1970 UTC, or a rank that grows with time; None where unknown.
        value: Rating or weight, a finite number that a log keeps as float32.
        request: Id of the request (search, page, slate) that showed the item; empty where unknown.
            Events of one request were decided on together.
        position: Place of the item in the list that was shown, from 1 on; None where unknown.
        propensity: Probability in (0, 1] with which the policy that was at work showed the item (at
            this position, if there is one); None where unknown. A log keeps it as float32.
        context: What else was known at that time, name -> text, number or truth value.

    Raises:
        BadInput: A value outside its range; all of them together.

    >>> Event("u7", "lamp", "click", time=1_700_000_000, position=2).action
    'click'
    """

    user: str
    item: str
    action: str = ""
    time: int | None = None
    value: float = 1.0
    request: str = ""
    position: int | None = None
    propensity: float | None = None
    context: Mapping[str, ContextValue] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        if _plainly_right(self):
            return
        raise_all([*_wrong_ids(self), *_wrong_numbers(self), *_wrong_context(self.context)])


def _plainly_right(event: Event) -> bool:
    """True for an event as most are: a log has millions, and most checks are not for them."""
    time, value = event.time, event.value
    return (
        type(event.user) is str
        and type(event.item) is str
        and bool(event.user and event.item)
        and type(event.action) is str
        and type(event.request) is str
        and (time is None or (type(time) is int and -_INT64 <= time < _INT64))
        and type(value) is float
        and abs(value) <= _MOST_VALUE
        and event.position is None
        and event.propensity is None
        and not event.context
    )


def _wrong_ids(event: Event) -> Sequence[PalateError]:
    return [
        BadInput(f"{text!r} is no id", where=f"event.{name}", allowed="a text that is not empty")
        for name, text in (("user", event.user), ("item", event.item))
        if not isinstance(text, str) or not text
    ] + [
        BadInput(f"{text!r} is no name", where=f"event.{name}", allowed="a text; empty for none")
        for name, text in (("action", event.action), ("request", event.request))
        if not isinstance(text, str)
    ]


def _wrong_numbers(event: Event) -> list[PalateError]:
    found: list[PalateError] = []
    if event.time is not None and not (_is_whole(event.time) and -_INT64 <= event.time < _INT64):
        found.append(
            BadInput(
                f"{event.time!r} is no time",
                where="event.time",
                allowed="whole seconds since 1970, a rank, or None",
            )
        )
    if not _is_number(event.value) or abs(event.value) > _MOST_VALUE:
        found.append(
            BadInput(
                f"{event.value!r} is no value",
                where="event.value",
                allowed="a finite number that float32 can hold",
            )
        )
    if event.position is not None and not (
        _is_whole(event.position) and 1 <= event.position < _INT32
    ):
        found.append(
            BadInput(
                f"{event.position!r} is no position",
                where="event.position",
                allowed="a whole number, 1 for the top of the list, or None",
            )
        )
    if event.propensity is not None and not (
        _is_number(event.propensity) and _LEAST_PROPENSITY <= event.propensity <= 1
    ):
        found.append(
            BadInput(
                f"{event.propensity!r} is no propensity",
                where="event.propensity",
                allowed="a probability above 0 and at most 1, or None",
            )
        )
    return found


def _wrong_context(context: Mapping[str, ContextValue]) -> Sequence[PalateError]:
    return [
        BadInput(
            f"{value!r} cannot be kept",
            where=f"event.context.{name}",
            allowed="a text, a whole or finite number, true or false",
            next_step="leave out what is not known",
        )
        for name, value in context.items()
        if not (isinstance(value, (str, bool)) or _is_number(value))
        or (_is_whole(value) and not -_INT64 <= value < _INT64)
    ]


def _is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    return _is_whole(value) or (isinstance(value, float) and math.isfinite(value))
