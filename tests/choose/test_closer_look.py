"""Two models that the first cases cannot tell apart are looked at on more."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from palate.budget import Budget
from palate.choose import fusing
from palate.choose.attempts import Attempts, Candidate
from palate.choose.closer_look import MOST, Lead, cases_for, look_closer
from palate.choose.fusing import Fusing, blend
from palate.choose.validation import Validation
from palate.progress import Stopwatch
from palate.registry import spec
from palate.stages import FitContext
from palate.testing.scorer import made_training

NAN = float("nan")


def test_a_lead_is_that_of_the_cases_that_measured_both() -> None:
    half, whole = np.array([NAN, NAN, 1.0, 1.0]), np.array([1.0, 1.0, 0.0, 0.5])
    assert Lead.of(half, whole).clear
    assert Lead.of(half, whole).n_cases == 2
    assert not Lead.of(np.array([NAN, NAN, 0.0, 0.5]), whole).clear


@pytest.mark.parametrize(
    ("gain", "clear", "is_open"),
    [(1.1, True, False), (0.9, False, True), (-1.9, False, True), (-2.1, False, False)],
)
def test_only_what_may_still_turn_out_ahead_is_looked_at_again(
    gain: float, clear: bool, is_open: bool
) -> None:
    lead = Lead(gain, 1.0, 1000)
    assert (lead.clear, lead.open) == (clear, is_open)


@pytest.mark.parametrize(
    ("seconds", "spent", "needed", "there", "expected"),
    [
        (60.0, 6.0, 0.0, 30_000, MOST),  # 30 s are left for it, in which 30 times as many fit
        (60.0, 6.0, 25.0, 30_000, 5_000),
        (60.0, 6.0, 28.5, 30_000, 0),  # less than twice as many
        (60.0, 40.0, 0.0, 30_000, 0),
        (60.0, 6.0, 0.0, 1_999, 0),
        (60.0, 6.0, 0.0, 2_000, 2_000),
        (math.inf, 6.0, 9.0, 30_000, MOST),
    ],
)
def test_a_closer_look_has_the_cases_that_there_is_time_for(
    seconds: float, spent: float, needed: float, there: int, expected: int
) -> None:
    now = [0.0]
    budget = Budget(seconds, lambda: now[0])
    now[0] = spent
    assert cases_for(Lead(0.1, 1.0, 1000), 1.0, needed, budget, there) == expected


def test_more_cases_begin_with_those_of_before() -> None:
    validation = Validation.of(made_training(), FitContext(seed=1), "ndcg@10", 8)
    wide = validation.wider(20)
    assert len(wide) == 20
    assert np.array_equal(wide.cases[:8], validation.cases)


def _candidate(name: str, part: str, validation: Validation, fitted: bool = True) -> Candidate:
    one = spec({"part": part}, "scorer")
    values = validation.values(validation.fit(one).scorer)
    return Candidate(name, one, 1, values, validation.fit(one) if fitted else None, 0)


def test_both_are_measured_on_the_same_cases_and_told() -> None:
    validation = Validation.of(made_training(), FitContext(seed=1), "ndcg@10", 8)
    wide, attempts = validation.wider(20), Attempts()
    popular = _candidate("popularity", "model.popularity.v1", validation)
    ease = _candidate("ease", "model.ease.v2", validation)
    mixed = replace(popular, name="ids", spec=blend(["ease", "popularity"]), fitted=None)
    assert ease.fitted is not None
    assert popular.fitted is not None
    members = {"ease": ease.fitted.scorer, "popularity": popular.fitted.scorer}
    found = look_closer(mixed, ease, members, wide, attempts)
    assert found is not None
    assert found.n_cases == 20
    assert [(row.model, row.rung, row.n_cases) for row in attempts.rows] == [
        ("ids", "more cases", 20),
        ("ease", "more cases", 20),
    ]
    same = look_closer(ease, ease, members, wide, attempts)
    assert same is not None
    assert (same.gain, same.clear) == (0.0, False)


def test_one_that_cannot_be_fitted_again_leaves_the_first_look_as_it_is() -> None:
    validation = Validation.of(made_training(), FitContext(seed=1), "ndcg@10", 8)
    ease = _candidate("ease", "model.ease.v2", validation)
    bad = replace(ease, spec=spec({"part": "model.text_kernel.v2", "block": "none"}, "scorer"))
    attempts = Attempts()
    wide = validation.wider(20)
    assert look_closer(replace(bad, fitted=None), ease, {}, wide, attempts) is None
    assert attempts.rows[-1].outcome == "failed"


@pytest.mark.parametrize(("clear", "looks"), [(False, 1), (True, 0)])
def test_the_second_stage_is_looked_at_again_only_where_the_first_look_is_open(
    clear: bool, looks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    validation = Validation.of(made_training(), FitContext(seed=1), "ndcg@10", 8)
    ease = _candidate("ease", "model.ease.v2", validation)
    attempts, seen = Attempts(), list[int]()

    def looked(*given: object) -> Lead:
        seen.append(len(validation.wider(20)))
        return Lead(0.5, 0.1, 20)

    monkeypatch.setattr(fusing, "look_closer", looked)
    made = Fusing(validation, [ease], Budget(60.0), attempts, Stopwatch())
    stage = spec({"part": "model.lambdamart.v1", "members": ["ease"]}, "scorer")
    ahead = ease.values + np.where(clear, 1.0, np.tile([1.0, -1.0], 4))
    row = attempts.tried("ranked", stage, "second stage", 30, lambda: (ahead, None))
    assert row is not None
    assert made.lead(row, ease).clear
    assert len(seen) == looks
    assert len(made.said) == looks
    assert all("on 20 ranked is ahead by 0.5000" in sentence for sentence in made.said)
