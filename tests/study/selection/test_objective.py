"""The objective of a selection: what it fits, on whom, and what it remembers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from palate.arrays import Ragged, dense
from palate.model.popularity import Popularity
from palate.model.text_kernel import TextKernel
from palate.perturbation.questions import CasesQuestion, ranking_metric
from palate.recipe.graph import ModelGraph
from palate.registry import PartSpec, spec
from palate.stages import FitContext
from palate.study.selection import objective
from palate.study.selection.objective import SelectionObjective, bytes_per_item
from palate.study.selection.storage import STORED, Packed, Permuted
from palate.tables import Cases, Histories
from palate.testing.scorer import made_training

INT8 = Packed("storage.int8.v1")
WORDS, VECTORS = "text.words", "text.vectors"


@pytest.fixture
def models() -> Mapping[str, PartSpec]:
    tables: dict[str, dict[str, Any]] = {
        "ids": {"part": "model.popularity.v1"},
        "by words": {"part": "model.text_kernel.v1", "block": WORDS},
        "by vectors": {"part": "model.text_kernel.v1", "block": VECTORS},
        "all": {"part": "model.blend.v1", "members": ["ids", "by words", "by vectors"]},
        "aside": {"part": "model.text_kernel.v1", "block": WORDS},
    }
    return {name: spec(table, "scorer") for name, table in tables.items()}


@pytest.fixture
def judge(models: Mapping[str, PartSpec]) -> SelectionObjective:
    training = made_training()
    ids = Popularity().fit(training)
    folds = objective.split_by_user(training.validation, 1, 3)
    return SelectionObjective(
        "all",
        ModelGraph(models),
        training,
        FitContext(seed=1),
        {"ids": ids},
        ids,
        folds,
        lambda cases: CasesQuestion("ndcg@10", cases, ranking_metric("ndcg@10")),
    )


EVERYTHING = {WORDS: STORED, VECTORS: STORED}


def test_blocks_are_those_that_the_model_reads_in_the_recipes_order(
    judge: SelectionObjective, models: Mapping[str, PartSpec]
) -> None:
    assert judge.blocks == tuple(b for b in judge.training.features.blocks)
    assert replace(judge, name="by vectors").blocks == (VECTORS,)
    assert replace(judge, name="ids").blocks == ()


def test_one_gain_for_each_case_and_its_user(judge: SelectionObjective) -> None:
    gains = judge.gains(EVERYTHING)
    assert gains.shape == judge.users.shape == (len(judge.training.validation),)
    assert ((gains >= 0) & (gains <= 1)).all()
    assert judge.value(EVERYTHING).value == pytest.approx(gains.mean())
    nothing = judge.gains({})
    assert judge.loss(EVERYTHING, {}).value == pytest.approx((gains - nothing).mean())


def test_without_blocks_the_plain_model_is_measured(judge: SelectionObjective) -> None:
    parts = [
        judge.measure(cases).gains(judge.plain.score(cases.histories)) for _, cases in judge.folds
    ]
    np.testing.assert_allclose(judge.gains({}), np.concatenate(parts))


def test_a_choice_is_fitted_once_whatever_its_order(judge: SelectionObjective) -> None:
    fits: list[None] = []
    counted = replace(judge, after_fit=lambda: fits.append(None))
    counted.gains({WORDS: STORED, VECTORS: STORED})
    assert len(fits) == 3  # one a fold
    counted.gains({VECTORS: STORED, WORDS: STORED})
    counted.value(EVERYTHING)
    assert len(fits) == 3
    counted.gains({WORDS: STORED})
    assert len(fits) == 6


def test_members_that_a_choice_leaves_alone_are_fitted_once(
    judge: SelectionObjective, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocks: list[str] = []
    original = TextKernel.fit

    def fit(self: Any, *arguments: Any) -> Any:
        blocks.append(self.settings.block)
        return original(self, *arguments)

    monkeypatch.setattr(TextKernel, "fit", fit)
    judge.gains(EVERYTHING)
    judge.gains({WORDS: STORED})
    assert sorted(blocks) == [VECTORS, WORDS]  # over all folds and both choices
    judge.gains({WORDS: STORED, VECTORS: INT8})
    assert sorted(blocks) == [VECTORS, VECTORS, WORDS]


def test_weights_are_not_chosen_on_the_users_that_are_measured(judge: SelectionObjective) -> None:
    for weights, cases in judge.folds:
        assert not set(weights.histories.users.tolist()) & set(cases.histories.users.tolist())
        assert len(weights) + len(cases) == len(judge.training.validation)


def test_packed_and_permuted_blocks_enter_as_they_would_be(judge: SelectionObjective) -> None:
    before = judge.training.features.block(VECTORS)
    packed, wrong = judge.block(VECTORS, INT8), judge.block(VECTORS, Permuted(0))
    assert judge.block(VECTORS, STORED) is before
    assert judge.block(VECTORS, INT8) is packed  # made once
    changed = np.abs(dense(packed.matrix) - dense(before.matrix)).max()
    assert 0 < changed < np.abs(dense(before.matrix)).max() / 20
    assert wrong.name == VECTORS
    rows = {row.tobytes() for row in dense(before.matrix)}
    assert {row.tobytes() for row in dense(wrong.matrix)} == rows
    assert not np.array_equal(dense(wrong.matrix), dense(before.matrix))
    other = judge.block(VECTORS, Permuted(1))
    assert not np.array_equal(dense(wrong.matrix), dense(other.matrix))


def test_blocks_of_other_models_stay(judge: SelectionObjective) -> None:
    one = replace(judge, name="by vectors")
    assert set(one.features({}).blocks) == {WORDS}
    assert set(judge.features({VECTORS: STORED}).blocks) == {VECTORS}


def test_bytes_and_milliseconds_of_a_choice(judge: SelectionObjective) -> None:
    vectors = judge.training.features.block(VECTORS)
    whole, packed = bytes_per_item(vectors), bytes_per_item(vectors, INT8)
    assert whole == 4 * vectors.width
    assert vectors.width <= packed < whole
    assert judge.bytes_per_item({VECTORS: INT8, WORDS: STORED}) == packed + bytes_per_item(
        judge.training.features.block(WORDS)
    )
    assert judge.bytes_per_item({}) == 0
    assert judge.milliseconds_per_item(EVERYTHING) == 0  # nothing was timed here


def cases(users: list[int]) -> Cases:
    n = len(users)
    histories = Histories(
        np.array(users, np.int32), Ragged.of([[i] for i in range(n)]), np.ones(n, np.float32)
    )
    return Cases(histories, histories.items, Ragged.of([[0]] * n))


def test_folds_keep_users_whole_and_measure_every_case_once() -> None:
    users = [0, 0, 1, 2, 2, 2, 3, 4, 5, -1, -1]
    found = objective.split_by_user(cases(users), 3, 3)
    measured = np.concatenate([c.histories.items.values for _, c in found])
    assert sorted(measured.tolist()) == list(range(len(users)))
    for weights, held in found:
        known = {u for u in held.histories.users.tolist() if u >= 0}
        assert not known & set(weights.histories.users.tolist())
        assert sorted([*weights.histories.items.values, *held.histories.items.values]) == list(
            range(len(users))
        )
    sizes = [len({*c.histories.users.tolist()}) for _, c in found]
    assert max(sizes) - min(sizes) <= 1


def test_folds_come_from_the_seed() -> None:
    one, same, other = (
        [
            c.histories.items.values.tolist()
            for _, c in objective.split_by_user(cases([*range(20)]), s)
        ]
        for s in (1, 1, 2)
    )
    assert one == same != other
