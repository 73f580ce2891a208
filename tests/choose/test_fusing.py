"""What fusions are made of."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from palate.arrays import Ragged
from palate.budget import Budget
from palate.choose import fusing
from palate.choose.attempts import Attempts, Candidate
from palate.choose.fusing import Fusing, blend
from palate.choose.validation import Validation
from palate.progress import Stopwatch
from palate.registry import PartSpec, spec
from palate.stages import FitContext, Scorer
from palate.testing.scorer import made_training


@pytest.mark.parametrize("ordered", [True, False])
def test_what_is_on_the_rise_is_a_candidate_of_the_second_stage(
    ordered: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted: list[PartSpec[Scorer]] = []

    def measured(self: Fusing, name: str, one: PartSpec[Scorer], *rest: Any, **more: Any) -> None:
        wanted.append(one)

    monkeypatch.setattr(Fusing, "_measured", measured)
    monkeypatch.setattr(fusing, "ENOUGH_TO_RANK", 1)
    monkeypatch.setattr(fusing, "FEWEST_TO_RANK", 1)
    training = made_training()
    context = FitContext(seed=1)
    validation = Validation.of(training, context, "ndcg@10", 100)
    parts = {"ease": "model.ease.v2", "item-knn": "model.item_knn.v2"}
    parts |= {"recent-popularity": "model.recent_popularity.v2"} if ordered else {}
    found = []
    for name, part in parts.items():
        one = spec({"part": part}, "scorer")
        found.append(Candidate(name, one, 1, np.ones(3), validation.fit(one), 0))
    made = Fusing(validation, found[:2], Budget(60.0), Attempts(), Stopwatch())
    first = replace(found[0], spec=blend(["ease", "item-knn"]))
    made.ranked(first, ["text.words"], found)
    members = ["ease", "item-knn", *(["recent-popularity"] if ordered else [])]
    assert list(wanted[0].settings.members) == members
    assert set(members) <= set(made.fitted)


@pytest.mark.parametrize(
    ("blocks", "whole", "took", "outcome"),
    [
        (["text.words"], 60.0, 1.0, "dropped"),
        (["text.words"], 60.0, 20.0, "no time"),
        ([], 60.0, 20.0, "dropped"),
        ([], 60.0, 30.0, "no time"),
        ([], 0.1, 0.0, "no time"),
    ],
)
def test_a_second_stage_needs_time_to_be_fitted_again_and_for_the_controls_of_features(
    blocks: list[str], whole: float, took: float, outcome: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    training = made_training()
    validation = Validation.of(training, FitContext(seed=1), "ndcg@10", 100)
    one = spec({"part": "model.ease.v2"}, "scorer")
    found = Candidate("ease", one, 1, np.ones(3), validation.fit(one), 0)
    attempts = Attempts()

    def measured(self: Fusing, name: str, one: Any, rung: Any, *rest: Any, **more: Any) -> Any:
        now[0] += took
        return attempts.tried(name, one, rung, 30, lambda: (np.ones(3), None))

    monkeypatch.setattr(Fusing, "_measured", measured)
    monkeypatch.setattr(fusing, "ENOUGH_TO_RANK", 1)
    monkeypatch.setattr(fusing, "FEWEST_TO_RANK", 1)
    clock = Budget(whole, lambda: now[0])
    made = Fusing(validation, [found], Budget(60.0), attempts, Stopwatch(), clock)
    ranked = made.ranked(replace(found, spec=blend(["ease"])), blocks)
    assert attempts.rows[-1].outcome == outcome
    assert (ranked is None) == (outcome == "no time")


@pytest.mark.parametrize(
    ("targets", "cases", "why"),
    [
        (1, 1, ""),
        (10_000, 1, "targets in each half of the validation cases, and trees need 10,000"),
        (1, 1_000, "validation cases in each half, and trees need 1,000"),
    ],
)
def test_a_second_stage_counts_what_was_right_and_of_how_many_cases(
    targets: int, cases: int, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    validation = made_training().validation
    assert len(validation.targets.values) > len(validation)
    monkeypatch.setattr(fusing, "ENOUGH_TO_RANK", targets)
    monkeypatch.setattr(fusing, "FEWEST_TO_RANK", cases)
    half, said = fusing.learnable(validation)
    assert half == len(validation) // 2
    assert said.endswith(why)
    assert bool(said) == bool(why)


def test_many_targets_of_few_cases_are_enough() -> None:
    training = made_training()
    validation = training.validation.take(np.arange(30).repeat(10) % len(training.validation))
    many = Ragged.of([np.arange(8, dtype=np.int32)] * 300)
    assert fusing.learnable(replace(validation, targets=many))[1] == ""
    few = Ragged.of([np.arange(2, dtype=np.int32)] * 300)
    assert fusing.learnable(replace(validation, targets=few))[1].startswith("300 targets")


@pytest.mark.parametrize(
    ("without", "left", "taken"),
    [(1.0, 60.0, True), (1.1, 60.0, True), (0.9, 60.0, False), (1.1, 3.0, False)],
)
def test_features_stay_in_a_second_stage_only_where_they_raise_it(
    without: float, left: float, taken: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = made_training()
    validation = Validation.of(training, FitContext(seed=1), "ndcg@10", 100)
    one = spec({"part": "model.ease.v2"}, "scorer")
    found = Candidate("ease", one, 1, np.ones(3), validation.fit(one), 0)
    attempts = Attempts()
    settings = {"members": ["ease", "kernel-words"], "blocks": ["text.words"]}
    stage = spec({"part": "model.lambdamart.v1", **settings}, "scorer", "ranked")
    ranked = attempts.tried("ranked", stage, "second stage", 30, lambda: (np.ones(3), None))
    assert ranked is not None
    attempts.rows[0] = replace(attempts.rows[0], seconds=1.0)

    def measured(self: Fusing, name: str, one: Any, rung: Any, *rest: Any, **more: Any) -> Any:
        return attempts.tried(name, one, rung, 25, lambda: (np.full(3, without), None))

    monkeypatch.setattr(Fusing, "_measured", measured)
    whole = Budget(left, lambda: 0.0)
    made = Fusing(validation, [found], Budget(60.0), attempts, Stopwatch(), whole)
    plain = made.plain(ranked, [found])
    assert (plain is not None) == taken
    if plain is not None:
        assert (plain.spec.settings.members, plain.spec.settings.blocks) == (("ease",), ())
        assert attempts.rows[0].outcome == "dropped"
    assert attempts.rows[-1].outcome == ("no time" if left < 60 else "dropped")
