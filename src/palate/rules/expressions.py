"""Conditions of rules: comparisons of fields with values, and their combinations."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from palate.arrays import Mask

Scope: TypeAlias = Literal["item", "user", "history"]
"""Whose field it is: that of the candidate, of the person, or of any item of the history."""

Operator: TypeAlias = Literal["==", "!=", "<", "<=", ">", ">=", "in", "not in"]
Value: TypeAlias = str | float | bool | tuple[str | float | bool, ...]


@dataclass(frozen=True)
class Compare:
    """One comparison, such as `item.category == "toys"`.

    A comparison with something unknown is false, whatever the operator.

    Attributes:
        scope: Whose field.
        field: Its name.
        operator: `in` with a text is "this or below it" in a hierarchy; with a list, "one of".
        value: What it is compared with.
    """

    scope: Scope
    field: str
    operator: Operator
    value: Value

    @property
    def text(self) -> str:
        """As it is written in a rule."""
        return f"{self.scope}.{self.field} {self.operator} {_written(self.value)}"


@dataclass(frozen=True)
class Both:
    """All of several conditions."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True)
class Either:
    """At least one of several conditions."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True)
class Not:
    """The opposite of a condition."""

    part: Condition


Condition: TypeAlias = Compare | Both | Either | Not


@dataclass(frozen=True)
class Effect:
    """What follows where a condition holds.

    Attributes:
        kind: Whether the item becomes likelier, less likely, or is never to be shown.
        size: 0.2 is a fifth likelier or less likely; 1 for "never".
    """

    kind: Literal["up", "down", "never"]
    size: float

    @property
    def logit(self) -> float:
        """What it adds to the logarithm of the odds; minus infinity for "never"."""
        if self.kind == "never":
            return float("-inf")
        return float(np.log1p(self.size if self.kind == "up" else -self.size))


@dataclass(frozen=True)
class Rule:
    """One rule.

    Attributes:
        text: As it was written.
        condition: When it applies.
        effect: What follows.
    """

    text: str
    condition: Condition
    effect: Effect


def comparisons(condition: Condition) -> tuple[Compare, ...]:
    """The comparisons of a condition, each once, in order of appearance."""
    return tuple(dict.fromkeys(_every(condition)))


def holds(condition: Condition, of: Callable[[Compare], Mask]) -> Mask:
    """Where a condition is true.

    Args:
        condition: The condition.
        of: bool array of each comparison; arrays of different comparisons need only broadcast.
    """
    if isinstance(condition, Compare):
        return of(condition)
    if isinstance(condition, Not):
        return np.logical_not(holds(condition.part, of))
    combine = np.logical_and if isinstance(condition, Both) else np.logical_or
    found = holds(condition.parts[0], of)
    for part in condition.parts[1:]:
        found = combine(found, holds(part, of))
    return np.asarray(found, np.bool_)


def about_items(rule: Rule) -> tuple[Compare, ...]:
    """The comparisons with items, be they candidates or of the history, each column once."""
    of_items = [c for c in comparisons(rule.condition) if c.scope != "user"]
    return tuple({column_of(c): c for c in of_items}.values())


def about_users(rule: Rule) -> tuple[Compare, ...]:
    """The comparisons with users, each once."""
    return tuple(c for c in comparisons(rule.condition) if c.scope == "user")


def column_of(compare: Compare) -> str:
    """The name of its column: a candidate and an item of the history are compared alike."""
    scope: Scope = "item"
    return Compare(scope, compare.field, compare.operator, compare.value).text


def alone(rule: Rule) -> bool:
    """Whether a rule is about candidates alone."""
    return all(compare.scope == "item" for compare in comparisons(rule.condition))


def _every(condition: Condition) -> Iterator[Compare]:
    if isinstance(condition, Compare):
        yield condition
    elif isinstance(condition, Not):
        yield from _every(condition.part)
    else:
        for part in condition.parts:
            yield from _every(part)


def _written(value: Value) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_written, value))}]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f'"{value}"' if isinstance(value, str) else f"{value:g}"
