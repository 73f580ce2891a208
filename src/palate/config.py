"""Settings: frozen dataclasses read from tables of a recipe; what is not understood is an error,
decided here once.
"""

from __future__ import annotations

import dataclasses
import datetime
import functools
import json
from collections.abc import Hashable, Iterator, Mapping, Sequence
from pathlib import Path, PurePath
from types import UnionType
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import numpy as np

from palate import config_errors
from palate.config_errors import place
from palate.errors import BadRecipe, PalateError, nearest, raise_all

T = TypeVar("T")


def parse(settings: type[T], table: Mapping[str, Any], where: str = "") -> T:
    """Build `settings` (a frozen dataclass, fields checked by type and `annotated_types` bounds).

    Values are taken as they are meant: "5" is no number and 1 is not true; a list may stand for a
    tuple, a text for a path, a table for settings inside settings.

    Args:
        settings: The dataclass to build.
        table: Keys and values, as a TOML table gives them.
        where: The recipe key of this table, for the messages.

    Raises:
        BadRecipe: Unknown keys, missing keys, values of a wrong type or outside their range;
            several at once come as one `SeveralProblems`.
    """
    if not isinstance(table, Mapping):
        raise BadRecipe(f"{table!r} is not allowed", where=where, allowed="a table of settings")
    problems: list[PalateError] = list(unknown_keys(settings, table, where))
    built, refused = _validated(settings, table, where)
    raise_all(problems + refused)
    return cast(T, built)


def unknown_keys(settings: type[Any], table: Mapping[str, Any], where: str = "") -> list[BadRecipe]:
    """One problem for each key that `settings`, or a settings class anywhere inside it, does not
    have.
    """
    hints = get_type_hints(settings)
    allowed = {f.name: hints[f.name] for f in dataclasses.fields(settings) if f.init}
    problems = []
    for key, value in table.items():
        if key in allowed:
            for inside, part, path in _settings_inside(allowed[key], value, place(where, key)):
                problems += unknown_keys(inside, part, path)
        else:
            problems.append(
                BadRecipe(
                    f'unknown key "{key}"',
                    where=place(where, str(key)),
                    allowed=", ".join(sorted(allowed)) or "nothing",
                    next_step=nearest(str(key), allowed),
                )
            )
    return problems


def resolved(settings: Any) -> dict[str, Any]:
    """Every setting that is in force, as plain TOML-able values; fields that are None are left out.

    `parse(type(settings), resolved(settings)) == settings` as long as None is given only where it
    is the default.
    """
    plain: dict[str, Any] = _plain(dataclasses.asdict(settings))
    return plain


def _settings_inside(
    hint: Any, value: Any, where: str
) -> Iterator[tuple[type[Any], Mapping[str, Any], str]]:
    """Tables inside `value` that are settings of their own, whatever holds them: class, table and
    place of each.
    """
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        if isinstance(value, Mapping):
            yield hint, value, where
    elif get_origin(hint) in (Union, UnionType):
        yield from _settings_inside(_best_fit(get_args(hint), value), value, where)
    elif isinstance(value, Mapping):
        for key, inner_value in value.items():
            yield from _settings_inside(
                (get_args(hint) or (None,))[-1], inner_value, place(where, str(key))
            )
    elif isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        inner_hints = [h for h in get_args(hint) if h is not Ellipsis]
        for i, inner_value in enumerate(value):
            inner_hint = inner_hints[min(i, len(inner_hints) - 1)] if inner_hints else None
            yield from _settings_inside(inner_hint, inner_value, place(where, i))


def _best_fit(hints: Sequence[Any], value: Any) -> Any:
    """The type of a union that a value was most likely written for."""
    if not isinstance(value, Mapping):
        return next((h for h in hints if get_origin(h) in (tuple, list)), None)
    classes = [h for h in hints if isinstance(h, type) and dataclasses.is_dataclass(h)]
    tables = [h for h in hints if h not in classes and get_origin(h) is not None]
    foreign = {c: len(set(value) - {f.name for f in dataclasses.fields(c)}) for c in classes}
    return min(classes, key=foreign.__getitem__) if classes else next(iter(tables), None)


def _validated(
    settings: type[Any], table: Mapping[str, Any], where: str
) -> tuple[Any, list[PalateError]]:
    """The settings and no problems, or nothing and the problems."""
    from pydantic import ValidationError

    try:
        # By way of JSON, whose strict reading is what a recipe needs: lists for tuples, but no text
        # for numbers.
        text = json.dumps(dict(table), default=_as_json)
        return _adapter(cast(Hashable, settings)).validate_json(text, strict=True), []
    except ValidationError as error:
        return None, [*config_errors.plain(error.errors(), table, where)]
    except (
        BadRecipe
    ) as error:  # raised by the settings class itself, which does not know where it stands
        inside = place(where, error.where) if error.where else where
        return None, [
            BadRecipe(error.what, where=inside, allowed=error.allowed, next_step=error.next_step)
        ]


@functools.cache
def _adapter(settings: Hashable) -> Any:
    # pydantic checks types and bounds; it is imported late because `import palate` must stay quick.
    from pydantic import TypeAdapter

    return TypeAdapter(cast(Any, settings))


def _as_json(value: Any) -> Any:
    if isinstance(value, (PurePath, datetime.date, datetime.time)):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, np.generic):
        return value.item()
    raise BadRecipe(
        f"a recipe cannot hold {type(value).__name__} {value!r}", allowed="what TOML can hold"
    )


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items() if v is not None}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return value.as_posix() if isinstance(value, Path) else value
