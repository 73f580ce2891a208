"""What is requested of the service, and what it answers, in outside ids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from palate.serve.records.items import FieldValue

Source: TypeAlias = Literal["model", "popularity", "search", "pinned"]
"""What put an item on the list."""

SeenRule: TypeAlias = Literal["", "mask", "allow"]


@dataclass(frozen=True)
class Range:
    """Numbers from `least` to `most`, both of them in it; None: no bound."""

    least: float | None = None
    most: float | None = None


Filter: TypeAlias = FieldValue | Sequence[FieldValue] | Range
"""The value that a field must have, one of several, or numbers of a range."""


@dataclass(frozen=True)
class ListRequest:
    """A list that is wanted.

    Attributes:
        user: Whose history; empty for no one in particular.
        history: Items that somebody took, oldest first, in place of what is known; None: what is
            known of the user.
        k: Length of the list, >= 1.
        candidates: The only items that may be recommended; None: all.
        exclude: Items that may not.
        filters: Field -> what it must be.
        seen: Whether items of the history are left out; empty for what the run's recipe says.
        explain: Whether reasons are wanted.
        pins: Whether pinned items lead the list.
        context: What else is known of the request.
    """

    user: str = ""
    history: tuple[str, ...] | None = None
    k: int = 10
    candidates: tuple[str, ...] | None = None
    exclude: tuple[str, ...] = ()
    filters: Mapping[str, Filter] = field(default_factory=dict)
    seen: SeenRule = ""
    explain: bool = True
    pins: bool = False
    context: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Reason:
    """A part of a score.

    Attributes:
        kind: "history": an item that the person took; "popularity": how many took it; "block": the
            content that matches a query; "model": the whole score of a model that cannot be taken
            apart; "rest": everything that is not named.
        value: What it adds to the score.
        item: The item of the history.
        member: The model of an ensemble through which it counts, or the block.
    """

    kind: Literal["history", "popularity", "block", "model", "rest"]
    value: float
    item: str = ""
    member: str = ""


@dataclass(frozen=True)
class Listed:
    """An item of a list.

    Attributes:
        item: Its id.
        position: From 1 on.
        score: Higher is better; comparable within a list.
        source: What put it there.
        propensity: The probability with which it was shown here; 1, since nothing is drawn.
        title: What people call it; empty where no field says so.
        reasons: Parts that add up to the score; empty where none were wanted.
    """

    item: str
    position: int
    score: float
    source: Source
    propensity: float = 1.0
    title: str = ""
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True)
class Answer:
    """A list.

    Attributes:
        request_id: Goes along with the events that come of it.
        model: The model that made it.
        items: Best first.
        degraded: Whether it is a substitute: the model could not answer.
        unknown: Ids of the request that the catalogue does not have.
    """

    request_id: str
    model: str
    items: tuple[Listed, ...]
    degraded: bool = False
    unknown: tuple[str, ...] = ()
