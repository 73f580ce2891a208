"""Evaluators of whole lists, and what is made with them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.model.generate.series import LENGTH, SETTINGS, Taught, lists_of, taught

from palate import ranks
from palate.arrays import Doubles, Ragged
from palate.errors import BadRecipe, Refused
from palate.gradient.engine import torch_library
from palate.gradient.loop import Schedule
from palate.model.generate.evaluator import (
    EvaluatedCases,
    Evaluator,
    evaluated_cases,
    lists_to_learn_from,
)
from palate.model.generate.generator import Generator
from palate.model.generate.generator_evaluator import (
    GeneratorEvaluator,
    GeneratorEvaluatorSettings,
    by_slate,
)
from palate.model.generate.grpo import Grpo, GrpoSettings, advantages, divergence
from palate.model.generate.retrieved import Retrieved
from palate.model.generate.settings import GeneratorSettings
from palate.policy.slates.greedy import GreedySlate
from palate.registry import spec
from palate.seeding import generator
from palate.tables import Cases
from palate.testing.scorer import made_training

SHARED = {
    "reader": SETTINGS.reader,
    "width": SETTINGS.width,
    "candidates": SETTINGS.candidates,
    "length": LENGTH,
    "likelihood": SETTINGS.likelihood,
}
GRPO = GrpoSettings(
    **SHARED,  # type: ignore[arg-type]
    group=4,
    evaluator_steps=100,
    real_lists=200,
    schedule=Schedule(epochs=2, rate=1e-3, batch=64),
)


def evaluator(one: Taught, cases: EvaluatedCases) -> Evaluator:
    network = one.start.network
    return Evaluator.learnt(network, cases, lists_to_learn_from(network, cases, 0), 150, 0)


def held(one: Taught) -> EvaluatedCases:
    cases = one.start.held
    return EvaluatedCases(cases.cases.histories.items, cases.cases.targets, cases.found)


def correlation(values: Doubles, dcg: Doubles) -> float:
    """Within each case, so that an easy history explains nothing."""
    a, b = (x - x.mean(axis=1, keepdims=True) for x in (values, dcg))
    return float((a * b).sum() / np.sqrt((a**2).sum() * (b**2).sum()))


def test_an_evaluator_tells_better_lists_of_people_it_did_not_see() -> None:
    one = taught(0.9, 0)
    cases, unseen = evaluated_cases(one.context.members["ease"], one.start, 1000), held(one)
    lists = np.stack(lists_to_learn_from(one.start.network, unseen, 1), axis=1)
    dcg = (unseen.hits(lists) * ranks.discounts(LENGTH)).sum(axis=2)
    own = evaluator(one, cases).values(unseen.histories, unseen.found, lists)
    assert correlation(own, dcg) > 0.25
    # a control that must fail: taught on what others wanted
    order = generator(0, "others").permutation(len(cases))
    wrong = replace(cases, targets=cases.targets.take(order))
    other = evaluator(one, wrong).values(unseen.histories, unseen.found, lists)
    assert correlation(other, dcg) < correlation(own, dcg) - 0.1


def test_what_an_evaluator_learns_from_is_held_by_nothing_else() -> None:
    one = taught(0.9, 0)
    cases = evaluated_cases(one.context.members["ease"], one.start, 1000)
    stopping = one.start.held.cases
    both = [stopping.histories.items, cases.histories]
    each, other = ({tuple(some[i].tolist()) for i in range(len(some))} for some in both)
    assert not each & other
    assert len(cases) + len(stopping) == len(one.training.validation)


def test_a_list_that_candidates_do_not_fill_counts_as_far_as_it_goes() -> None:
    one = taught(0.9, 0)
    cases = held(one).take(np.arange(4))
    found = Retrieved(np.where(np.arange(120) < 3, cases.found.items, -1), cases.found.said)
    made = evaluator(one, evaluated_cases(one.context.members["ease"], one.start, 100))
    full = np.arange(LENGTH)[None, None].repeat(4, 0)
    shorter = made.values(cases.histories, found, full)
    longer = made.values(cases.histories, cases.found, full)
    assert (shorter < longer).all()


def test_too_few_cases_for_an_evaluator() -> None:
    one = taught(0.9, 0)
    few = evaluated_cases(one.context.members["ease"], one.start, 3)
    with pytest.raises(Refused, match="validation cases"):
        evaluator(one, few)


def test_groups_of_one_value_move_nothing() -> None:
    assert advantages(np.array([[0.5, 0.5, 0.5]])).tolist() == [[0, 0, 0]]
    found = advantages(generator(0, "values").normal(size=(50, 8)))
    np.testing.assert_allclose(found.mean(axis=1), 0, atol=1e-12)
    np.testing.assert_allclose(found.std(axis=1), 1, atol=1e-12)


def test_divergence_of_what_is_the_same_is_none() -> None:
    torch = torch_library()
    same = torch.log_softmax(torch.tensor([[[[0.0, 1.0, -torch.inf]]]]), 3)
    assert divergence(same, same).tolist() == [[[0.0]]]
    even = torch.log(torch.tensor([[[[0.5, 0.5, 0.0]]]]))
    assert divergence(even, same).item() > 0


def test_group_relative_training_is_recorded_and_keeps_what_is_best() -> None:
    one = taught(0.9, 0)
    model = Grpo(GRPO).after(one.start, one.training, one.context)
    rows = model.curve_.rows[len(one.start.curve.rows) :]
    assert [row["reward"] is None for row in rows] == [True, False, False]
    assert rows[0]["over_optimisation"] == 0
    assert all(row["over_optimisation"] is not None for row in rows)
    metrics = [row["metric"] or 0.0 for row in rows]
    assert model.curve_.best == len(one.start.curve.rows) + int(np.argmax(metrics))


def test_an_evaluator_s_faults_are_found_and_said() -> None:
    one = taught(0.0, 0)
    # far from the likelihood, after few cases: what is gained is mostly the evaluator's error
    wild = replace(
        GRPO, anchor=0.0, real_lists=60, schedule=Schedule(epochs=4, rate=3e-3, batch=16)
    )
    rows = Grpo(wild).after(one.start, one.training, one.context).curve_.rows
    gaps = [row["over_optimisation"] for row in rows if row.get("reward") is not None]
    assert max(gap or 0.0 for gap in gaps) > 0


def chooser(**changes: object) -> GeneratorEvaluator:
    table = {
        "part": "model.generator_evaluator.v1",
        **SHARED,
        "likelihood": {},
        "evaluator_steps": 150,
        **changes,
    }
    built: GeneratorEvaluator = spec(table, "scorer").build()
    return built


def test_the_evaluator_chooses_the_list_that_it_values_most() -> None:
    one = taught(0.9, 0)
    model = chooser(samples=2).after(one.start, one.context)
    assert list(model.shares_) == ["scores", "mmr", "dpp", "likeliest", "sample 1", "sample 2"]
    assert sum(model.shares_.values()) == pytest.approx(1)
    lists = lists_of(model, one.cases)
    base = lists_of(one.context.members["ease"], one.cases)
    more = one.value(lists) - one.value(base)
    assert more.mean() > 3.3 * more.std() / np.sqrt(len(more))


def test_makers_may_be_left_out() -> None:
    one = taught(0.9, 0)
    model = chooser(samples=0, mmr={}, dpp={}).after(one.start, one.context)
    assert list(model.shares_) == ["scores", "likeliest"]


def test_without_its_slates_it_says_so() -> None:
    one = taught(0.9, 0)
    with pytest.raises(Refused, match="built without the parts"):
        GeneratorEvaluator(GeneratorEvaluatorSettings(**SHARED)).after(  # type: ignore[arg-type]
            one.start, one.context
        )


def test_what_a_slate_leaves_open_is_filled() -> None:
    items = np.array([[5, 3, 9, -1], [-1, -1, -1, -1]], np.int32)
    found = Retrieved(items, np.array([[1, 0, -1, 0], [0, 0, 0, 0]], np.float32))
    vectors = np.zeros((2, 4, 3), np.float32)
    assert by_slate(GreedySlate(), found, vectors, 4).tolist() == [[0, 1, 2, 3], [0, 1, 2, 3]]


def test_fewer_candidates_than_a_list_has_items() -> None:
    one = taught(0.9, 0)
    with pytest.raises(BadRecipe, match="lists of 10 out of 5 candidates"):
        Generator(GeneratorSettings(candidates=5)).fit(made_training(), one.context)


def test_no_case_no_list() -> None:
    one = taught(0.9, 0)
    model = chooser(samples=1).after(one.start, one.context)
    none: Cases = one.cases.take(np.empty(0, np.int64))
    assert model.score(none.histories).shape == (0, len(one.training.features.items))
    assert Ragged.of([]).lengths().sum() == 0
