"""Losses over items: softmax against all items, or against a sample that a whole batch shares."""

from __future__ import annotations

from palate.arrays import Longs
from palate.gradient.engine import Tensor, tensor, torch_library

ROWS_AT_ONCE = 1_024
"""Positions whose scores of all items exist at the same time: few enough to stay in a processor's
cache."""
SMALLEST = 1e-38
"""A torch_rng below it has no logarithm in float32."""


def softmax_loss(hidden: Tensor, vectors: Tensor, targets: Tensor) -> Tensor:
    """Mean cross-entropy of the `targets` int64 [m] among all `vectors` [n, d], for `hidden` [m,
    d].

    The scores [m, n] never exist as a whole: gradients are computed beside the loss, a few
    positions at a time, which takes two thirds of the time of keeping everything for the way back,
    and a fraction of the memory.
    """
    value, by_hidden, by_vectors = _with_gradients(hidden.detach(), vectors.detach(), targets)
    # meaningless, but its gradients are those of the loss
    linear = (hidden * by_hidden).sum() + (vectors * by_vectors).sum()
    return value + (linear - linear.detach())


def _with_gradients(
    hidden: Tensor, vectors: Tensor, targets: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """The loss, and its gradients by `hidden` [m, d] and `vectors` [n, d]."""
    torch = torch_library()
    total, by_hidden, by_vectors = (
        hidden.new_zeros(()),
        torch.empty_like(hidden),
        torch.zeros_like(vectors),
    )
    for start in range(0, len(hidden), ROWS_AT_ONCE):
        part, wanted = (
            hidden[start : start + ROWS_AT_ONCE],
            targets[start : start + ROWS_AT_ONCE, None],
        )
        probabilities = torch.softmax(part @ vectors.T, 1)
        total -= probabilities.gather(1, wanted).clamp_min(SMALLEST).log().sum()
        probabilities.scatter_add_(1, wanted, probabilities.new_full(wanted.shape, -1.0))
        by_hidden[start : start + ROWS_AT_ONCE] = probabilities @ vectors
        by_vectors.addmm_(probabilities.T, part)
    n = max(len(hidden), 1)
    return total / n, by_hidden / n, by_vectors / n


def sampled_softmax_loss(
    hidden: Tensor,
    right: Tensor,
    wrong: Tensor,
    targets: Longs,
    negatives: Longs,
    lift: float = 0.0,
) -> Tensor:
    """Mean cross-entropy of each target against negatives shared by the batch.

    One matrix product serves all positions, so hundreds of negatives cost less than one of its own
    for each.

    Args:
        hidden: float32 [m, d], what the model expects at each position.
        right: float32 [m, d], vectors of the targets.
        wrong: float32 [k, d], vectors of the negatives.
        targets: int64 [m], item rows; a negative that is the target of a position does not count
            there.
        negatives: int64 [k], item rows.
        lift: Added to the scores of the negatives: log((n_items - 1) / k) makes the loss an
            estimate of the one over all items, 0 is the usual sampled softmax.
    """
    torch = torch_library()
    others = hidden @ wrong.T + lift
    same = tensor(targets)[:, None] == tensor(negatives)[None, :]
    others = others.masked_fill(same, -torch.inf)
    own = (hidden * right).sum(1, keepdim=True)
    return (torch.logsumexp(torch.cat([own, others], 1), 1) - own[:, 0]).mean()
