"""Sizes, docstrings and types of the whole source."""

from __future__ import annotations

import ast
from pathlib import Path

Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = Function | ast.ClassDef


def body_lines(function: Function) -> int:
    """Lines of a function's body without its docstring."""
    statements = function.body[1:] if ast.get_docstring(function) else function.body
    return (statements[-1].end_lineno or 0) - statements[0].lineno + 1 if statements else 1


def test_no_file_has_over_400_lines(repository: Path) -> None:
    lengths = {str(f): len(f.read_text().splitlines()) for f in (repository / "src").rglob("*.py")}
    assert [f"{f}: {n}" for f, n in lengths.items() if n > 400] == []


def test_no_body_has_over_50_lines_and_nine_in_ten_at_most_25(
    functions: list[tuple[str, Function, bool]],
) -> None:
    lengths = {place: body_lines(function) for place, function, _ in functions}
    assert [f"{place}: {n}" for place, n in lengths.items() if n > 50] == []
    assert sum(n > 25 for n in lengths.values()) <= len(lengths) / 10


def test_every_module_says_what_it_is(sources: dict[str, ast.Module]) -> None:
    assert [path for path, tree in sources.items() if not ast.get_docstring(tree)] == []


def test_every_public_class_and_function_is_documented(
    definitions: list[tuple[str, Definition, bool]],
) -> None:
    bare = [
        place
        for place, d, public in definitions
        if public and not ast.get_docstring(d) and not _is_overload(d)
    ]
    assert bare == []


def test_every_public_function_is_typed(functions: list[tuple[str, Function, bool]]) -> None:
    untyped = []
    for place, function, is_public in functions:
        a = function.args
        every = [*a.posonlyargs, *a.args, *a.kwonlyargs, *filter(None, (a.vararg, a.kwarg))]
        arguments = [x for x in every if x.arg not in ("self", "cls")]
        if is_public and not (function.returns and all(x.annotation for x in arguments)):
            untyped.append(place)
    assert untyped == []


def test_no_file_has_a_name_that_says_nothing(sources: dict[str, ast.Module]) -> None:
    empty_words = {"utils", "util", "helpers", "helper", "common", "misc", "manager"}
    assert [path for path in sources if empty_words & set(Path(path).with_suffix("").parts)] == []


def _is_overload(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef) and any(
        "overload" in ast.dump(d) for d in node.decorator_list
    )
