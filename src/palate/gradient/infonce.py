"""InfoNCE inside a batch: a vector must be nearer to its partner than to every negative of the
batch.
"""

from __future__ import annotations

import numpy as np

from palate.arrays import Longs, Mask, Rows, Sparse
from palate.gradient.engine import Tensor, tensor, torch_library


def infonce(vectors: Tensor, left: Longs, right: Longs, negatives: Mask, tau: float) -> Tensor:
    """Mean loss of pairs in both directions.

    Args:
        vectors: float32 [n, d], of length 1.
        left: int64 [m], positions of one partner of each pair in `vectors`.
        right: int64 [m], positions of the other.
        negatives: bool [n, n], symmetric: which rows are negatives of each other.
        tau: Temperature, > 0.

    van den Oord et al., Representation learning with contrastive predictive coding, 2018.
    """
    anchors, partners = np.concatenate([left, right]), np.concatenate([right, left])
    return _loss(vectors[tensor(anchors)] @ vectors.T / tau, anchors, partners, negatives)


def infonce_of_kernel(
    kernel: Tensor, left: Longs, right: Longs, negatives: Mask, tau: float
) -> Tensor:
    """`infonce` where only the similarities are at hand.

    Args:
        kernel: float32 [n, n], symmetric, within -1 to 1.
        left: int64 [m], positions of one partner of each pair in `kernel`.
        right: int64 [m], positions of the other.
        negatives: bool [n, n], symmetric: which rows are negatives of each other.
        tau: Temperature, > 0.
    """
    anchors, partners = np.concatenate([left, right]), np.concatenate([right, left])
    return _loss(kernel[tensor(anchors)] / tau, anchors, partners, negatives)


def _loss(scores: Tensor, anchors: Longs, partners: Longs, negatives: Mask) -> Tensor:
    torch = torch_library()
    counts = negatives[anchors] & negatives[partners]
    counts[np.arange(len(anchors)), partners] = True
    return torch.nn.functional.cross_entropy(
        scores.masked_fill(~tensor(counts), -torch.inf), tensor(partners)
    )


def negatives_of(items: Rows, group: Rows, known: Sparse | None = None) -> Mask:
    """bool [n, n], true where two of the batch's items are neither the same, of the same text, nor
    a known pair.

    Args:
        items: int32 [n], item rows, all different.
        group: int32 [n_items], equal for items of equal text.
        known: CSR bool [n_items, n_items], pairs that belong together; None: none are known.
    """
    own = group[items]
    apart = own[:, None] != own[None, :]
    if known is not None:
        apart &= ~known[items][:, items].toarray()
    return np.asarray(apart, np.bool_)


def text_groups(texts: list[str | None]) -> Rows:
    """int32 [n], equal numbers for texts that are equal but for capitals and spaces; a missing text
    is its own group.

    >>> text_groups(["Red soap", "red  soap", None, None]).tolist()
    [0, 0, 2, 3]
    """
    first: dict[str, int] = {}
    plain = [None if text is None else " ".join(text.casefold().split()) for text in texts]
    return np.fromiter(
        (i if t is None else first.setdefault(t, i) for i, t in enumerate(plain)),
        np.int32,
        len(texts),
    )


def unique_of(left: Rows, right: Rows) -> tuple[Rows, tuple[Longs, Longs]]:
    """The different items of some pairs, int32 [n], and where the two sides of each pair stand
    among them.
    """
    items, positions = np.unique(np.concatenate([left, right]), return_inverse=True)
    positions = positions.ravel().astype(np.int64)
    return items.astype(np.int32), (positions[: len(left)], positions[len(left) :])
