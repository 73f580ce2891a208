"""Lists as tools give them, with the shape that is described to assistants: fields and words are
those of `palate.serve.engine.answers`.
"""

from __future__ import annotations

from typing import cast

import msgspec
from typing_extensions import TypedDict

from palate.serve.engine.answers import Answer


class Part(TypedDict):
    """A part of a score; see `Reason`."""

    kind: str
    value: float
    item: str
    member: str


class Shown(TypedDict):
    """An item of a list; see `Listed`."""

    item: str
    position: int
    score: float
    source: str
    propensity: float
    title: str
    reasons: list[Part]


class Shortlist(TypedDict):
    """A list; see `Answer`."""

    request_id: str
    model: str
    items: list[Shown]
    degraded: bool
    unknown: list[str]
    basis: str
    why: str
    experiment: str
    variant: str


def shortlist(answer: Answer) -> Shortlist:
    """The answer of the service, field by field."""
    return cast(Shortlist, msgspec.to_builtins(answer, builtin_types=()))
