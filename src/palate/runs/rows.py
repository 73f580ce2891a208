"""What the files of a run directory say, as frozen rows; looser than what wrote them, so that old
runs still draw.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

# NUL and its kin are not allowed in HTML, and lone surrogates cannot be written as UTF-8 at all.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)


def plain_text(value: Any) -> str:
    """Any JSON value as text that may stand in a page.

    >>> plain_text({"user": "uid", "item": 3})
    'user: uid, item: 3'
    """
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}" if math.isfinite(value) else ""
    if isinstance(value, Mapping):
        return ", ".join(f"{plain_text(key)}: {plain_text(inner)}" for key, inner in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(plain_text(inner) for inner in value)
    return _UNPRINTABLE.sub("\ufffd", str(value))


def finite(value: float | None) -> float | None:
    """The number, or None if it is not a finite one."""
    return value if value is not None and math.isfinite(value) else None


def _listed(value: Any) -> Any:
    return (value,) if isinstance(value, str | Mapping) else value or ()


Text = Annotated[str, BeforeValidator(plain_text)]
Number = Annotated[float | None, AfterValidator(finite)]
Texts = Annotated[tuple[Text, ...], BeforeValidator(_listed)]


@dataclass(frozen=True)
class Figure:
    """One key figure of the head of the page."""

    label: Text
    value: Text = ""
    note: Text = ""


@dataclass(frozen=True)
class Protocol:
    """Which published protocol the run follows; the name is empty where it follows none."""

    name: Text = ""
    description: Text = ""


@dataclass(frozen=True)
class Summary:
    """`summary.json`: what the run says in words."""

    name: Text = ""
    created: Text = ""
    palate_version: Text = ""
    headline: Text = ""
    details: Texts = ()
    primary: Text = ""
    base_model: Text = ""
    best_model: Text = ""
    figures: tuple[Figure, ...] = ()
    protocol: Protocol = field(default_factory=Protocol)


@dataclass(frozen=True)
class Counts:
    """How big the data are."""

    users: Number = None
    items: Number = None
    interactions: Number = None
    density: Number = None
    events_per_user_median: Number = None
    first: Text = ""
    last: Text = ""


@dataclass(frozen=True)
class Coverage:
    """How much of the catalogue has text in a field; `share` in 0..1."""

    field: Text
    share: Number = None
    median_words: Number = None


@dataclass(frozen=True)
class Fault:
    """One finding of the data checks."""

    code: Text
    severity: Text = "note"
    message: Text = ""
    where: Text = ""
    count: Number = None
    examples: Texts = ()
    advice: Text = ""


@dataclass(frozen=True)
class Split:
    """How the interactions were parted."""

    part: Text = ""
    train: Number = None
    validation: Number = None
    test: Number = None
    withheld: Text = ""
    notes: Texts = ()


@dataclass(frozen=True)
class Data:
    """`data.json`: counts, text coverage, findings, digests of the inputs."""

    name: Text = ""
    counts: Counts = field(default_factory=Counts)
    text: tuple[Coverage, ...] = ()
    findings: tuple[Fault, ...] = ()
    sources: dict[Text, Text] = field(default_factory=dict)
    guesses: Texts = ()
    cleaning: Texts = ()
    split: Split | None = None


@dataclass(frozen=True)
class Score:
    """A row of `leaderboard.json`; `kind` is "model", "control" or "published"."""

    model: Text
    metric: Text
    slice: Text = "all"
    value: Number = None
    low: Number = None
    high: Number = None
    n_users: Number = None
    seconds: Number = None
    kind: Text = "model"
    source: Text = ""


@dataclass(frozen=True)
class Comparison:
    """A row of `comparisons.json`: `a` minus `b`, paired over users; `purpose` is "lift", "control"
    or "pair".
    """

    a: Text
    b: Text
    metric: Text
    slice: Text = "all"
    difference: Number = None
    low: Number = None
    high: Number = None
    p: Number = None
    p_adjusted: Number = None
    n_users: Number = None
    purpose: Text = "pair"


@dataclass(frozen=True)
class Importance:
    """A row of `importance.json`."""

    block: Text
    method: Text = ""
    question: Text = ""
    metric: Text = ""
    value: Number = None
    low: Number = None
    high: Number = None
    p: Number = None
    verdict: Text = ""
    seconds: Number = None
    bytes: Number = None


@dataclass(frozen=True)
class Ablation:
    """A row of `ablation.json`; differences are against ids only."""

    operator: Text
    blocks: Text = ""
    metric: Text = ""
    value: Number = None
    low: Number = None
    high: Number = None
    difference: Number = None
    difference_low: Number = None
    difference_high: Number = None
    p_adjusted: Number = None


@dataclass(frozen=True)
class Point:
    """An item of the map."""

    id: Text
    title: Text = ""
    x: Number = None
    y: Number = None
    count: Number = None
    label: Text = ""


@dataclass(frozen=True)
class Map:
    """`map.json`: the catalogue in two dimensions."""

    block: Text = ""
    method: Text = ""
    label: Text = ""
    points: tuple[Point, ...] = ()


@dataclass(frozen=True)
class Item:
    """An item by name."""

    id: Text
    title: Text = ""


@dataclass(frozen=True)
class Term:
    """A summand of a score, or a coefficient of the fusion."""

    name: Text
    value: Number = None
    note: Text = ""


@dataclass(frozen=True)
class Reason:
    """An item of the history that a recommendation rests on; `share` in 0..1."""

    id: Text
    title: Text = ""
    value: Number = None
    share: Number = None


@dataclass(frozen=True)
class Recommended:
    """One item of a list."""

    id: Text
    title: Text = ""
    score: Number = None
    rank: int = 0
    hit: bool = False
    train_count: Number = None
    terms: tuple[Term, ...] = ()
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True)
class UserList:
    """What one user was shown, had before (newest first) and chose next."""

    user: Text
    history: tuple[Item, ...] = ()
    targets: tuple[Item, ...] = ()
    items: tuple[Recommended, ...] = ()


@dataclass(frozen=True)
class Recommendations:
    """`recommendations.json`."""

    model: Text = ""
    members: Texts = ()
    users: tuple[UserList, ...] = ()


@dataclass(frozen=True)
class Gate:
    """How much the text weighs for an item seen `count` times."""

    count: Number = None
    weight: Number = None


@dataclass(frozen=True)
class Fusion:
    """`fusion.json`."""

    formula: Text = ""
    coefficients: tuple[Term, ...] = ()
    gate: tuple[Gate, ...] = ()


@dataclass(frozen=True)
class Stage:
    """A row of `timings.json`."""

    stage: Text
    seconds: Number = None
    peak_mb: Number = None


@dataclass(frozen=True)
class Step:
    """A point of a training curve."""

    step: Number = None
    loss: Number = None
    metric: Number = None
