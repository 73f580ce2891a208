"""Promise P3: exact Shapley values equal brute force, and keep the axioms; contributions add up to
the score.
"""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from palate.arrays import Doubles
from palate.errors import Refused
from palate.explain.importance.shapley import GroupShapley, ShapleySettings, coalitions, shapley
from palate.explain.importance.trees import BoosterPredictor, Contributions
from palate.perturbation.questions import SquaredError
from palate.tables.importance_problem import ImportanceProblem


def _game(n: int, seed: int) -> dict[frozenset[int], Doubles]:
    random = np.random.default_rng(seed)
    return {
        members: random.normal(size=3) * 10.0 ** random.integers(-3, 4) for members in coalitions(n)
    }


def _by_orders(n: int, game: dict[frozenset[int], Doubles]) -> Doubles:
    """The definition: what a player adds when they arrive, over all orders of arrival."""
    shares = np.zeros((n, 3))
    orders = list(permutations(range(n)))
    for order in orders:
        for place, player in enumerate(order):
            before = frozenset(order[:place])
            shares[player] += game[before | {player}] - game[before]
    return shares / len(orders)


@settings(max_examples=100)
@given(st.integers(1, 5), st.integers(0, 10_000))
def test_equals_brute_force_over_all_orders(n: int, seed: int) -> None:
    game = _game(n, seed)
    size = max(float(np.abs(w).max()) for w in game.values())
    assert shapley(n, game.__getitem__) == pytest.approx(
        _by_orders(n, game), rel=1e-9, abs=1e-9 * size
    )


@settings(max_examples=40)
@given(st.integers(2, 8), st.integers(0, 10_000))
def test_axioms(n: int, seed: int) -> None:
    game = _game(n, seed)
    # efficiency
    assert shapley(n, game.__getitem__).sum(axis=0) == pytest.approx(
        game[frozenset(range(n))] - game[frozenset()], rel=1e-9, abs=1e-6
    )
    # a dummy gets nothing, and equals get equal shares
    dummy = shapley(n, lambda S: game[S - {0}])
    assert np.abs(dummy[0]).max() < 1e-6
    alike = shapley(n, lambda S: game[frozenset(range(len(S & {0, 1}))) | (S - {0, 1})])
    assert alike[0] == pytest.approx(alike[1], rel=1e-9, abs=1e-6)


def test_a_wrong_weight_is_noticed() -> None:
    """Negative control: the plain mean over coalitions (Banzhaf) is not efficient."""
    game = _game(4, 1)
    banzhaf = [
        np.mean([game[S | {j}] - game[S] for S in coalitions(4) if j not in S], axis=0)
        for j in range(4)
    ]
    assert (
        np.abs(np.sum(banzhaf, axis=0) - (game[frozenset(range(4))] - game[frozenset()])).max()
        > 1e-3
    )


def _problem(n_blocks: int = 3) -> ImportanceProblem:
    random = np.random.default_rng(1)
    blocks = {f"b{j}": random.standard_normal((400, 2)) for j in range(n_blocks)}
    y = sum((j + 1) * X.sum(axis=1) for j, X in enumerate(blocks.values()))
    return ImportanceProblem(
        blocks,
        lambda given: sum((int(name[1:]) + 1) * X.sum(axis=1) for name, X in given.items()),
        SquaredError(np.asarray(y, np.float64), np.repeat(np.arange(100, dtype=np.int32), 4)),
        learner=lambda names: (
            lambda given: sum(
                ((int(name[1:]) + 1) * X.sum(axis=1) for name, X in given.items()), np.zeros(400)
            )
        ),
    )


@pytest.mark.parametrize("by", ["refit", "exchange"])
def test_shares_of_blocks_add_up(by: str) -> None:
    problem = _problem()
    rows = GroupShapley(ShapleySettings(by)).estimate(problem, 1)  # type: ignore[arg-type]
    assert [row.block for row in rows] == ["b0", "b1", "b2"]
    assert rows[0].value < rows[1].value < rows[2].value
    if by == "refit":
        whole = problem.gains(problem.blocks).mean() - problem.question.gains(np.zeros(400)).mean()
        assert sum(row.value for row in rows) == pytest.approx(whole)
        assert rows[2].value == pytest.approx(18, rel=0.15)


def test_refusals() -> None:
    with pytest.raises(Refused, match="coalitions"):
        GroupShapley(ShapleySettings(most_blocks=2)).estimate(_problem(), 1)
    plain = _problem()
    with pytest.raises(Refused, match="way to do so"):
        GroupShapley().estimate(ImportanceProblem(plain.blocks, plain.predict, plain.question), 1)
    with pytest.raises(Refused, match="no sum"):
        Contributions().estimate(plain, 1)


def test_contributions_add_up_to_the_raw_score() -> None:
    lightgbm = pytest.importorskip("lightgbm")
    random = np.random.default_rng(2)
    blocks = {"a": random.standard_normal((500, 3)), "b": random.standard_normal((500, 1))}
    y = (blocks["a"][:, 0] * blocks["b"][:, 0] > 0).astype(np.float64)
    X = np.concatenate(list(blocks.values()), axis=1)
    booster = lightgbm.train(
        {"objective": "binary", "verbosity": -1, "num_threads": 1}, lightgbm.Dataset(X, y), 20
    )
    predictor = BoosterPredictor(booster, ("a", "b"))
    raw = booster.predict(X, raw_score=True)
    total = sum(predictor.contributions(blocks).values()) + predictor.bias(blocks)
    assert np.abs(total - raw).max() <= 1e-6
    assert predictor.gain(blocks).keys() == blocks.keys()
    assert sum(predictor.gain(blocks).values()) == pytest.approx(1)
    problem = ImportanceProblem(blocks, predictor, SquaredError(y, np.arange(500, dtype=np.int32)))
    rows = Contributions().estimate(problem, 0)
    assert [row.block for row in rows] == ["a", "b"]
    assert all(row.value > 0 and np.isnan(row.p) for row in rows)
