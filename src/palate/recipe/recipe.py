"""A recipe: the TOML file that names data, split, blocks, models and evaluation of one run."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import tomli_w

from palate import config, registry
from palate.data.clean import CleanSettings
from palate.data.settings import DataSettings
from palate.errors import BadRecipe, PalateError, SeveralProblems, nearest, raise_all
from palate.recipe import extends
from palate.recipe.blocks import BlockRecipe, beside, block_recipe
from palate.recipe.graph import ModelGraph, unknown
from palate.recipe.keys import key_parts
from palate.recipe.metrics import spec
from palate.recipe.policy import PolicyRecipe, policy_recipe
from palate.recipe.rules import with_rules
from palate.recipe.settings import (
    BudgetSettings,
    CardSettings,
    ChooseSettings,
    EvaluateSettings,
    ExecuteSettings,
    ProtectSettings,
    ProtocolSettings,
    ReportSettings,
    SearchSettings,
    TrackSettings,
)
from palate.recipe.slate import SlateRecipe, slate_recipe
from palate.registry import PartSpec
from palate.stages import Scorer, Splitter, UserEncoder

T = TypeVar("T")

SECTIONS = (
    *("name", "seed", "reasons", "data", "clean", "split", "rules", "blocks", "users", "models"),
    "choose",
    "policy",
    "slate",
    *("evaluate", "report", "execute", "protocol", "search", "track", "budget", "protect", "card"),
)


@dataclass(frozen=True)
class Recipe:
    """A whole recipe, checked, with every default filled in.

    Attributes:
        name: Name of the run directory.
        seed: Seed of everything that is random.
        base: Folder that relative paths start from.
        data: What to read.
        clean: What to clean.
        split: The splitter.
        blocks: Name -> encoder or fuser, geometry, adaptation.
        models: Name -> scorer, in the order of the file.
        users: Name -> user encoder, which two-sided models read.
        reasons: Why it is as it is, in sentences for people; those of a guessed recipe.
        choose: How models are chosen before the run; None: the recipe names them all.
        evaluate: How to measure.
        report: What to show.
        execute: Where repetitions run.
        track: Who watches models learn.
        protocol: The published protocol, if any.
        search: What `palate search` tries.
        budget: How long the run may take.
        policy: What a service shows out of what a model would show; None: what is best.
        slate: How lists are put together from a model's best items; None: best first.
        protect: What is kept from everything that a run computes, keeps, sends or shows.
        card: What the owner states for the model card and the data sheet.
    """

    name: str
    seed: int
    base: Path
    data: DataSettings
    clean: CleanSettings
    split: PartSpec[Splitter]
    blocks: Mapping[str, BlockRecipe]
    models: Mapping[str, PartSpec[Scorer]]
    evaluate: EvaluateSettings = field(default_factory=EvaluateSettings)
    report: ReportSettings = field(default_factory=ReportSettings)
    execute: ExecuteSettings = field(default_factory=ExecuteSettings)
    track: TrackSettings = field(default_factory=TrackSettings)
    protocol: ProtocolSettings = field(default_factory=ProtocolSettings)
    search: SearchSettings = field(default_factory=SearchSettings)
    users: Mapping[str, PartSpec[UserEncoder]] = field(default_factory=dict)
    reasons: tuple[str, ...] = ()
    choose: ChooseSettings | None = None
    budget: BudgetSettings = field(default_factory=BudgetSettings)
    policy: PolicyRecipe | None = None
    slate: SlateRecipe | None = None
    protect: ProtectSettings = field(default_factory=ProtectSettings)
    card: CardSettings = field(default_factory=CardSettings)

    @cached_property
    def graph(self) -> ModelGraph:
        """Who is made of what."""
        return ModelGraph(self.models, self.blocks, self.users)

    def resolved(self) -> dict[str, Any]:
        """Every setting that is in force, as a table that `parse` reads back to the same recipe."""
        return {
            "name": self.name,
            "seed": self.seed,
            **({"reasons": list(self.reasons)} if self.reasons else {}),
            "data": config.resolved(self.data),
            "clean": config.resolved(self.clean),
            "split": self.split.resolved(),
            "blocks": {name: block.resolved() for name, block in self.blocks.items()},
            **(
                {"users": {name: spec.resolved() for name, spec in self.users.items()}}
                if self.users
                else {}
            ),
            "models": {name: spec.resolved() for name, spec in self.models.items()},
            **({"choose": config.resolved(self.choose)} if self.choose else {}),
            **({"policy": self.policy.resolved()} if self.policy else {}),
            **({"slate": self.slate.resolved()} if self.slate else {}),
            **({"budget": config.resolved(self.budget)} if self.budget.seconds else {}),
            "protect": config.resolved(self.protect),
            **({"card": config.resolved(self.card)} if self.card != CardSettings() else {}),
            "evaluate": config.resolved(self.evaluate),
            "report": config.resolved(self.report),
            "execute": config.resolved(self.execute),
            "track": config.resolved(self.track),
            "protocol": config.resolved(self.protocol),
            **(
                {"search": config.resolved(self.search)}
                if self.search.space or self.search.models
                else {}
            ),
        }

    def toml(self) -> str:
        """`resolved` as TOML text."""
        return tomli_w.dumps(self.resolved())

    def toml_for_anywhere(self) -> str:
        """`toml` with files and folders named in full, so that it runs wherever it lies.

        What begins with `~` or `$PALATE_DATA` stays as it is.
        """
        table = self.resolved()
        extends.anchor(table, self.base.resolve())
        for block in table["blocks"].values():
            model = block.get("model")
            if isinstance(model, str) and model and Path(model).is_dir():
                block["model"] = str(Path(model).resolve())
        return tomli_w.dumps(table)


def load(path: Path, overrides: Sequence[str] = ()) -> Recipe:
    """Read a recipe file, and the one that it extends if it does.

    Args:
        path: The TOML file.
        overrides: `key=value` with a dotted key; the value as TOML, or else as text.

    Raises:
        BadRecipe: The file is missing, not TOML, or says something that is not understood.
    """
    layered = extends.read(path)
    with layered.naming_files(overrides):
        return parse(layered.table, path.resolve().parent, path.stem, overrides)


def parse(
    table: Mapping[str, Any], base: Path, default_name: str = "run", overrides: Sequence[str] = ()
) -> Recipe:
    """Check a recipe's table and fill in every default.

    Args:
        table: The sections, as TOML gives them.
        base: Folder that relative paths start from.
        default_name: Name of the run where the table has none.
        overrides: `key=value`, as for `load`.

    Raises:
        BadRecipe: Something is not understood; several such problems come together.
    """
    changed = copy.deepcopy(dict(table))
    for override in overrides:
        set_key(changed, override)
    changed = with_rules(changed)
    read = _Sections(changed)
    values: dict[str, Any] = {
        "data": read.settings(DataSettings, "data"),
        "clean": read.settings(CleanSettings, "clean"),
        "evaluate": read.settings(EvaluateSettings, "evaluate"),
        "report": read.settings(ReportSettings, "report"),
        "execute": read.settings(ExecuteSettings, "execute"),
        "track": read.settings(TrackSettings, "track"),
        "protocol": read.settings(ProtocolSettings, "protocol"),
        "search": read.settings(SearchSettings, "search"),
        "budget": read.settings(BudgetSettings, "budget"),
        "protect": read.settings(ProtectSettings, "protect"),
        "card": read.settings(CardSettings, "card"),
        "split": read.attempt(lambda: registry.spec(_table(changed, "split"), "splitter", "split")),
        "blocks": read.named(
            "blocks", lambda block, where: beside(block_recipe(block, where), base)
        ),
        "users": read.named(
            "users", lambda user, where: registry.spec(user, "user_encoder", where)
        ),
        "models": read.named("models", lambda model, where: registry.spec(model, "scorer", where)),
        "choose": read.settings(ChooseSettings, "choose") if "choose" in changed else None,
        "policy": (
            read.attempt(lambda: policy_recipe(_table(changed, "policy")))
            if "policy" in changed
            else None
        ),
        "slate": (
            read.attempt(lambda: slate_recipe(_table(changed, "slate")))
            if "slate" in changed
            else None
        ),
    }
    values["reasons"] = read.attempt(lambda: _sentences(changed))
    raise_all(read.problems)
    name, seed = str(changed.get("name", default_name)), int(changed.get("seed", 0))
    recipe = Recipe(name=name, seed=seed, base=base, **values)
    raise_all(_inconsistencies(recipe))
    return recipe


def within(recipe: Recipe, seconds: float) -> Recipe:
    """The same with so much time for the whole run; how long models are tried follows from it."""
    choose = None if recipe.choose is None else replace(recipe.choose, seconds=None)
    return replace(recipe, budget=BudgetSettings(seconds), choose=choose)


class _Sections:
    """Reads the sections one by one and collects what is wrong with each."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        self.table = table
        self.problems: list[PalateError] = [
            BadRecipe(
                f'unknown section "{k}"',
                where=k,
                allowed=", ".join(SECTIONS),
                next_step=nearest(k, SECTIONS),
            )
            for k in table
            if k not in SECTIONS
        ]

    def attempt(self, build: Callable[[], T]) -> T | None:
        """What `build` gives; or None, and its problems kept."""
        try:
            return build()
        except SeveralProblems as several:
            self.problems.extend(several.problems)
        except PalateError as problem:
            self.problems.append(problem)
        return None

    def settings(self, settings: type[T], key: str) -> T | None:
        """A section of plain settings."""
        return self.attempt(lambda: config.parse(settings, _table(self.table, key), key))

    def named(
        self, section: str, build: Callable[[Mapping[str, Any], str], T]
    ) -> dict[str, T | None]:
        """A section of named tables, such as `[models.NAME]`."""
        tables = self.attempt(lambda: _table(self.table, section)) or {}

        def _one(name: str) -> T | None:
            return self.attempt(
                lambda: build(_table(tables, name, f"{section}."), f"{section}.{name}")
            )

        return {name: _one(name) for name in tables}


def _inconsistencies(recipe: Recipe) -> list[PalateError]:
    problems: list[PalateError] = [
        *recipe.graph.block_graph.problems(),
        *recipe.graph.problems(),
    ]
    if recipe.policy is not None:
        chosen = recipe.choose is not None
        problems += recipe.policy.problems(recipe.models, recipe.blocks, chosen)
    if recipe.slate is not None:
        problems += recipe.slate.problems(recipe.blocks)
    for metric in recipe.evaluate.metrics:
        try:
            spec(metric)
        except PalateError as problem:
            problems.append(problem)
    if recipe.evaluate.primary not in recipe.evaluate.metrics:
        problems.append(
            BadRecipe(
                f'the primary metric "{recipe.evaluate.primary}" is not measured',
                where="evaluate.primary",
                allowed=", ".join(recipe.evaluate.metrics),
                next_step=nearest(recipe.evaluate.primary, recipe.evaluate.metrics),
            )
        )
    if recipe.evaluate.best and recipe.evaluate.best not in recipe.models:
        problems.append(unknown("model", recipe.evaluate.best, "evaluate.best", recipe.models))
    if not recipe.models and recipe.choose is None:
        problems.append(
            BadRecipe(
                "no model is named",
                where="models",
                next_step="add a section [choose], and models are chosen for you; or name one,"
                ' e.g. [models.popularity] part = "model.popularity.v1"',
            )
        )
    return problems


def _sentences(table: Mapping[str, Any]) -> tuple[str, ...]:
    found = table.get("reasons", [])
    if not isinstance(found, (list, tuple)) or not all(isinstance(text, str) for text in found):
        raise BadRecipe(
            f"{found!r} is not a list of sentences",
            where="reasons",
            allowed='reasons = ["why the recipe is as it is"]',
        )
    return tuple(found)


def _table(table: Mapping[str, Any], key: str, prefix: str = "") -> Mapping[str, Any]:
    value = table.get(key, {})
    if not isinstance(value, Mapping):
        raise BadRecipe(
            f"{value!r} is not a table",
            where=f"{prefix}{key}",
            next_step=f"write [{prefix}{key}] and its keys below",
        )
    return value


def set_key(table: dict[str, Any], override: str) -> None:
    """Put what `key=value` says into a recipe's table.

    Args:
        table: The table, which is changed.
        override: A dotted key and a value of TOML; anything else is taken as text.

    Raises:
        BadRecipe: There is no `=`, or the key leads into a value.
    """
    key, equals, text = override.partition("=")
    if not equals or not key.strip():
        raise BadRecipe(
            f'"{override}" is not an override',
            where="command line",
            allowed="key=value, e.g. evaluate.seeds=3",
        )
    try:
        value = tomllib.loads(f"v = {text}")["v"]
    except tomllib.TOMLDecodeError:
        value = text
    *path, last = key_parts(key.strip())
    place: Any = table
    for part in path:
        place = place.setdefault(part, {})
        if not isinstance(place, dict):
            raise BadRecipe(f'"{part}" is a value, not a table', where=key)
    place[last] = value
