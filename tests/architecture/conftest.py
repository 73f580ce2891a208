"""The source as syntax trees, read once."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

Sources = dict[str, ast.Module]
Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = Function | ast.ClassDef


@pytest.fixture(scope="session")
def sources(repository: Path) -> Sources:
    """Path below src/palate -> its syntax tree."""
    root = repository / "src" / "palate"
    return {
        str(f.relative_to(root)): ast.parse(f.read_text(encoding="utf-8"))
        for f in sorted(root.rglob("*.py"))
    }


@pytest.fixture(scope="session")
def definitions(sources: Sources) -> list[tuple[str, Definition, bool]]:
    """(place, class or function, public) of all of them; public is what a reader from outside can
    see.
    """
    return [
        (f"{path}:{d.lineno} {d.name}", d, p)
        for path, tree in sources.items()
        for d, p in _walk(tree, True)
    ]


@pytest.fixture(scope="session")
def functions(definitions: list[tuple[str, Definition, bool]]) -> list[tuple[str, Function, bool]]:
    """The functions among the definitions."""
    return [
        (place, d, public) for place, d, public in definitions if not isinstance(d, ast.ClassDef)
    ]


def _walk(node: ast.AST, public: bool) -> Iterator[tuple[Definition, bool]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield child, public and not child.name.startswith("_")
            yield from _walk(child, False)
        elif isinstance(child, ast.ClassDef):
            inside = public and not child.name.startswith("_")
            yield child, inside
            yield from _walk(child, inside)
        else:
            yield from _walk(child, public)
