"""Which items each strategy picks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from palate.study.labelling.strategies import (
    STRATEGIES,
    LabelCandidates,
    entropy,
    margin_doubt,
    pick_by_entropy,
    pick_by_margin,
    pick_diverse,
    pick_typical,
)


def rng() -> np.random.Generator:
    return np.random.default_rng(3)


P = np.array([[0.9, 0.05, 0.05], [0.5, 0.49, 0.01], [0.34, 0.33, 0.33], [1.0, 0.0, 0.0]])
FEW = LabelCandidates("label", np.eye(4), P, np.zeros((0, 4)))


def test_margin_and_entropy_by_hand() -> None:
    np.testing.assert_allclose(margin_doubt("label", P), [0.15, 0.99, 0.99, 0.0])
    np.testing.assert_allclose(margin_doubt("labels", P[:1]), [(0.2 + 0.1 + 0.1) / 3])
    assert pick_by_margin(FEW, 2, rng()).tolist() in ([1, 2], [2, 1])
    assert pick_by_entropy(FEW, 1, rng()).tolist() == [2]
    half = np.full((1, 2), 0.5)
    assert entropy("label", half)[0] == pytest.approx(np.log(2))
    assert entropy("labels", half)[0] == pytest.approx(2 * np.log(2))


@pytest.mark.parametrize("name", list(STRATEGIES))
@pytest.mark.parametrize("learnt", [True, False])
@given(n=st.integers(1, 30), many=st.integers(0, 40), seed=st.integers(0, 99))
def test_all_of_them_pick_different_rows_and_no_more_than_there_are(
    name, learnt, n: int, many: int, seed: int
) -> None:
    world = np.random.default_rng(seed)
    X = world.normal(size=(many, 5))
    p = world.dirichlet(np.ones(3), many) if learnt else None
    found = STRATEGIES[name](LabelCandidates("label", X, p, X[:3]), n, rng())
    assert len(found) == len(set(found.tolist()))
    assert len(found) <= min(n, many)
    assert len(found) or not many
    assert all(0 <= row < many for row in found)
    again = STRATEGIES[name](LabelCandidates("label", X, p, X[:3]), n, rng())
    assert found.tolist() == again.tolist()


def groups(sizes: tuple[int, ...]) -> np.ndarray:
    world = np.random.default_rng(0)
    return np.concatenate(
        [world.normal(size=(n, 4)) * 0.05 + 5 * np.eye(4)[g] for g, n in enumerate(sizes)]
    )


def test_typical_ones_are_of_groups_that_have_no_label_yet() -> None:
    X = groups((60, 40, 20))
    labelled = X[:1]
    picked = pick_typical(LabelCandidates("label", X, None, labelled), 2, rng())
    assert set(np.searchsorted([60, 100], picked, side="right")) == {1, 2}


def test_diverse_ones_are_not_all_of_the_doubtful_group() -> None:
    X = groups((50, 50, 50))
    p = np.full((150, 2), 0.5) + np.outer(np.repeat([0.0, 0.01, 0.02], 50), [1, -1])
    candidates = LabelCandidates("label", X, p, X[:0])
    by_margin = np.searchsorted([50, 100], pick_by_margin(candidates, 6, rng()), side="right")
    diverse = np.searchsorted([50, 100], pick_diverse(candidates, 6, rng()), side="right")
    assert set(by_margin) == {0}
    assert len(set(diverse)) > 1
