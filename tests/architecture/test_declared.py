"""What a part can do is declared: no attribute is guessed by name, and no part is looked up below
the recipe.
"""

from __future__ import annotations

import ast

from tests.architecture.test_imports import imports_of

ABOVE = (
    "recipe",
    "fit",
    "choose",
    "runs",
    "report",
    "pipeline",
    "study",
    "cli",
    "serve",
    "testing",
)
"""The packages that may look parts up."""
PUT_TOGETHER = ("recipe", "fit", "choose", "pipeline", "study", "runs", "report", "evaluate")
"""The packages that put parts together and may not guess what they can do."""
PARTS = ("encode", "adapt", "fuse", "select", "model", "explain")
"""The packages of parts."""
VALUES = {"FusedOf"}
"""Frozen values of these packages, one of a union of two: not parts."""


def guesses(tree: ast.AST) -> list[str]:
    """Calls of `hasattr`, and of `getattr` with a literal name."""
    return [
        ast.unparse(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and (
            node.func.id == "hasattr"
            or (node.func.id == "getattr" and isinstance(node.args[1], ast.Constant))
        )
    ]


def asked_classes(tree: ast.AST) -> set[str]:
    """Names in the second argument of `isinstance` and `issubclass`."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("isinstance", "issubclass"):
            found |= {n.id for n in ast.walk(node.args[1]) if isinstance(n, ast.Name)}
    return found


def imported_from(tree: ast.AST, packages: tuple[str, ...]) -> set[str]:
    """Names that are imported from modules of these packages."""
    return {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module
        if node.module.split(".")[:1] == ["palate"] and node.module.split(".")[1:2] != []
        if node.module.split(".")[1] in packages
        for alias in node.names
    }


def test_no_attribute_is_asked_for_by_name(sources: dict[str, ast.Module]) -> None:
    found = {
        path: guessed
        for path, tree in sources.items()
        if path.startswith(tuple(f"{p}/" for p in PUT_TOGETHER)) and (guessed := guesses(tree))
    }
    assert found == {}, "inherit a class of palate.capabilities, and ask for that"


def test_no_class_of_a_part_is_asked_for(sources: dict[str, ast.Module]) -> None:
    found = {
        path: asked
        for path, tree in sources.items()
        if path.startswith(tuple(f"{p}/" for p in PUT_TOGETHER))
        if (asked := asked_classes(tree) & imported_from(tree, PARTS) - VALUES)
    }
    assert found == {}, "inherit a class of palate.capabilities or palate.stages, and ask for that"


def test_parts_are_looked_up_by_the_recipe_and_above_it(sources: dict[str, ast.Module]) -> None:
    lookups = {
        path
        for path, tree in sources.items()
        if "palate.registry" in {module for module, _ in imports_of(tree)}
        if path.partition("/")[0] not in ABOVE
    }
    assert lookups == set()


def test_a_guess_and_a_class_would_be_seen() -> None:
    tree = ast.parse(
        "from palate.encode.text.tfidf import Tfidf\n"
        "getattr(s, 'blocks', ()); hasattr(s, n); isinstance(x, Tfidf | str); getattr(s, name)"
    )
    assert len(guesses(tree)) == 2
    assert asked_classes(tree) & imported_from(tree, PARTS) == {"Tfidf"}
