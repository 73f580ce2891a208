"""Objects inside a field that all have the same few keys -> one column a key, such as "user.id"."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

MOST_KEYS: Final = 12
"""Objects with more keys describe, and stay whole."""

_MOSTLY: Final = 0.5


def members(name: str, values: Sequence[Any]) -> Iterator[tuple[str, list[Any]]]:
    """The columns of a field: itself where it holds no objects, or objects that describe rather
    than name, each with keys of its own; else one for each key, with objects inside of them too. A
    single key, such as "id" or the "$oid" of MongoDB, takes the name of the field.

    Args:
        name: The field.
        values: [n_rows], as JSON gives them.

    >>> list(members("user", [{"id": 7, "age": 30}, {"id": 8}, None]))
    [('user.id', [7, 8, None]), ('user.age', [30, None, None])]
    >>> list(members("_id", [{"$oid": "a1"}]))
    [('_id', ['a1'])]
    """
    keys = _keys(values)
    if not keys:
        yield name, list(values)
    elif len(keys) == 1:
        yield from members(name, [None if v is None else v.get(keys[0]) for v in values])
    else:
        for key in keys:
            inside = [None if v is None else v.get(key) for v in values]
            yield from members(f"{name}.{key}", inside)


def _keys(values: Sequence[Any]) -> list[str]:
    """The keys of objects that have much the same ones, in order; none for other values."""
    given = [v for v in values if v is not None]
    if not given or not all(isinstance(v, dict) for v in given):
        return []
    counts: dict[str, int] = {}
    for value in given:
        for key in value:
            counts[key] = counts.get(key, 0) + 1
    shared = sum(counts.values()) >= _MOSTLY * len(counts) * len(given)
    return list(counts) if counts and len(counts) <= MOST_KEYS and shared else []
