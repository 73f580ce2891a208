"""What plugins may import is frozen as plugin_surface.txt has it: names, signatures, fields."""

from __future__ import annotations

import difflib
import importlib
from importlib import util
from pathlib import Path
from types import ModuleType

import pytest

from palate import plugin, stages, tables
from palate.parts import PARTS


@pytest.fixture(scope="module")
def script(repository: Path) -> ModuleType:
    spec = util.spec_from_file_location("script_surface", repository / "tools/plugin_surface.py")
    assert spec is not None
    assert spec.loader is not None
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_no_name_or_signature_of_the_surface_changes_unnoticed(
    script: ModuleType, repository: Path
) -> None:
    stored = (repository / "tests/architecture/plugin_surface.txt").read_text(encoding="utf-8")
    changed = difflib.unified_diff(stored.splitlines(), script.surface().splitlines(), n=0)
    found = [line for line in changed if line[:3] not in ("---", "+++") and line[:1] in "-+"]
    assert found == [], (
        "plugins see this change: if it is meant, run python tools/plugin_surface.py and say so in"
        " CHANGELOG.md"
    )


def test_a_changed_signature_and_a_vanished_name_would_be_seen(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = set(script.surface().splitlines())

    def top(scores: object, k: int, extra: int = 0) -> object:
        return None

    monkeypatch.setattr(plugin, "top", top)
    monkeypatch.setattr(plugin, "__all__", [n for n in plugin.__all__ if n != "Block"])
    after = set(script.surface().splitlines())
    assert "top(scores: object, k: int, extra: int = 0) -> object" in after - before
    assert any(line.startswith("Block(name: str") for line in before - after)
    assert "    Block.present: Mask" in before - after


def test_every_interface_and_every_noun_is_in_it() -> None:
    interfaces = {
        name
        for name, thing in vars(stages).items()
        if isinstance(thing, type) and thing.__module__ == stages.__name__
    }
    assert interfaces | set(tables.__all__) <= set(plugin.__all__)


def test_each_stage_has_a_contract_suite() -> None:
    assert set(plugin.CONTRACTS) == set(PARTS)
    for place in plugin.CONTRACTS.values():
        module, _, name = place.partition(":")
        suite = getattr(importlib.import_module(module), name)
        assert [test for test in vars(suite) if test.startswith("test_")]
        assert hasattr(suite, "part")  # the fixture that gives the part


def test_the_group_of_entry_points_is_that_of_the_registry(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from palate import registry

    groups: list[str] = []
    monkeypatch.setattr(registry, "entry_points", lambda group: groups.append(group) or ())
    registry._known.cache_clear()
    registry.names()
    registry._known.cache_clear()
    assert groups == [plugin.ENTRY_POINTS]
