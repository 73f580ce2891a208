"""Softmax losses."""

from __future__ import annotations

import numpy as np
import pytest

from palate.gradient.engine import tensor, torch_library
from palate.model.neural import losses
from palate.model.neural.losses import sampled_softmax_loss, softmax_loss

RANDOM = np.random.default_rng(0)
HIDDEN = RANDOM.standard_normal((6, 4)).astype(np.float32)
VECTORS = RANDOM.standard_normal((30, 4)).astype(np.float32)
TARGETS = np.array([1, 5, 1, 29, 0, 7])


def by_hand(logits: np.ndarray, target: int) -> float:
    return float(np.log(np.exp(logits).sum()) - logits[target])


def test_softmax_over_all_items() -> None:
    expected = np.mean([by_hand(VECTORS @ h, t) for h, t in zip(HIDDEN, TARGETS, strict=True)])
    assert float(softmax_loss(tensor(HIDDEN), tensor(VECTORS), tensor(TARGETS))) == pytest.approx(
        expected, rel=1e-5
    )


@pytest.mark.parametrize("at_once", [2, 6, 100])
def test_gradients_are_those_of_torchs_own_loss(
    at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(losses, "ROWS_AT_ONCE", at_once)
    torch = torch_library()
    ours, theirs = (
        [tensor(HIDDEN).requires_grad_(), tensor(VECTORS).requires_grad_()] for _ in range(2)
    )
    (3 * softmax_loss(*ours, tensor(TARGETS))).backward()
    (3 * torch.nn.functional.cross_entropy(theirs[0] @ theirs[1].T, tensor(TARGETS))).backward()
    for mine, wanted in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine.grad.numpy(), wanted.grad.numpy(), atol=1e-6)


def sampled(negatives: np.ndarray, lift: float = 0.0) -> float:
    parts = (tensor(HIDDEN), tensor(VECTORS[TARGETS]), tensor(VECTORS[negatives]))
    return float(sampled_softmax_loss(*parts, TARGETS, negatives, lift))


def test_all_items_as_negatives_is_the_full_softmax() -> None:
    full = float(softmax_loss(tensor(HIDDEN), tensor(VECTORS), tensor(TARGETS)))
    # The target stands among the negatives and must not count twice.
    assert sampled(np.arange(30)) == pytest.approx(full, rel=1e-5)


def test_the_lift_makes_it_an_estimate_of_the_full_loss() -> None:
    full = float(softmax_loss(tensor(HIDDEN), tensor(VECTORS), tensor(TARGETS)))
    draws = [np.random.default_rng(i).choice(30, 10, replace=False) for i in range(300)]
    lifted = np.mean([sampled(d, np.log(29 / 10)) for d in draws])
    plain = np.mean([sampled(d) for d in draws])
    # Of a logarithm no sample is an unbiased estimate, but the lift takes away most of the error.
    assert abs(lifted - full) < 0.4 * abs(plain - full)
    assert plain < full - 0.5


def test_a_negative_that_is_the_target_has_no_gradient_from_it() -> None:
    torch = torch_library()
    hidden = tensor(HIDDEN[:1])
    wrong = tensor(VECTORS[[3]]).requires_grad_()
    sampled_softmax_loss(
        hidden, tensor(VECTORS[[3]]), wrong, np.array([3]), np.array([3])
    ).backward()
    assert torch.count_nonzero(wrong.grad) == 0
