"""What a list is put together from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from palate.arrays import Doubles, Floats, Rows
from palate.errors import BadInput


@dataclass(frozen=True, eq=False)
class SlateCandidates:
    """Candidates of one request, with what is known of them.

    Attributes:
        scores: float32 [n], of a model, finite, higher is better; in any order.
        content: float32 [n, d], rows of length 1, whose products are similarities; zeros for a
            candidate without content, which resembles nothing. None: `similarity` says it, or
            nothing is known.
        similarity: float32 [n, n], symmetric, 1 on the diagonal; in place of `content`.
        before: float32 [n], the greatest similarity of each to an item that was shown before; None:
            nothing was.
        shares: float32 [n, g], how much of each candidate belongs to each value of a field; rows
            that add up to 1, or to 0 where it has no value. None: no field is known.
        values: Names of the g values.
        taste: float64 [g], share of each value in the history; adds up to 1, or to 0 for an empty
            history. None: it is not known.
        pins: int32 [n], the position from 0 on that a candidate must have; -1: any or none. None:
            nothing is pinned.
    """

    scores: Floats
    content: Floats | None = None
    similarity: Floats | None = None
    before: Floats | None = None
    shares: Floats | None = None
    values: tuple[str, ...] = ()
    taste: Doubles | None = None
    pins: Rows | None = None

    def __post_init__(self) -> None:
        n = len(self.scores)
        if self.scores.ndim != 1 or not np.isfinite(self.scores).all():
            raise BadInput(
                f"scores of shape {self.scores.shape}",
                where="slate.scores",
                allowed="[n], finite numbers",
            )
        lengths = {
            "content": (self.content, n),
            "similarity": (self.similarity, n),
            "before": (self.before, n),
            "shares": (self.shares, n),
            "pins": (self.pins, n),
            "taste": (self.taste, len(self.values)),
        }
        for name, (array, length) in lengths.items():
            if array is not None and len(array) != length:
                raise BadInput(
                    f"{len(array)} entries", where=f"slate.{name}", allowed=f"{length} entries"
                )
        if self.shares is not None and self.shares.shape[1] != len(self.values):
            raise BadInput(
                f"{self.shares.shape[1]} columns",
                where="slate.shares",
                allowed=f"one for each of the {len(self.values)} values",
            )

    def __len__(self) -> int:
        return len(self.scores)

    def similar_to(self, candidate: int) -> Floats:
        """float32 [n], similarity of each to one of them, 1 to itself; may be below 0.

        Cost: n d; the n x n similarities are never made.

        Raises:
            BadInput: Neither content nor similarity is known.
        """
        if self.similarity is not None:
            return self.similarity[:, candidate]
        if self.content is None:
            raise BadInput(
                "no content says which candidates resemble each other",
                where="slate",
                allowed="`content` or `similarity`",
                next_step="name a block, or take slate.greedy.v1",
            )
        found: Floats = self.content @ self.content[candidate]
        found[candidate] = 1
        return found

    def field_shares(self) -> Floats:
        """float32 [n, g], `shares`.

        Raises:
            BadInput: No field is known.
        """
        if self.shares is None:
            raise BadInput(
                "no field says which candidates belong together",
                where="slate",
                allowed="`shares` of a field's values",
                next_step="name a field of the catalogue, such as a genre",
            )
        return self.shares
