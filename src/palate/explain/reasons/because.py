"""Because you ...: which past items made the score, with shares that add up to it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from palate.arrays import Doubles, Longs, Mask, Rows, dense, l2_normalised
from palate.errors import BadInput
from palate.stages import AdditiveScorer
from palate.tables import Block, Histories


@dataclass(frozen=True, eq=False)
class Because:
    """Why one item was shown to one person.

    Attributes:
        item: Row of the item.
        past: int32 [n_past], rows of the distinct items of the history, the strongest reason first.
        contributions: float64 [n_past], what each adds to the score.
        rest: The part of the score that no past item makes (popularity, a constant).
        score: The score.
    """

    item: int
    past: Rows
    contributions: Doubles
    rest: float
    score: float

    def shares(self) -> Doubles:
        """float64 [n_past], share of each past item in all that speaks for the item; 0 for what
        speaks against it.
        """
        positive = np.maximum(self.contributions, 0.0)
        total = float(positive.sum())
        return positive / total if total > 0 else positive

    def main(self, most: int = 3, least: float = 0.15) -> Rows:
        """The past items to name: at most so many, each with at least that share."""
        return self.past[:most][self.shares()[:most] >= least]


def because(scorer: AdditiveScorer, history: Histories, item: int, score: float) -> Because:
    """Take a score apart by the items of the history.

    Args:
        scorer: A model whose score is a sum over the history.
        history: One case.
        item: Row of the item to explain.
        score: The model's score for it; the part that is not from the history is the `rest`.

    Raises:
        BadInput: Not exactly one case.

    Cost: linear in the history; for item-item models some tens of microseconds.
    """
    if len(history) != 1:
        raise BadInput(f"{len(history)} histories", where="because", allowed="one case")
    values = scorer.contributions(history, np.array([item], np.int32))
    past, place = np.unique(history.items.values, return_inverse=True)
    sums: Doubles = np.bincount(place, weights=values, minlength=len(past)).astype(np.float64)
    order = np.argsort(-sums, kind="stable")
    return Because(
        item, past[order].astype(np.int32), sums[order], score - float(values.sum()), score
    )


def nearest_in_content(
    block: Block, past: Rows, item: int, most: int = 3
) -> tuple[tuple[int, float], ...]:
    """The past items whose content is nearest to the item's, with their cosines; nothing where
    content is missing.
    """
    known: Mask = block.present[past]
    if not block.present[item] or not known.any():
        return ()
    rows = np.asarray(past[known], np.int64)
    near = l2_normalised(dense(block.matrix[rows]))
    own = l2_normalised(dense(block.matrix[np.array([item])]))
    cosine = (dense(near) @ dense(own)[0]).astype(np.float64)
    order: Longs = np.argsort(-cosine, kind="stable")[:most]
    return tuple((int(rows[j]), float(cosine[j])) for j in order)
