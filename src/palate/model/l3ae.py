"""L3AE: EASE that is pulled towards what the content says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge, Gt

from palate.arrays import Doubles, Floats, l2_normalised
from palate.capabilities import Described, ReadsOneBlock
from palate.errors import BadRecipe
from palate.model.ease import without_diagonal
from palate.model.gram import DenseOnly, check_memory, gram, inverted
from palate.model.history_weights import ALL_ALIKE, HistoryWeights
from palate.model.item_item import IdItemItem
from palate.model.semantic import Semantic, semantic
from palate.model.similarity import Similarity, Whole
from palate.model.text_kernel import chosen
from palate.tables import Training

ROWS_AT_ONCE = 2_048


@dataclass(frozen=True)
class L3aeSettings:
    """Three ridges, the block and the query."""

    block: str | None = None
    """Which block of features; None: the first of the recipe."""
    l2: float = -50.0
    """Ridge on B; it may be negative as long as l2 + pull > 0, and l2 + pull is what EASE calls
    l2."""
    pull: Annotated[float, Ge(0)] = 150.0
    """How strongly B is pulled towards the content's item-item matrix; 0 is EASE exactly."""
    l2_content: Annotated[float, Gt(0)] = 10.0
    """Ridge of the content's own autoencoder; more for noisier content."""
    query: HistoryWeights = ALL_ALIKE
    """How much each event of a history counts."""
    memory_gib: Annotated[float, Gt(0)] = 8.0
    """Largest memory that the dense matrices may take, in GiB."""


class L3ae(IdItemItem[L3aeSettings], ReadsOneBlock, Described, DenseOnly):
    """B that rebuilds the user-item matrix and stays near C, in which items with like content
    explain each other.

    min ||X - X B||^2 + l2 ||B||^2 + pull ||B - C||^2 with diag(B) = 0, where C is the autoencoder
    of the content (`palate.model.semantic`). With P = (X'X + (l2 + pull) I)^-1 and Q = P C:
    B = pull Q - P diag((1 + pull diag(Q)) / diag(P)). Content enters where behaviour is silent, so
    rare items gain most. Without useful content take `model.ease.v1`; to see what content adds,
    `model.blend.v1` shows it openly.

    Args:
        settings: See `L3aeSettings`.

    Cost: n_items^3 for one inverse and n_items^2 d for the content, 4 n_items^2 bytes.

    Moon et al., LLM-Enhanced Linear Autoencoders for Recommendation, CIKM 2025.
    """

    does: ClassVar[str] = "as EASE, with the content of the items as a second source."
    Settings = L3aeSettings

    def learn(self, training: Training) -> Similarity:
        """B [n_items, n_items]."""
        s, log = self.settings, training.log
        if s.l2 + s.pull <= 0:
            raise BadRecipe(
                f"l2 + pull is {s.l2 + s.pull:g}",
                where="l2",
                allowed="more than 0",
                next_step="raise l2",
            )
        check_memory(log.n_items, self.matrices, s.memory_gib)
        content = None
        if s.pull > 0:
            content = semantic(
                l2_normalised(chosen(training.features, s.block).finite()), s.l2_content
            )
        G = gram(log.matrix())
        # Both penalties are quadratic in B, so the inverse sees their sum; what is left of the pull
        # is linear, and stands on the right-hand side as pull C.
        G[np.diag_indices_from(G)] += np.float32(s.l2 + s.pull)
        return Whole(pulled(inverted(G, "raise l2"), content, s.pull))


def pulled(P: Floats, content: Semantic | None, pull: float) -> Floats:
    """pull Q - P diag((1 + pull diag(Q)) / diag(P)) with Q = P C and diagonal 0, in the memory of
    `P` [n, n].
    """
    if content is None:
        return without_diagonal(P)
    # float64 for these n numbers: each scales a whole column, and is divided by
    own: Doubles = np.diagonal(P).astype(np.float64)
    PL, along = content.times(P)
    # P C = P L R' - P diag(own part of L R'), so both corrections of the diagonal scale the columns
    # of P.
    P *= -((1 + pull * along) / own + pull * content.own).astype(np.float32)
    for start in range(0, len(P), ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        P[rows] += np.float32(pull) * np.asarray(PL[rows] @ content.R.T)
    np.fill_diagonal(P, 0.0)
    return P
