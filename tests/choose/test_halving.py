"""In which order families are tried, by a clock that only the fits advance."""

from __future__ import annotations

import gc
import weakref
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from palate.arrays import Doubles
from palate.budget import Budget
from palate.choose import halving
from palate.choose.attempts import Attempts
from palate.choose.halving import Halving
from palate.choose.portfolio import Family
from palate.choose.validation import Validation
from palate.model.item_knn import ItemKnnV2
from palate.progress import Stopwatch
from palate.registry import PartSpec
from palate.stages import FitContext, Scorer
from palate.testing.logs import made_log
from palate.testing.scorer import made_training

POPULARITY = Family("popularity", "model.popularity.v1", ({},), 0)
EASE = Family(
    "ease", "model.ease.v2", tuple({"l2": l2} for l2 in (1.0, 2.0, 3.0, 4.0, 5.0, 6.0)), 3
)
SASREC = Family("sasrec", "model.sasrec.v1", ({},), 8, ("schedule", "max_seconds"))
SECONDS = {
    "model.popularity.v1": 0.1,
    "model.ease.v2": 5.0,
    "model.sasrec.v1": 20.0,
    "model.rp3beta.v1": 0.1,
}
VALUES = {
    "model.popularity.v1": 0.3,
    "model.ease.v2": 0.4,
    "model.sasrec.v1": 0.5,
    "model.rp3beta.v1": 0.2,
}


@dataclass
class Measured:
    """In place of a validation: every part has its figure and takes its time."""

    training: Any
    context: Any = field(default_factory=lambda: SimpleNamespace(seed=0))
    now: float = 0.0
    asked: list[str] = field(default_factory=list)

    def alone(self, one: PartSpec[Scorer], training: Any) -> tuple[Doubles, None]:
        limit = one.resolved().get("schedule", {}).get("max_seconds") or SECONDS[one.name]
        fits = 2 if "sasrec" in one.name else 1
        self.now += fits * min(limit, SECONDS[one.name] / fits)
        self.asked.append(one.name.split(".")[1])
        return np.full(9, VALUES[one.name]), None


def tried(seconds: float, *families: Family) -> tuple[Measured, Attempts, list[str]]:
    measured, attempts = Measured(SimpleNamespace(log=made_log())), Attempts()
    budget = Budget(seconds, lambda: measured.now)
    halving = Halving(cast(Validation, measured), families, budget, attempts, Stopwatch())
    best = [candidate.name for candidate in halving.best_of_each()]
    return measured, attempts, best


def test_a_slow_family_waits_for_the_grids_of_the_quick_ones() -> None:
    measured, attempts, best = tried(1000.0, SASREC, POPULARITY, EASE)
    assert measured.asked == ["popularity", *["ease"] * 6, "sasrec"]
    assert best == ["sasrec", "ease", "popularity"]
    assert all(row.outcome != "no time" for row in attempts.rows)


def test_where_time_is_short_the_slow_one_has_a_turn_before_the_last_of_the_grids() -> None:
    # 60 s for this rung, 30 of them before SASRec, which ends by 45
    measured, attempts, _ = tried(100.0, SASREC, POPULARITY, EASE, replace(EASE, name="other"))
    assert "sasrec" in measured.asked
    assert measured.asked.index("sasrec") > 4
    late = [row.model for row in attempts.rows if row.outcome == "no time"]
    assert late
    assert "sasrec" not in late
    assert measured.now <= 60


def test_a_slow_family_has_what_time_is_left_and_no_more() -> None:
    # 18 s for this rung, 13.5 of them for this, and 10.1 are spent before
    measured, attempts, best = tried(30.0, POPULARITY, replace(EASE, grid=EASE.grid[:2]), SASREC)
    assert best[0] == "sasrec"
    assert [row.settings for row in attempts.rows][-1] == "schedule max_seconds 1.7"
    assert measured.now == pytest.approx(13.5)


def test_the_first_is_tried_whatever_it_takes_and_what_there_was_no_time_for_is_told() -> None:
    measured, attempts, best = tried(0.01, POPULARITY, EASE, SASREC)
    assert measured.asked == ["popularity"]
    assert best == ["popularity"]
    refused = [row.model for row in attempts.rows if row.outcome == "no time"]
    assert sorted(set(refused)) == ["ease", "sasrec"]


@pytest.mark.parametrize(("part", "asked"), [("model.popularity.v1", 3), ("model.rp3beta.v1", 2)])
def test_a_family_far_behind_is_given_up_after_two_settings(part: str, asked: int) -> None:
    other = Family("other", part, ({}, {}, {}), 1)
    measured, _, _ = tried(1000.0, EASE, other)
    assert measured.asked.count(part.split(".")[1]) == asked


def test_models_that_are_not_taken_are_not_held(monkeypatch: pytest.MonkeyPatch) -> None:
    training = made_training()
    monkeypatch.setattr(halving, "SAMPLE_EVENTS", len(training.log) // 2)
    learnt: list[weakref.ref[Any]] = []
    fit = ItemKnnV2.fit

    def noted(self: Any, *args: Any) -> Any:
        fit(self, *args)
        learnt.append(weakref.ref(self.similarity_))
        return self

    monkeypatch.setattr(ItemKnnV2, "fit", noted)
    grid: tuple[Any, ...] = ({}, {"neighbours": 2}, {"query": {"last": 2}})
    families = [POPULARITY, Family("item-knn", "model.item_knn.v2", grid, 2)]
    validation = Validation.of(training, FitContext(seed=0), "ndcg@10", 100)
    budget, attempts = Budget(1000.0), Attempts()
    best = Halving(validation, families, budget, attempts, Stopwatch()).best_of_each()
    gc.collect()
    held = [one() for one in learnt if one() is not None]
    rungs = [row.rung for row in attempts.rows if row.model == "item-knn"]
    assert rungs == ["sample"] * 3 + ["all"] * 2
    assert len(learnt) >= 3
    kept = [c.fitted.scorer for c in best if c.name == "item-knn" and c.fitted is not None]
    assert held == [one.similarity_ for one in kept if isinstance(one, ItemKnnV2)]
    assert len(held) == 1
