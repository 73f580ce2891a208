import numpy as np
import pytest

from palate.arrays import dense, l2_normalised
from palate.errors import BadRecipe, Refused
from palate.model.ease import Ease, EaseSettings
from palate.model.l3ae import L3ae, L3aeSettings
from palate.model.similarity import Whole
from palate.testing.scorer import made_training

TRAINING = made_training()


def learnt(settings: L3aeSettings) -> np.ndarray:
    B = L3ae(settings).fit(TRAINING).similarity_
    assert isinstance(B, Whole)
    return B.B


@pytest.mark.parametrize("l2", [30.0, 250.0])
def test_without_pull_it_is_ease_exactly(l2: float) -> None:
    ease = Ease(EaseSettings(l2=l2)).fit(TRAINING).similarity_
    assert isinstance(ease, Whole)
    assert learnt(L3aeSettings(l2=l2, pull=0.0)).tobytes() == ease.B.tobytes()


def loss(B: np.ndarray, C: np.ndarray, l2: float, pull: float) -> float:
    X = TRAINING.log.matrix().toarray().astype(np.float64)
    return float(((X - X @ B) ** 2).sum() + l2 * (B**2).sum() + pull * ((B - C) ** 2).sum())


def content(block: str, l2: float) -> np.ndarray:
    E = dense(l2_normalised(TRAINING.features.blocks[block].matrix)).astype(np.float64)
    P = np.linalg.inv(E @ E.T + l2 * np.eye(len(E)))
    C = -P / np.diagonal(P)
    np.fill_diagonal(C, 0)
    return C


@pytest.mark.parametrize("block", ["text.words", "text.vectors"])
@pytest.mark.parametrize("l2", [-5.0, 40.0])
def test_it_minimises_its_loss(block: str, l2: float) -> None:
    pull, l2_content = 25.0, 3.0
    B = learnt(L3aeSettings(block=block, l2=l2, pull=pull, l2_content=l2_content)).astype(
        np.float64
    )
    C = content(block, l2_content)
    assert not np.diagonal(B).any()
    X = TRAINING.log.matrix().toarray().astype(np.float64)
    # The gradient vanishes off the diagonal: that, for a convex loss, is the minimum.
    gradient = X.T @ (X @ B - X) + l2 * B + pull * (B - C)
    np.fill_diagonal(gradient, 0)
    assert np.abs(gradient).max() < 1e-3
    moved = B + 0.01 * (1 - np.eye(len(B)))
    assert loss(B, C, l2, pull) < loss(moved, C, l2, pull)


def test_items_without_events_get_their_place_from_content() -> None:
    cold = np.flatnonzero(TRAINING.log.item_counts() == 0)
    item = int(cold[0])
    assert TRAINING.features.blocks["text.vectors"].present[item - 1]
    pulled = learnt(L3aeSettings(block="text.vectors"))
    plain = learnt(L3aeSettings(l2=100.0, pull=0.0))
    assert not plain[:, item].any()
    assert np.isfinite(pulled).all()


def test_ridges_that_sum_to_nothing_are_refused() -> None:
    with pytest.raises(BadRecipe, match="more than 0"):
        L3ae(L3aeSettings(l2=-10.0, pull=10.0)).fit(TRAINING)


def test_too_many_items_are_refused() -> None:
    with pytest.raises(Refused, match="80 items"):
        L3ae(L3aeSettings(memory_gib=1e-6)).fit(TRAINING)
