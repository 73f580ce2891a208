"""A run directory is opened in one way: what reads the parts of one stands in `palate.runs`."""

from __future__ import annotations

import ast

READERS = {"read_log", "read_model", "read_block", "read_user", "read_manifest", "check_file"}
"""Functions of `palate.runs` that read one thing each; `open_run` checks the folder before them."""


def readers_used(path: str, tree: ast.AST) -> list[str]:
    """Places outside `runs/` that read a part of a run directory by themselves."""
    if path.startswith(("runs/", "encode/")):  # engines of encoders read model files, not runs
        return []
    names = [n for n in ast.walk(tree) if isinstance(n, (ast.Name, ast.Attribute))]
    used = [(n, n.id if isinstance(n, ast.Name) else n.attr) for n in names]
    return [f"{path}:{node.lineno} {name}" for node, name in used if name in READERS]


def test_nothing_outside_runs_reads_a_part_of_a_run(sources: dict[str, ast.Module]) -> None:
    assert [place for path, tree in sources.items() for place in readers_used(path, tree)] == []


def test_one_that_does_would_be_found_and_the_names_are_there(
    sources: dict[str, ast.Module],
) -> None:
    found = readers_used("serve/new.py", ast.parse("artefacts.read_model(folder)"))
    assert found == ["serve/new.py:1 read_model"]
    defined = {
        node.name
        for path, tree in sources.items()
        if path.startswith("runs/")
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
    }
    assert defined >= READERS
