"""What every method of importance must keep."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from palate import config
from palate.arrays import Doubles
from palate.perturbation.questions import SquaredError
from palate.tables.importance_problem import Blocks, ImportanceProblem, Predictor


@dataclasses.dataclass(frozen=True)
class LinearPredictor:
    """A known sum over blocks: the truth is written in its weights."""

    weights: Mapping[str, float]

    def __call__(self, blocks: Blocks, /) -> Doubles:
        """float64 [n_units]."""
        parts = self.contributions(blocks).values()
        return np.asarray(sum(parts, np.zeros(1)), np.float64)

    def contributions(self, blocks: Blocks) -> dict[str, Doubles]:
        """Weight times the sum of the block's columns."""
        return {name: self.weights[name] * X.sum(axis=1) for name, X in blocks.items()}


def known_problem(n_users: int = 100, seed: int = 3) -> ImportanceProblem:
    """Three independent blocks, of which the first moves the label most and the last not at all."""
    rng = np.random.default_rng(seed)
    n = 5 * n_users
    blocks = {
        name: rng.standard_normal((n, width))
        for name, width in (("much", 2), ("little", 1), ("nothing", 3))
    }
    weights = {"much": 1.0, "little": 0.5, "nothing": 0.0}
    y = LinearPredictor(weights)(blocks) + 0.1 * rng.standard_normal(n)

    def learner(names: tuple[str, ...], /) -> Predictor:
        return LinearPredictor({name: weights[name] for name in names})

    squared_error = SquaredError(y, np.repeat(np.arange(n_users, dtype=np.int32), 5))
    return ImportanceProblem(blocks, LinearPredictor(weights), squared_error, learner=learner)


class ExplainerContract:
    """Suite for methods of importance; a subclass gives a fixture `part`."""

    @pytest.fixture
    def part(self) -> Any:
        """What is tried."""
        raise NotImplementedError("give the part: override the fixture `part`")

    @pytest.fixture
    def problem(self) -> ImportanceProblem:
        """A model whose truth is known."""
        return known_problem()

    def test_settings_are_a_frozen_dataclass_that_a_recipe_can_hold(self, part: Any) -> None:
        """Settings come back from what a recipe would hold."""
        settings = type(part).Settings()
        assert dataclasses.is_dataclass(settings)
        assert config.parse(type(settings), config.resolved(settings)) == settings

    def test_one_row_a_block_in_order_with_its_question(
        self, part: Any, problem: ImportanceProblem
    ) -> None:
        """Every block is answered for, and the interval holds its value."""
        rows = part.estimate(problem, 1)
        assert [row.block for row in rows] == list(problem.blocks)
        for row in rows:
            assert row.low <= row.value <= row.high
            assert row.question.rstrip(")").endswith(("?", "importance"))
            assert row.method
            assert row.metric
            assert row.seconds >= 0

    def test_ranks_the_blocks_by_what_is_true(self, part: Any, problem: ImportanceProblem) -> None:
        """Much before little before nothing, which is worth exactly nothing."""
        much, little, nothing = part.estimate(problem, 1)
        assert much.value > little.value > nothing.value
        assert abs(nothing.value) < 1e-9

    def test_same_seed_same_numbers_whatever_the_order(
        self, part: Any, problem: ImportanceProblem
    ) -> None:
        """The place of a block tells nothing."""
        first = {row.block: row.value for row in part.estimate(problem, 1)}
        turned = dataclasses.replace(problem, blocks=dict(list(problem.blocks.items())[::-1]))
        again = {row.block: row.value for row in part.estimate(turned, 1)}
        assert first == pytest.approx(again, abs=1e-9)

    def test_does_not_touch_its_input(self, part: Any, problem: ImportanceProblem) -> None:
        """The blocks stay as they were."""
        before = {name: X.copy() for name, X in problem.blocks.items()}
        part.estimate(problem, 1)
        assert all(np.array_equal(before[name], X) for name, X in problem.blocks.items())
