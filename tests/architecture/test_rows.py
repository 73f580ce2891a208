"""Rows of a run are frozen types, and no name that palate made is ever read for its meaning."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

ROOMS = ("runs/", "report/", "pipeline/", "study/")
LOOSE = re.compile(r"\b(dict|Mapping|MutableMapping)\[str, Any\]")
ALLOWED = {
    "pipeline/api.py": "callers give recipes as tables, and settings by name",
    "study/search/space.py": "the keys and values of a recipe, whatever parts they belong to",
    "study/search/objective.py": "what a recipe's table holds, to be digested",
    "study/features/featured_recipe.py": "a recipe's table, to be written as TOML",
    "study/selection/selected_recipe.py": "a recipe's table, to be written as TOML",
}
"""File -> why it may hold tables of anything. A line more needs a reason that holds."""

NAMED_IN = {"tables/variant.py"}
"""Where names of variants are made."""
GLUED = re.compile(r"~(permuted|random|\{\})|(^|\})-without-|-without-(\{|$)")


def annotations(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """(line, annotation) of all arguments, results, fields and variables; aliases too."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.returns:
            yield node.lineno, ast.unparse(node.returns)
        elif isinstance(node, ast.arg) and node.annotation:
            yield node.lineno, ast.unparse(node.annotation)
        elif isinstance(node, ast.AnnAssign):
            alias = ast.unparse(node.value) if node.value else ""
            yield node.lineno, f"{ast.unparse(node.annotation)} = {alias}"
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Subscript):
            yield node.lineno, ast.unparse(node.value)


def loose(tree: ast.AST) -> list[int]:
    """Lines that hold rows of anything."""
    return [line for line, text in annotations(tree) if LOOSE.search(text)]


def glued(tree: ast.AST) -> list[int]:
    """Lines where the name of a variant is put together or taken apart; docstrings may show one."""
    shown = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Expr)}
    whole = [n for n in ast.walk(tree) if isinstance(n, ast.JoinedStr)]
    inner = {id(part) for n in whole for part in ast.walk(n) if part is not n}
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            text = "".join(
                str(v.value) if isinstance(v, ast.Constant) else "{}" for v in node.values
            )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = "" if id(node) in inner or id(node) in shown else node.value
        else:
            continue
        if GLUED.search(text):
            found.append(node.lineno)
    return found


def test_rows_are_typed(sources: dict[str, ast.Module]) -> None:
    found = {p: loose(tree) for p, tree in sources.items() if p.startswith(ROOMS)}
    assert {p: lines for p, lines in found.items() if lines and p not in ALLOWED} == {}


def test_every_exception_is_still_needed(sources: dict[str, ast.Module]) -> None:
    assert [p for p in ALLOWED if not loose(sources[p])] == []


def test_names_of_variants_are_made_in_one_place(sources: dict[str, ast.Module]) -> None:
    found = {p: glued(tree) for p, tree in sources.items()}
    assert {p for p, lines in found.items() if lines} == NAMED_IN


@pytest.mark.parametrize(
    "line",
    [
        "def f() -> list[dict[str, Any]]: ...",
        "def f(*, row: Mapping[str, Any] | None = None): ...",
        "rows: dict[str, dict[str, Any]] = {}",
        "Row: TypeAlias = Mapping[str, Any]",
        "Row = Mapping[str, Any]",
        "def f(**more: dict[str, Any]): ...",
    ],
)
def test_the_check_sees_rows_of_anything(line: str) -> None:
    assert loose(ast.parse(line)) == [1]


@pytest.mark.parametrize(
    ("line", "seen"),
    [
        ('x = f"{model}~{kind}"', True),
        ('x = name.endswith("~permuted")', True),
        ('x = name.removeprefix(f"{a}-without-")', True),
        ('x = f"{a}, not without {b}"', False),
        ("def f():\n    '''A block named `x~permuted`.'''", False),
        ("def f(row: Mapping[str, float]) -> dict[str, int]: ...", False),
    ],
)
def test_the_check_sees_names_put_together(line: str, seen: bool) -> None:
    assert bool(glued(ast.parse(line))) == seen
    assert loose(ast.parse(line)) == []
