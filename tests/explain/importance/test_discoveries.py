"""Promise P2: noise, ids and copies are not called important; gain, SHAP and plain permutation do
call them so.
"""

from __future__ import annotations

import os

import pytest

from palate.data.worlds import WORLDS, copies, linear
from palate.testing.discoveries import METHODS, Constant, discoveries, table

pytest.importorskip("lightgbm")
DEEP = bool(os.environ.get("PALATE_DEEP"))


def test_conditional_permutation_finds_the_drivers_and_nothing_else() -> None:
    worlds = [linear(1, 240), copies(1, 0.8, 300)]
    methods = (
        "conditional permutation",
        "gain above 3 probes",
        "mean |SHAP| above 5 % of the largest",
    )
    rows = {
        row["method"]: row for row in table([d for w in worlds for d in discoveries(w, 1, methods)])
    }
    assert rows["conditional permutation"]["false_discovery_rate"] <= 0.10
    assert rows["conditional permutation"]["power"] >= 0.95
    for control in methods[1:]:
        assert rows[control]["false_discovery_rate"] > 0.2


@pytest.mark.slow
def test_over_simulated_sets_of_seven_kinds() -> None:
    per_world = 29 if DEEP else 4
    found = [
        d for make in WORLDS.values() for s in range(per_world) for d in discoveries(make(s), s)
    ]
    rows = {row["method"]: row for row in table(found)}
    assert set(rows) == set(METHODS)
    assert rows["conditional permutation"]["false_discovery_rate"] <= 0.10
    assert rows["conditional permutation"]["power"] >= 0.95
    for control in ("gain above 3 probes", "mean |SHAP| above 5 % of the largest", "permutation"):
        assert rows[control]["false_discovery_rate"] > 0.10


def test_nothing_found_is_no_false_discovery() -> None:
    assert Constant(0.5)({}).tolist() == [0.5]
