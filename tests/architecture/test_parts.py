"""Every built-in part keeps the rules of a part, and every stage has a contract suite."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import re
import sys
import textwrap
import types
import typing
from pathlib import Path
from typing import Any

import pytest

from palate import config, registry, stages
from palate.parts import PARTS

EVERY = sorted((stage, name) for stage, parts in PARTS.items() for name in parts)
of_every_part = pytest.mark.parametrize(("stage", "name"), EVERY)


def interface_of(stage: str) -> Any:
    """The protocol in stages.py that a stage is named after: "listmetric" -> ListMetric."""
    return {name.lower(): member for name, member in vars(stages).items()}.get(
        stage.replace("_", "")
    )


def undocumented(settings: type[Any]) -> list[str]:
    """Fields of a settings class without a docstring line under them."""
    body = ast.parse(textwrap.dedent(inspect.getsource(settings))).body[0]
    assert isinstance(body, ast.ClassDef)
    bare = []
    for place, node in enumerate(body.body):
        if isinstance(node, ast.AnnAssign):
            after = body.body[place + 1] if place + 1 < len(body.body) else None
            said = (
                isinstance(after, ast.Expr)
                and isinstance(after.value, ast.Constant)
                and after.value.value
            )
            if not isinstance(said, str) or not said.strip():
                bare.append(ast.unparse(node.target))
    return bare


def settings_within(settings: type[Any]) -> set[type[Any]]:
    """A settings class and those that its fields hold."""
    found = {settings}
    waiting = list(typing.get_type_hints(settings).values())
    while waiting:
        hint = waiting.pop()
        waiting += typing.get_args(hint)
        if isinstance(hint, type) and dataclasses.is_dataclass(hint) and hint not in found:
            found.add(hint)
            waiting += typing.get_type_hints(hint).values()
    return found


@of_every_part
def test_the_name_is_lower_case_dotted_and_versioned(stage: str, name: str) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)+\.v[1-9][0-9]*", name)


@of_every_part
def test_the_settings_are_frozen_and_every_field_is_documented(stage: str, name: str) -> None:
    settings = registry.part_class(name).Settings
    for one in settings_within(settings):
        assert dataclasses.is_dataclass(one)
        assert one.__dataclass_params__.frozen  # type: ignore[attr-defined]
        assert undocumented(one) == [], one


@of_every_part
def test_none_is_a_setting_only_where_it_is_the_default(stage: str, name: str) -> None:
    # A recipe has no word for None: a key that is left out has to mean it.
    for one in settings_within(registry.part_class(name).Settings):
        hints = typing.get_type_hints(one)
        for field in dataclasses.fields(one):
            if isinstance(hints[field.name], types.UnionType) and type(None) in typing.get_args(
                hints[field.name]
            ):
                assert field.default is None, f"{one.__qualname__}.{field.name}"


@of_every_part
def test_the_constructor_takes_settings_and_only_stores_them(stage: str, name: str) -> None:
    part_class = registry.part_class(name)
    arguments = list(inspect.signature(part_class).parameters)
    assert len(arguments) == 1
    required = [
        f for f in dataclasses.fields(part_class.Settings) if f.default is f.default_factory
    ]
    if not required:
        settings = part_class.Settings()
        assert settings in vars(part_class(settings)).values()
        assert vars(part_class()) == vars(part_class(settings))


@of_every_part
def test_the_settings_lead_to_a_recipe_and_back(stage: str, name: str) -> None:
    part_class = registry.part_class(name)
    if all(
        f.default is not dataclasses.MISSING or f.default_factory is not dataclasses.MISSING
        for f in dataclasses.fields(part_class.Settings)
    ):
        settings = part_class.Settings()
        assert config.parse(part_class.Settings, config.resolved(settings)) == settings


@of_every_part
def test_the_part_has_what_its_stage_asks_for(stage: str, name: str) -> None:
    interface, part_class = interface_of(stage), registry.part_class(name)
    asked = [
        n for n, _ in inspect.getmembers(interface, inspect.isfunction) if not n.startswith("_")
    ]
    assert asked
    for method in asked:
        assert (
            list(inspect.signature(getattr(part_class, method)).parameters)[1:]
            == list(inspect.signature(getattr(interface, method)).parameters)[1:]
        ), method


@of_every_part
def test_the_part_says_what_it_is(stage: str, name: str) -> None:
    part_class = registry.part_class(name)
    assert inspect.getdoc(part_class)
    assert inspect.getdoc(sys.modules[part_class.__module__])


@pytest.mark.parametrize("stage", sorted(PARTS))
def test_every_stage_has_an_interface_and_a_contract_suite_that_is_run(
    stage: str, repository: Path
) -> None:
    interface = interface_of(stage)
    assert interface is not None, f"no protocol for {stage} in stages.py"
    if PARTS[stage]:
        contract = f"{interface.__name__}Contract"
        suites = (repository / "src" / "palate" / "testing").glob("*.py")
        assert any(f"class {contract}" in f.read_text() for f in suites), (
            f"no {contract} in palate.testing"
        )
        tests = (repository / "tests" / "contracts").glob("test_*.py")
        assert any(f"({contract})" in f.read_text() for f in tests), (
            f"{contract} is not run in tests/contracts"
        )


def test_every_version_of_a_part_but_the_first_has_its_forerunner() -> None:
    names = {name for _, name in EVERY}
    for name in names:
        stem, _, version = name.rpartition(".v")
        assert version == "1" or f"{stem}.v{int(version) - 1}" in names, name
