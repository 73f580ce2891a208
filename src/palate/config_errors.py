"""What the type check of settings refuses, said in plain words and at the right place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from palate.errors import BadRecipe, nearest

_ALLOWED = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "string_type": "text",
    "tuple_type": "a list",
    "list_type": "a list",
    "set_type": "a list",
    "frozen_set_type": "a list",
    "dict_type": "a table",
    "mapping_type": "a table",
    "dataclass_type": "a table",
    "greater_than_equal": "{ge} or more",
    "greater_than": "more than {gt}",
    "less_than_equal": "{le} or less",
    "less_than": "less than {lt}",
    "multiple_of": "a multiple of {multiple_of}",
    "too_short": "at least {min_length} entries",
    "too_long": "at most {max_length} entries",
    "string_too_short": "text of at least {min_length} characters",
    "string_too_long": "text of at most {max_length} characters",
    "string_pattern_mismatch": "text of the form {pattern}",
    "value_error": "{error}",
}
"""pydantic's name of a refusal -> what would have been accepted, with the refusal's own figures put
in."""


def plain(
    errors: Iterable[Mapping[str, Any]], table: Mapping[str, Any], where: str = ""
) -> list[BadRecipe]:
    """One problem for each place of `table` (it stands at `where`) that was refused.

    A value that may be of several types is refused once for each of them: those become one problem,
    and what was found deepest counts, because that type was the one that was meant.
    """
    found: dict[tuple[str | int, ...], list[Mapping[str, Any]]] = {}
    for error in errors:
        found.setdefault(_path(error, table), []).append(error)
    deepest = [p for p in found if not any(q != p and q[: len(p)] == p for q in found)]
    return [_problem(found[path], place(where, *path)) for path in deepest]


def place(where: str, *path: str | int) -> str:
    """The name of a place inside the table at `where`.

    >>> place("blocks", "text", "fields", 0)
    'blocks.text.fields[0]'
    """
    for key in path:
        where = (
            f"{where}[{key}]" if isinstance(key, int) else f"{where}.{key}" if where else str(key)
        )
    return where


_LISTS = ("tuple_type", "list_type", "set_type", "frozen_set_type")


def _path(error: Mapping[str, Any], table: Mapping[str, Any]) -> tuple[str | int, ...]:
    """Keys and indices from the table to the value; the names of types that pydantic puts between
    are left out.
    """
    value: Any = table
    path = []
    for key in error["loc"]:
        inside = (isinstance(value, Mapping) and key in value) or (
            isinstance(value, Sequence)
            and not isinstance(value, str)
            and isinstance(key, int)
            and key < len(value)
        )
        if inside:
            value = value[key]
            path.append(key)
    if error["type"] == "missing" and isinstance(error["loc"][-1], str):
        path.append(error["loc"][-1])
    return tuple(path)


def _problem(errors: Sequence[Mapping[str, Any]], where: str) -> BadRecipe:
    first = errors[0]
    if first["type"] == "missing" and isinstance(first["loc"][-1], str):
        return BadRecipe(
            "this key is needed and missing", where=where, next_step=f"add {first['loc'][-1]} = ..."
        )
    accepted = " or ".join(dict.fromkeys(_accepted(e) for e in errors))
    return BadRecipe(
        f"{_shown(first['input'])} is not allowed",
        where=where,
        allowed=accepted,
        next_step=_hint(errors),
    )


def _accepted(error: Mapping[str, Any]) -> str:
    figures = {k: f"{v:g}" if isinstance(v, float) else v for k, v in error.get("ctx", {}).items()}
    if error["type"] == "literal_error":
        return str(figures["expected"]).replace("'", '"')
    if error["type"] == "missing":  # the n-th entry of a list of fixed length
        return f"at least {error['loc'][-1] + 1} entries"
    form = _ALLOWED.get(error["type"])
    return form.format(**figures) if form else str(error["msg"])


def _hint(errors: Sequence[Mapping[str, Any]]) -> str:
    names = [
        n
        for e in errors
        if e["type"] == "literal_error"
        for n in str(e["ctx"]["expected"]).split("'")[1::2]
    ]
    given = errors[0]["input"]
    if isinstance(given, str) and errors[0]["type"] in _LISTS:
        return f'write it as a list: ["{given}"], in a shell within quotes'
    return nearest(given, names) if isinstance(given, str) else ""


def _shown(value: Any) -> str:
    """The value as a recipe would write it; long ones are cut."""
    if isinstance(value, bool):
        return str(value).lower()
    text = f'"{value}"' if isinstance(value, str) else repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
