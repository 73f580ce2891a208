"""What is requested of the service, and what it answers, in outside ids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from msgspec import Struct

from palate.serve.records.items import FieldValue

Source: TypeAlias = Literal["model", "popularity", "search", "pinned", "interests", "content"]
"""What put an item on the list."""

Basis: TypeAlias = Literal["history", "interests", "context", "popularity", "words", "content"]
"""What a list rests on: what somebody did; interests that they stated; what is popular in their
context, or with all; the words of a search; the content of an item that the model does not know."""

RowKind: TypeAlias = Literal["for you", "because", "field", "popular", "new"]
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
        diversity: From 0, the best items, to 1, items that are as unlike each other as can be.
        interests: What somebody says that they like, for as long as nothing else is known.
        order: "recent": by the last events of all users; empty: as the model says.
        until: Offset of the last event that counts; None: all that there are.
        by: Key of the model that is to answer, as long as it is deployed; empty: the one that does.
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
    diversity: float = 0.0
    interests: str = ""
    order: Literal["", "recent"] = ""
    until: int | None = None
    by: str = ""


class Reason(Struct, frozen=True, gc=False):
    """A part of a score.

    Attributes:
        kind: "history": an item that the person took; "popularity": how many took it; "block": the
            content that matches a query; "model": the whole score of a model that cannot be taken
            apart; "rule": a rule that applies; "rest": everything that is not named.
        value: What it adds to the score.
        item: The item of the history.
        member: The model of an ensemble through which it counts, the block, or the rule.
    """

    kind: Literal["history", "popularity", "block", "model", "rule", "rest"]
    value: float
    item: str = ""
    member: str = ""


class Listed(Struct, frozen=True, gc=False):
    """An item of a list.

    Attributes:
        item: Its id.
        position: From 1 on; a next page goes on counting.
        score: Higher is better; comparable within a list.
        source: What put it there.
        propensity: The probability with which it was shown here, given what stands above it; 1
            where nothing is drawn.
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
        degraded: Whether it is a substitute: the model could not answer, in a search the encoder of
            one of several blocks is away, or a server that the service keeps things in is away, and
            something may be missing.
        unknown: Ids of the request that the catalogue does not have.
        basis: What the list rests on; it says so of the whole, and each item's source of the item.
        why: Why it is not what the model says of a history; empty where it is.
        experiment: The experiment that chose the model; empty for none.
        variant: The deployed model that it chose.
    """

    request_id: str
    model: str
    items: tuple[Listed, ...]
    degraded: bool = False
    unknown: tuple[str, ...] = ()
    basis: Basis = "history"
    why: str = ""
    experiment: str = ""
    variant: str = ""


@dataclass(frozen=True)
class TitledRow:
    """A list with a title.

    Attributes:
        title: In English; `kind`, `item`, `field` and `value` say it for other languages.
        kind: What it is: for the person as a whole, because of an item that they took, of one value
            of a field, popular now, or new.
        request_id: Of this row: goes along with the events that come of it, and continues it.
        items: Best first; no item stands in two rows.
        item: The item that it is because of.
        field: The field whose value its items share.
        value: The value.
    """

    title: str
    kind: RowKind
    request_id: str
    items: tuple[Listed, ...]
    item: str = ""
    field: str = ""
    value: str = ""


@dataclass(frozen=True)
class RowsAnswer:
    """Several rows.

    Attributes:
        model: The model that made them.
        rows: In the order in which they are to be shown.
        degraded: Whether some are substitutes: the model could not answer.
        unknown: Ids of the request that the catalogue does not have.
        basis: What the first row rests on.
        why: Why that is not what the model says of a history.
    """

    model: str
    rows: tuple[TitledRow, ...]
    degraded: bool = False
    unknown: tuple[str, ...] = ()
    basis: Basis = "history"
    why: str = ""
