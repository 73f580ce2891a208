"""From a versioned part name to the part: built-ins from `palate.parts`, plugins from entry points.

A part is a class with a `Settings` attribute (a frozen dataclass) whose constructor takes one such
object and only stores it. A package brings parts of its own by entry points of the group
`palate.parts`, named `STAGE/NAME`, e.g. `"scorer/model.mine.v1" = "mypackage.model:Mine"`; a
built-in part cannot be replaced by one.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, cast, overload

from palate import config
from palate.capabilities import MadeOf
from palate.config_errors import place
from palate.errors import BadRecipe, nearest
from palate.parts import PARTS

if TYPE_CHECKING:
    from palate import (
        stages,
    )  # for the types of parts alone: nothing of it is needed when this runs

T_co = TypeVar("T_co", covariant=True)
"""What a part is, by its stage."""


@dataclass(frozen=True)
class PartSpec(Generic[T_co]):
    """A part's name and its settings, checked but not yet built.

    Attributes:
        name: Versioned name, e.g. `"model.ease.v1"`.
        settings: An instance of the part's `Settings`.
    """

    name: str
    settings: Any

    def build(self) -> T_co:
        """The part itself; nothing is loaded or learnt yet."""
        part: Any = part_class(self.name)(self.settings)
        if isinstance(part, MadeOf):
            part = part.with_parts({k: one.build() for k, one in _inner(part, self.settings)})
        return cast(T_co, part)

    def resolved(self) -> dict[str, Any]:
        """The part name and every setting, as a recipe table."""
        return {"part": self.name, **config.resolved(self.settings)}


def names(stage: str | None = None) -> list[str]:
    """All part names, or those of one stage such as `"scorer"`."""
    return sorted(name for name, (kind, _) in _known().items() if stage in (None, kind))


def stage_of(name: str) -> str:
    """The stage a part belongs to, e.g. `"encoder"`."""
    return _entry(name, "")[0]


def part_class(name: str, where: str = "") -> type[Any]:
    """The class behind `name`.

    Raises:
        BadRecipe: There is no such part (the message names the nearest one), or the package that
            gives it cannot be loaded.
    """
    _, target = _entry(name, where)
    module, _, attribute = target.partition(":")
    try:
        part: type[Any] = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as cause:
        raise BadRecipe(
            f'the part "{name}" cannot be loaded from {target}: {cause}',
            where=where,
            next_step=f'install or mend the package "{module.partition(".")[0]}"',
        ) from cause
    return part


@overload
def spec(
    table: Mapping[str, Any], stage: Literal["scorer"], where: str = ""
) -> PartSpec[stages.Scorer]: ...


@overload
def spec(
    table: Mapping[str, Any], stage: Literal["encoder"], where: str = ""
) -> PartSpec[stages.Encoder]: ...


@overload
def spec(
    table: Mapping[str, Any], stage: Literal["block_transform"], where: str = ""
) -> PartSpec[stages.BlockTransform]: ...


@overload
def spec(
    table: Mapping[str, Any], stage: Literal["splitter"], where: str = ""
) -> PartSpec[stages.Splitter]: ...


@overload
def spec(
    table: Mapping[str, Any], stage: Literal["tuner"], where: str = ""
) -> PartSpec[stages.Tuner]: ...


@overload
def spec(
    table: Mapping[str, Any], stage: Literal["adapter"], where: str = ""
) -> PartSpec[stages.Adapter]: ...


@overload
def spec(
    table: Mapping[str, Any], stage: Literal["fuser"], where: str = ""
) -> PartSpec[stages.Fuser]: ...


@overload
def spec(
    table: Mapping[str, Any], stage: Literal["user_encoder"], where: str = ""
) -> PartSpec[stages.UserEncoder]: ...


@overload
def spec(
    table: Mapping[str, Any], stage: Literal["metric"], where: str = ""
) -> PartSpec[stages.Metric]: ...


@overload
def spec(
    table: Mapping[str, Any], stage: Literal["listmetric"], where: str = ""
) -> PartSpec[stages.ListMetric]: ...


@overload
def spec(
    table: Mapping[str, Any], stage: Literal["selector"], where: str = ""
) -> PartSpec[stages.Selector]: ...


@overload
def spec(
    table: Mapping[str, Any], stage: Literal["explainer"], where: str = ""
) -> PartSpec[stages.Explainer]: ...


@overload
def spec(
    table: Mapping[str, Any], stage: Literal["policy"], where: str = ""
) -> PartSpec[stages.Policy]: ...


@overload
def spec(
    table: Mapping[str, Any], stage: Literal["slate"], where: str = ""
) -> PartSpec[stages.Slate]: ...


@overload
def spec(
    table: Mapping[str, Any], stage: Literal["provider"], where: str = ""
) -> PartSpec[stages.Provider]: ...


@overload
def spec(
    table: Mapping[str, Any], stage: Literal["reader"], where: str = ""
) -> PartSpec[stages.Reader]: ...


@overload
def spec(
    table: Mapping[str, Any], stage: str | tuple[str, ...], where: str = ""
) -> PartSpec[Any]: ...


def spec(table: Mapping[str, Any], stage: str | tuple[str, ...], where: str = "") -> PartSpec[Any]:
    """Read a recipe table `{part = "...", key = value ...}` for one stage, or for one of several.

    Raises:
        BadRecipe: No part named, an unknown one, one of another stage, or settings it does not
            take.
    """
    stages = (stage,) if isinstance(stage, str) else stage
    known = [name for one in stages for name in names(one)]
    wanted_stages = " or ".join(stages)
    allowed = ", ".join(known) or f"nothing: there is no part for the stage {wanted_stages}"
    if not isinstance(table, Mapping):
        raise BadRecipe(
            f"{table!r} is not allowed", where=where, allowed='a table with the key "part"'
        )
    if "part" not in table:
        example = next(iter(known), "...")
        raise BadRecipe(
            "no part is named", where=where, allowed=allowed, next_step=f'add part = "{example}"'
        )
    name = str(table["part"])
    kind, _ = _entry(name, place(where, "part"), stages)
    if kind not in stages:
        what = f'"{name}" is a part for the stage {kind}, not {wanted_stages}'
        raise BadRecipe(what, where=place(where, "part"), allowed=allowed)
    settings = {k: v for k, v in table.items() if k != "part"}
    part = part_class(name, place(where, "part"))
    parsed = config.parse(part.Settings, settings, where)
    if issubclass(part, MadeOf):
        inner = {key: one.resolved() for key, one in _inner(part, parsed, where)}
        parsed = dataclasses.replace(parsed, **inner)
    return PartSpec(name, parsed)


def inner_parts(whole: PartSpec[Any]) -> Iterator[tuple[str, PartSpec[Any]]]:
    """The parts that a part is made of, and theirs: the dotted settings that name each."""
    kind = part_class(whole.name)
    if issubclass(kind, MadeOf):
        for key, one in _inner(kind, whole.settings):
            yield key, one
            yield from ((f"{key}.{below}", part) for below, part in inner_parts(one))


def _inner(
    part: MadeOf | type[MadeOf], settings: Any, where: str = ""
) -> Iterator[tuple[str, PartSpec[Any]]]:
    """The parts that settings name in tables of their own, and which setting names each."""
    for key, stages in part.inner.items():
        table: Mapping[str, Any] = getattr(settings, key)
        if table:
            yield key, spec(table, stages, place(where, key))


def _entry(name: str, where: str, stages: tuple[str, ...] = ()) -> tuple[str, str]:
    known = _known()
    if name not in known:
        # the nearest of all stages: a right name in the wrong place is refused when it is tried
        hint = nearest(name, known)
        allowed = [n for stage in stages for n in names(stage)] if stages else names()
        raise BadRecipe(
            f'there is no part "{name}"', where=where, allowed=", ".join(allowed), next_step=hint
        )
    return known[name]


@functools.cache
def _known() -> dict[str, tuple[str, str]]:
    found = {
        name: (stage, target) for stage, parts in PARTS.items() for name, target in parts.items()
    }
    for entry in sorted(entry_points(group="palate.parts"), key=lambda e: (e.name, e.value)):
        stage, _, name = entry.name.partition("/")
        if stage not in PARTS or not name or name in found:
            reason = (
                "that name is taken"
                if name in found
                else f"not STAGE/NAME, STAGE one of {', '.join(PARTS)}"
            )
            warnings.warn(
                f'the plugin part "{entry.name}" = "{entry.value}" is left out: {reason}',
                stacklevel=2,
            )
        else:
            found[name] = (stage, entry.value)
    return found
