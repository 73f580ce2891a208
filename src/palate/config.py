"""Settings: frozen dataclasses read from tables of a recipe; an unknown key is an error, decided here once."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Hashable, Mapping
from typing import Any, TypeVar, cast, get_type_hints

from palate.errors import BadRecipe, PalateError, nearest, raise_all

T = TypeVar("T")


def parse(settings: type[T], table: Mapping[str, Any], where: str = "") -> T:
    """Build `settings` (a frozen dataclass, fields checked by type and `annotated_types` bounds).

    Args:
        settings: The dataclass to build.
        table: Keys and values, as a TOML table gives them.
        where: The recipe key of this table, for the messages.

    Raises:
        BadRecipe: Unknown keys, missing keys, values of a wrong type or outside their range; several at
            once come as one `SeveralProblems`.
    """
    problems: list[PalateError] = list(unknown_keys(settings, table, where))
    raise_all(problems)
    from pydantic import ValidationError

    try:
        built: T = _adapter(cast(Hashable, settings)).validate_python(dict(table))
    except ValidationError as error:
        raise_all([_explained(e, where) for e in error.errors()])
        raise
    return built


def unknown_keys(settings: type[Any], table: Mapping[str, Any], where: str = "") -> list[BadRecipe]:
    """One problem for each key that `settings`, or a settings class inside it, does not have."""
    allowed = {f.name for f in dataclasses.fields(settings)}
    hints = get_type_hints(settings)
    problems = []
    for key, value in table.items():
        place = f"{where}.{key}" if where else key
        if key not in allowed:
            problems.append(
                BadRecipe(
                    f'unknown key "{key}"',
                    where=place,
                    allowed=", ".join(sorted(allowed)) or "nothing",
                    next_step=nearest(key, allowed),
                )
            )
        elif dataclasses.is_dataclass(hints[key]) and isinstance(value, Mapping):
            problems += unknown_keys(hints[key], value, place)
    return problems


def resolved(settings: Any) -> dict[str, Any]:
    """Every setting that is in force, as plain TOML-able values; fields that are None are left out."""
    plain: dict[str, Any] = _plain(dataclasses.asdict(settings))
    return plain


@functools.cache
def _adapter(settings: Hashable) -> Any:
    # pydantic checks types and bounds; it is imported late because `import palate` must stay quick.
    from pydantic import TypeAdapter

    return TypeAdapter(cast(Any, settings))


def _explained(error: Mapping[str, Any], where: str) -> BadRecipe:
    place = ".".join([where, *map(str, error["loc"])]).strip(".")
    if error["type"].startswith("missing"):
        return BadRecipe("this key is needed and missing", where=place, next_step=f'add "{error["loc"][-1]} = ..."')
    return BadRecipe(f"{error['input']!r} is not allowed", where=place, allowed=error["msg"])


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items() if v is not None}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return value
