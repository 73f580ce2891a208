"""The best list within limits, beside all lists that there are."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from palate.errors import BadInput, Refused
from palate.policy.slates.constrained import Constrained, ConstrainedSettings
from palate.policy.slates.greedy_limits import greedy_within
from palate.policy.slates.limits import Limits
from palate.policy.slates.relevance import relevance
from palate.tables.slate import SlateCandidates
from palate.testing.slate import made_candidates

LIMITS: dict[str, dict[str, Any]] = {
    "least": {"minimum": {"value 1": 2}},
    "most": {"maximum": {"value 0": 1, "value 2": 0}},
    "each": {"each": 2},
    "spacing": {"spacing": 1},
    "all": {"minimum": {"value 3": 1}, "maximum": {"value 0": 2}, "each": 2, "spacing": 1},
}


def _limits(candidates: SlateCandidates, m: int, wanted: dict[str, Any]) -> Limits:
    s = ConstrainedSettings(**wanted)
    return Limits.of(candidates, m, s.minimum, s.maximum, s.each, s.spacing)


def _best(candidates: SlateCandidates, m: int, limits: Limits) -> float | None:
    """The highest value of all lists, by trying them."""
    gain, discount = relevance(candidates), 1 / np.log2(np.arange(2, m + 2))
    values = [
        float(gain[list(order)] @ discount)
        for order in permutations(range(len(candidates)), m)
        if limits.kept(np.array(order))
    ]
    return max(values) if values else None


@pytest.mark.parametrize("wanted", LIMITS.values(), ids=LIMITS)
@given(seed=st.integers(0, 10_000), pinned=st.booleans())
@settings(max_examples=8, deadline=None)
def test_it_is_the_best_of_all_lists(wanted: dict[str, Any], seed: int, pinned: bool) -> None:
    candidates = made_candidates(7, seed=seed)
    if pinned:
        pins = np.full(7, -1, np.int32)
        pins[3] = 1
        candidates = replace(candidates, pins=pins)
    part = Constrained(ConstrainedSettings(seconds=30, **wanted))
    limits = _limits(candidates, 4, wanted)
    best = _best(candidates, 4, limits)
    if best is None:
        with pytest.raises(Refused, match="no list of 4"):
            part.solve(candidates, 4)
        return
    found = part.solve(candidates, 4)
    assert limits.kept(found.order)
    assert found.value == pytest.approx(best, abs=1e-6)
    assert found.gap < 1e-6


@given(seed=st.integers(0, 10_000), name=st.sampled_from(sorted(LIMITS)))
@settings(max_examples=40, deadline=None)
def test_the_greedy_list_keeps_the_limits_or_is_none(seed: int, name: str) -> None:
    candidates = made_candidates(30, seed=seed)
    limits = _limits(candidates, 6, LIMITS[name])
    found = greedy_within(relevance(candidates), limits)
    assert found is None or limits.kept(found)


def test_within_the_limits_already_nothing_is_solved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("palate.policy.slates.constrained.solved", None)
    found = Constrained(ConstrainedSettings(maximum={"value 0": 30})).solve(made_candidates(), 30)
    assert found.gap == 0
    assert found.value == found.bound


def test_out_of_time_it_says_how_far_it_may_be_from_the_best() -> None:
    candidates = made_candidates(300)
    part = Constrained(ConstrainedSettings(each=4, spacing=1, seconds=1e-6))
    found = part.solve(candidates, 10)
    assert _limits(candidates, 10, {"each": 4, "spacing": 1}).kept(found.order)
    assert 0 <= found.gap < 0.5
    assert found.value <= found.bound + 1e-9


def test_what_cannot_be_kept_is_refused() -> None:
    candidates = made_candidates(20)
    for wanted in (
        {"minimum": {"value 1": 6}},
        {"minimum": {"value 1": 3}, "maximum": {"value 1": 2}},
        {"maximum": {f"value {n}": 0 for n in range(4)}},
    ):
        with pytest.raises(Refused, match="no list of 5"):
            Constrained(ConstrainedSettings(**wanted)).order(candidates, 5)
    with pytest.raises(Refused, match="value 1"):
        Constrained(ConstrainedSettings(minimum={"valeu 1": 1})).order(candidates, 5)
    with pytest.raises(BadInput, match="field"):
        Constrained(ConstrainedSettings(each=1)).order(SlateCandidates(candidates.scores), 5)


def test_pins_are_positions_of_the_list() -> None:
    candidates, pins = made_candidates(6), np.array([-1, 2, -1, 0, -1, -1], np.int32)
    order = Constrained().order(replace(candidates, pins=pins), 4)
    assert order[[2, 0]].tolist() == [1, 3]
    with pytest.raises(BadInput, match="0 to 1"):
        Constrained().order(replace(candidates, pins=pins), 2)
    with pytest.raises(Refused, match="one position"):
        Constrained().order(replace(candidates, pins=np.minimum(pins, 0)), 4)
