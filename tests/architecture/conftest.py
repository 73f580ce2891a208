"""The source as syntax trees, read once."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

Sources = dict[str, ast.Module]
Function = ast.FunctionDef | ast.AsyncFunctionDef


@pytest.fixture(scope="session")
def sources(repository: Path) -> Sources:
    """Path below src/palate -> its syntax tree."""
    root = repository / "src" / "palate"
    return {str(f.relative_to(root)): ast.parse(f.read_text(encoding="utf-8")) for f in sorted(root.rglob("*.py"))}


@pytest.fixture(scope="session")
def functions(sources: Sources) -> list[tuple[str, Function, bool]]:
    """(place, function, public) of every function; public is what a reader from outside can see."""
    return [(f"{path}:{f.lineno} {f.name}", f, p) for path, tree in sources.items() for f, p in _walk(tree, True)]


def _walk(node: ast.AST, public: bool) -> Iterator[tuple[Function, bool]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield child, public and not child.name.startswith("_")
            yield from _walk(child, False)
        elif isinstance(child, ast.ClassDef):
            yield from _walk(child, public and not child.name.startswith("_"))
        else:
            yield from _walk(child, public)
