from __future__ import annotations

import json
from types import MappingProxyType

import pytest

from palate.cli import main
from palate.errors import BadInput, MissingExtra
from palate.study import prove as proving
from palate.study.prove import PROMISES, exact_shares, known_truth, prove


@pytest.mark.parametrize("name", ["P1", "P3", "P4"])
def test_quick_promises_hold_and_their_controls_fail(name: str) -> None:
    pytest.importorskip("lightgbm")
    [found] = prove((name,), quick=True)
    assert found.holds
    assert found.promise == name
    assert found.control


@pytest.mark.slow
@pytest.mark.parametrize("name", list(PROMISES))
def test_promises_hold(name: str) -> None:
    pytest.importorskip("lightgbm")
    [found] = prove((name,))
    assert found.holds, found


def test_a_broken_method_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        proving, "shapley", lambda n, value: 1.001 * proving._by_orders(n, _whole(n, value))
    )
    assert not exact_shares(True)[2]
    monkeypatch.setattr(proving, "_methods", lambda: tuple([proving.Permutation()] * 4))
    assert not known_truth(True)[2]


def _whole(n: int, value: object) -> dict[frozenset[int], object]:
    return {members: value(members) for members in proving.coalitions(n)}  # type: ignore[operator]


def test_an_unknown_promise() -> None:
    with pytest.raises(BadInput, match="P1, P2"):
        prove(("P9",))
    assert main(["prove", "P9", "-q"]) == 2


def test_a_promise_that_cannot_be_tried_does_not_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(quick: bool) -> tuple[str, str, bool, str]:
        raise MissingExtra("lightgbm is not installed", next_step="pip install palate[trees]")

    monkeypatch.setattr(proving, "PROMISES", MappingProxyType({"P1": ("says", missing)}))
    [found] = prove()
    assert not found.holds
    assert "not tried" in found.measured


def test_command_says_so_by_its_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tried = {
        "P1": ("is true", lambda quick: ("1", "1", True, "0")),
        "P2": ("is not", lambda quick: ("1", "0", False, "0")),
    }
    monkeypatch.setattr(proving, "PROMISES", MappingProxyType(tried))
    assert main(["prove", "P1", "-q"]) == 0
    assert "yes" in capsys.readouterr().out
    assert main(["prove", "--json", "--quick"]) == 1
    printed = json.loads(capsys.readouterr().out)
    assert [row["holds"] for row in printed] == [True, False]
    assert set(printed[0]) == {
        "promise",
        "says",
        "asked",
        "measured",
        "holds",
        "control",
        "seconds",
    }
