"""Where a neural model's item vectors come from: free numbers, or content through a head plus a
bounded delta.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from palate.arrays import Floats, Mask, dense, l2_normalised
from palate.gradient.engine import Parameters, Tensor, constant, normal, tensor, torch_library
from palate.model.neural.layers import linear, new_linear
from palate.tables import Block


class FreeItems:
    """A vector of its own for every item, learnt from behaviour alone.

    Args:
        n_items: Items of the vocabulary.
        width: Numbers of a vector.
        torch_rng: Torch generator of the first values.
    """

    def __init__(self, n_items: int, width: int, rng: Any) -> None:
        self.n_items = n_items
        self.parameters: Parameters = {
            "items": normal((n_items, width), float(np.sqrt(2 / (n_items + width))), rng)
        }

    def vectors(self, rows: Tensor) -> Tensor:
        """float32 [m, width] of the item `rows` int64 [m]."""
        return torch_library().nn.functional.embedding(rows, self.parameters["items"])


class ContentItems:
    """head(content) + delta, the length of each item's delta being at most `radius`.

    The content stays frozen; the head (one hidden layer) is shared by all items, so an item without
    behaviour gets a vector from its content alone. Only items that the model is trained on have a
    delta: the others' stay 0.

    Args:
        block: Content, [n_items, d]; its rows are scaled to length 1.
        trained: bool [n_items], true where the item has a delta.
        width: Numbers of a vector.
        radius: Longest delta; 0 for none.
        rng: Torch generator of the first values.

    Let it go? Not quite: content embeddings with a bounded trainable delta for cold items, RecSys
    2025 (arXiv 2507.19473); the head of one hidden layer after Zhang et al., WhitenRec, ICDE 2024.
    """

    def __init__(self, block: Block, trained: Mask, width: int, radius: float, rng: Any) -> None:
        self.n_items = len(block.present)
        self.content = tensor(_unit_rows(block))
        self.trained = tensor(trained.astype(np.float32))[:, None]
        self.radius = radius
        self.parameters: Parameters = new_linear("head.in", block.width, 2 * width, rng)
        self.parameters |= new_linear("head.out", 2 * width, width, rng)
        if radius > 0:
            self.parameters["delta"] = constant((self.n_items, width), 0.0)

    def vectors(self, rows: Tensor) -> Tensor:
        """float32 [m, width] of the item `rows` int64 [m]."""
        torch = torch_library()
        embedding = torch.nn.functional.embedding
        given = content_vectors(self.parameters, embedding(rows, self.content))
        if self.radius == 0:
            return given
        delta = embedding(rows, self.parameters["delta"])
        # The square root has no gradient at 0, where every delta starts: hence the small number.
        length = torch.sqrt((delta * delta).sum(1, keepdim=True) + 1e-12)
        return given + embedding(rows, self.trained) * delta * (self.radius / length).clamp(max=1.0)


def content_vectors(parameters: Parameters, content: Tensor) -> Tensor:
    """float32 [m, width], what the head makes of content [m, d]: the vectors of items without
    behaviour.
    """
    hidden = torch_library().nn.functional.gelu(linear(parameters, "head.in", content))
    return linear(parameters, "head.out", hidden)


def _unit_rows(block: Block) -> Floats:
    return dense(l2_normalised(block.matrix))
