"""What may vary in a recipe: values of its own keys, blocks that may be left out, models that
compete.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from palate.errors import BadRecipe, PalateError, nearest, raise_all
from palate.recipe.keys import key_parts
from palate.recipe.recipe import Recipe, parse
from palate.recipe.settings import SearchSettings

SUBSET = "blocks"
MODEL = "model"
WHERE = "search.space"


class Suggests(Protocol):
    """What picks values; a trial of Optuna is one."""

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        """One of the choices."""
        ...

    def suggest_float(
        self, name: str, low: float, high: float, *, step: float | None, log: bool
    ) -> float:
        """A number of the range."""
        ...

    def suggest_int(self, name: str, low: int, high: int, *, step: int, log: bool) -> int:
        """A whole number of the range."""
        ...


@dataclass(frozen=True)
class Choice:
    """One of several values of a key, which may be tables or lists."""

    key: str
    values: tuple[Any, ...]

    def suggest(self, trial: Suggests) -> Any:
        """A value."""
        labels = [_label(v) for v in self.values]
        return self.values[labels.index(trial.suggest_categorical(self.key, labels))]

    def corners(self) -> tuple[Any, ...]:
        """Values that must all be understood."""
        return self.values

    def coded(self, value: Any) -> Any:
        """How `value` is given to the search; None if it is not one of the values."""
        return _label(value) if _label(value) in map(_label, self.values) else None


@dataclass(frozen=True)
class Range:
    """A number between two others."""

    key: str
    low: float
    high: float
    log: bool = False
    step: float | None = None

    @property
    def whole(self) -> bool:
        """Whether only whole numbers are meant."""
        return isinstance(self.low, int) and isinstance(self.high, int)

    def suggest(self, trial: Suggests) -> Any:
        """A value."""
        if self.whole:
            return trial.suggest_int(
                self.key, int(self.low), int(self.high), step=int(self.step or 1), log=self.log
            )
        return trial.suggest_float(self.key, self.low, self.high, step=self.step, log=self.log)

    def corners(self) -> tuple[Any, ...]:
        """Values that must all be understood."""
        return (self.low, self.high)

    def coded(self, value: Any) -> Any:
        """The value itself; None if it lies outside."""
        inside = (
            isinstance(value, (int, float))
            and not isinstance(value, bool)
            and self.low <= value <= self.high
        )
        return value if inside else None


Dimension: TypeAlias = Choice | Range


@dataclass(frozen=True)
class Candidate:
    """One point of the space.

    Attributes:
        recipe: The recipe with the values put in.
        model: The model that is measured.
        values: What was picked: dotted key -> value, and `model`.
        without: Blocks that were left out.
    """

    recipe: Recipe
    model: str
    values: Mapping[str, Any]
    without: tuple[str, ...] = ()


@dataclass(frozen=True)
class Space:
    """Everything that may vary.

    Attributes:
        recipe: The recipe as it stands.
        models: Models that compete.
        dimensions: Keys and their values.
        subset: Whether blocks may be left out.
    """

    recipe: Recipe
    models: tuple[str, ...]
    dimensions: tuple[Dimension, ...]
    subset: bool

    @classmethod
    def of(cls, recipe: Recipe, settings: SearchSettings) -> Space:
        """Read and check the space of a recipe's section `[search]`.

        Raises:
            BadRecipe: A key or value that the recipe would not take, a model that it does not have,
                or nothing to vary; several such problems come together.
        """
        models = settings.models or (list(recipe.models)[-1],)
        problems: list[PalateError] = [
            BadRecipe(
                f'there is no model "{m}"',
                where="search.models",
                allowed=", ".join(recipe.models),
                next_step=nearest(m, recipe.models),
            )
            for m in models
            if m not in recipe.models
        ]
        varied = {k: v for k, v in settings.space.items() if k != SUBSET}
        subset = settings.space.get(SUBSET) == "subset"
        if SUBSET in settings.space and not subset:
            problems.append(
                BadRecipe(
                    f"{settings.space[SUBSET]!r} is not understood",
                    where=f"{WHERE}.blocks",
                    allowed='"subset"',
                )
            )
        dimensions = []
        for key, value in varied.items():
            try:
                dimensions.append(_checked(recipe, _dimension(key, value)))
            except PalateError as problem:
                problems.append(problem)
        raise_all(problems)
        if not dimensions and not subset and len(models) < 2:
            raise BadRecipe(
                "there is nothing to search",
                where="search",
                next_step='add [search.space] "models.X.y"',
            )
        return cls(recipe, tuple(models), tuple(dimensions), subset)

    def pick(self, trial: Suggests) -> Candidate | None:
        """A candidate; None for a combination without sense (a model that would be left without any
        block).

        Only what bears on the model is varied: a search is not slowed by keys that change nothing.
        """
        model = (
            str(trial.suggest_categorical(MODEL, list(self.models)))
            if len(self.models) > 1
            else self.models[0]
        )
        table, values = self.recipe.resolved(), {MODEL: model}
        recipe = self.recipe
        while open_ := [
            d for d in self.dimensions if d.key not in values and _bears(d.key, recipe, model)
        ]:
            for dimension in open_:
                values[dimension.key] = put(table, dimension.key, dimension.suggest(trial))
            recipe = parse(table, recipe.base)
        without = tuple(
            block
            for block in (optional_blocks(recipe, model) if self.subset else ())
            if trial.suggest_categorical(f"with {block}", ["yes", "no"]) == "no"
        )
        if without:
            if not leave_out(table, recipe, model, without):
                return None
            recipe = parse(table, recipe.base)
        return Candidate(recipe, model, values, without)

    def as_it_stands(self) -> dict[str, Any]:
        """The recipe's own values, as far as the space has them: what is tried first."""
        params: dict[str, Any] = {MODEL: self.models[-1]} if len(self.models) > 1 else {}
        table = self.recipe.resolved()
        for dimension in self.dimensions:
            coded = dimension.coded(_value_at(table, key_parts(dimension.key)))
            if coded is not None:
                params[dimension.key] = coded
        if self.subset:
            params |= {
                f"with {block}": "yes" for block in optional_blocks(self.recipe, self.models[-1])
            }
        return params


def put(table: dict[str, Any], key: str, value: Any) -> Any:
    """Set a dotted key of a recipe's table; the value."""
    *path, last = key_parts(key)
    place: Any = table
    for part in path:
        place = place.setdefault(part, {})
    place[last] = copy.deepcopy(value)
    return value


def optional_blocks(recipe: Recipe, model: str) -> tuple[str, ...]:
    """Blocks that the model reads and could do without: those of later members, and those of a list
    of blocks.
    """
    needed = recipe.graph.needed_blocks(model)
    return tuple(b for b in recipe.graph.all_blocks(model) if b not in needed)


def leave_out(table: dict[str, Any], recipe: Recipe, model: str, without: Sequence[str]) -> bool:
    """Take blocks out of the model in a recipe's table, and members that need them; false if
    the model would be gone.
    """
    left = recipe.graph.without(without, collapse=False)
    if left.became.get(model) != model:
        return False
    for name in left.graph.closure(model):
        table["models"][name] = left.graph.models[name].resolved()
    return True


def _bears(key: str, recipe: Recipe, model: str) -> bool:
    section, name, *_ = key_parts(key)
    if section == "models":
        return name in recipe.graph.closure(model)
    return name in recipe.graph.all_blocks(model)


def _dimension(key: str, value: Any) -> Dimension:
    where = f"{WHERE}.{key}"
    if isinstance(value, list) and value:
        return Choice(key, tuple(value))
    if (
        isinstance(value, Mapping)
        and set(value) <= {"low", "high", "log", "step"}
        and {"low", "high"} <= set(value)
    ):
        found = Range(key, **value)
        if found.low < found.high and not (found.log and (found.low <= 0 or found.step)):
            return found
    raise BadRecipe(
        f"{value!r} says nothing about what to try",
        where=where,
        allowed=(
            "a list of values, or {low = 1, high = 100, log = true} (log without step and above 0)"
        ),
    )


def _checked(recipe: Recipe, dimension: Dimension) -> Dimension:
    """The dimension, if the recipe takes its values."""
    section, *rest = key_parts(dimension.key)
    known: Mapping[str, Any] = {"models": recipe.models, "blocks": recipe.blocks}.get(section, {})
    if section not in ("models", "blocks") or not rest:
        raise BadRecipe(
            f'"{dimension.key}" cannot be searched',
            where=f"{WHERE}.{dimension.key}",
            allowed=(
                'keys of models and blocks, such as "models.ease.l2"; other keys would change what'
                " is measured"
            ),
            next_step=nearest(section, ("models", "blocks")),
        )
    if rest[0] not in known:
        raise BadRecipe(
            f'there is no {section.removesuffix("s")} "{rest[0]}"',
            where=f"{WHERE}.{dimension.key}",
            allowed=", ".join(known),
            next_step=nearest(rest[0], known),
        )
    for value in dimension.corners():
        table = recipe.resolved()
        put(table, dimension.key, value)
        parse(table, recipe.base)
    return dimension


def _value_at(table: Mapping[str, Any], path: Sequence[str]) -> Any:
    place: Any = table
    for part in path:
        if not isinstance(place, Mapping) or part not in place:
            return None
        place = place[part]
    return place


def _label(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)
