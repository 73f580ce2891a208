"""The hostile texts: every disguise is one that the adversary sees through, and a few cases."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
sys.path[:0] = [str(BENCHMARKS)]

from hostile import adversary, payloads  # noqa: E402


@pytest.fixture(scope="module")
def benchmark() -> ModuleType:
    spec = importlib.util.spec_from_file_location("hostile_cases", BENCHMARKS / "faults/hostile.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_there_are_three_thousand_cases_and_no_two_are_alike() -> None:
    texts = {p.within(host) for p in payloads.payloads() for host in payloads.HOSTS}
    assert len(payloads.payloads()) == 300
    assert len(payloads.HOSTS) == 10
    assert len(texts) == 3000


def test_the_adversary_sees_through_every_disguise_of_a_text_that_is_not_cleaned() -> None:
    for payload in payloads.payloads():
        assert payload.wish in adversary.wishes_in(payload.within(payloads.HOSTS[0])), payload.kind


def test_some_cases_break_nothing_and_the_control_breaks(
    benchmark: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = payloads.payloads()[::17]
    monkeypatch.setattr(benchmark, "payloads", lambda: some)
    monkeypatch.setattr(benchmark, "HOSTS", payloads.HOSTS[:2])
    rows = benchmark.run()["rows"]
    assert rows[0]["found"] == "none broken"
    assert rows[1]["found"] != "none broken"
