"""Who looks at test cases, and what for: every place of palate is listed here."""

from __future__ import annotations

import ast
from typing import get_args

import pytest

from palate.arrays import Ragged
from palate.errors import BadInput
from palate.tables import Cases, Histories, Purpose, SealedCases

OPENED = {
    ("evaluate/leaks.py", "check for leaks"),
    ("evaluate/leaky_columns.py", "check for leaks"),
    ("evaluate/user_columns.py", "check for leaks"),
    ("explain/importance/target_prediction.py", "check for leaks"),
    ("pipeline/trial.py", "rank"),
    ("pipeline/measure.py", "measure"),
    ("pipeline/slate_study.py", "measure"),
    ("evaluate/slices.py", "measure"),
    ("study/pointwise/compare.py", "measure"),
    ("pipeline/examples.py", "explain"),
    ("study/importance/explanations.py", "explain"),
    ("study/importance/prepared.py", "importance"),
    ("study/selection/select.py", "check a selection"),
}
"""(file, purpose) of every place that opens test cases. A line more needs a reason that holds."""


def opened(path: str, tree: ast.AST) -> set[tuple[str, str]]:
    """(file, purpose) of every call of `X.test.open(purpose)` and `X.test_rows(purpose)`."""
    found = set()
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        sealed = node.func.attr == "open" and ast.unparse(node.func.value).endswith("test")
        if sealed or node.func.attr == "test_rows":
            found.add((path, ast.literal_eval(node.args[0])))
    return found


def sealed_attributes(path: str, tree: ast.AST) -> set[str]:
    """Places that reach past the seal."""
    return {
        f"{path}:{node.lineno}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr == "sealed"
    }


def test_every_place_that_opens_the_test_cases_is_listed(sources: dict[str, ast.Module]) -> None:
    found: set[tuple[str, str]] = set()
    for path, tree in sources.items():
        if not path.startswith("testing/"):  # contract suites look at what they made themselves
            found |= opened(path, tree)
    assert found == OPENED


def test_every_purpose_but_that_of_people_is_used() -> None:
    assert {purpose for _, purpose in OPENED} == set(get_args(Purpose)) - {"inspect"}


def test_nobody_reaches_past_the_seal(sources: dict[str, ast.Module]) -> None:
    found: set[str] = set()
    for path, tree in sources.items():
        if path != "tables/cases.py":
            found |= sealed_attributes(path, tree)
    assert found == set()


def test_a_new_place_would_be_found() -> None:
    tree = ast.parse('fit(run.split.test.open("rank")); x = split.test.sealed.targets')
    assert opened("model/new.py", tree) == {("model/new.py", "rank")}
    assert sealed_attributes("model/new.py", tree) == {"model/new.py:1"}


def test_cases_come_out_for_a_purpose_and_not_without() -> None:
    empty = Ragged.of([[]])
    cases = Cases(Histories.of_items(empty), empty, Ragged.of([[1]]))
    sealed = SealedCases(cases)
    assert sealed.open("rank") is cases
    assert len(sealed) == 1
    assert "targets" not in repr(sealed)
    assert not hasattr(sealed, "targets")
    with pytest.raises(BadInput, match="no purpose"):
        sealed.open("train")  # type: ignore[arg-type]
