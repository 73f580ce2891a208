from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest

import palate


@pytest.mark.parametrize("name", palate.__all__)
def test_every_name_of_the_front_door_leads_somewhere(name: str) -> None:
    assert getattr(palate, name)
    assert name in dir(palate)


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'palate' has no attribute 'reed'"):
        palate.reed  # noqa: B018


def test_type_checkers_see_the_same_names_as_python(repository: Path) -> None:
    tree = ast.parse((repository / "src" / "palate" / "__init__.py").read_text())
    (block,) = (n for n in tree.body if isinstance(n, ast.If))
    told = {
        a.name: str(n.module) for n in block.body if isinstance(n, ast.ImportFrom) for a in n.names
    }
    assert told == palate._LAZY
    for name, module in told.items():
        assert getattr(palate, name) is getattr(importlib.import_module(module), name)


def test_the_version_is_that_of_the_package() -> None:
    from importlib.metadata import version

    assert palate.__version__ == version("palate")
