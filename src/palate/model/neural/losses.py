"""Losses over items: softmax against all items, or against a sample that a whole batch shares."""

from __future__ import annotations

from palate.arrays import Longs
from palate.gradient.engine import Tensor, tensor, torch_library


def softmax_loss(hidden: Tensor, vectors: Tensor, targets: Tensor) -> Tensor:
    """Mean cross-entropy of the `targets` int64 [m] among all `vectors` [n, d], for `hidden` [m, d]."""
    return torch_library().nn.functional.cross_entropy(hidden @ vectors.T, targets)


def sampled_softmax_loss(
    hidden: Tensor, right: Tensor, wrong: Tensor, targets: Longs, negatives: Longs, lift: float = 0.0
) -> Tensor:
    """Mean cross-entropy of each target against negatives shared by the batch.

    One matrix product serves all positions, so hundreds of negatives cost less than one of its own for each.

    Args:
        hidden: float32 [m, d], what the model expects at each position.
        right: float32 [m, d], vectors of the targets.
        wrong: float32 [k, d], vectors of the negatives.
        targets: int64 [m], item rows; a negative that is the target of a position does not count there.
        negatives: int64 [k], item rows.
        lift: Added to the scores of the negatives: log((n_items - 1) / k) makes the loss an estimate of the one over
            all items, 0 is the usual sampled softmax.
    """
    torch = torch_library()
    others = hidden @ wrong.T + lift
    same = tensor(targets)[:, None] == tensor(negatives)[None, :]
    others = others.masked_fill(same, -torch.inf)
    own = (hidden * right).sum(1, keepdim=True)
    return (torch.logsumexp(torch.cat([own, others], 1), 1) - own[:, 0]).mean()
