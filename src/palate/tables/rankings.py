"""What a scorer's answers look like: the first k items of each case, and where the targets came."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from palate.arrays import Doubles, Floats, Longs, Mask, Rows
from palate.tables.columns import ITEM, RANK, SCORE, USER
from palate.tables.vocabulary import Vocabulary


@dataclass(frozen=True, eq=False)
class Rankings:
    """The first k items of each case, best first.

    Attributes:
        users: int32 [n_cases], the user's row or -1.
        items: int32 [n_cases, k], rows of items; -1 where fewer than k could be recommended.
        scores: float32 [n_cases, k]; -inf where the item is -1.
    """

    users: Rows
    items: Rows
    scores: Floats

    def frame(self, users: Vocabulary, items: Vocabulary) -> pl.DataFrame:
        """Long table `user_id, item_id, score, rank`; ranks start at 1."""
        case, place = np.nonzero(self.items >= 0)
        return pl.DataFrame(
            {
                USER: pl.Series(
                    [users.ids[u] if u >= 0 else "" for u in self.users[case]], dtype=pl.String
                ),
                ITEM: pl.Series(items.names(self.items[case, place]), dtype=pl.String),
                SCORE: self.scores[case, place],
                RANK: (place + 1).astype(np.int32),
            }
        )


@dataclass(frozen=True, eq=False)
class TargetRanks:
    """Where each target came among all items that could be recommended.

    A target that ties with other items may take any of the ranks that they take up together;
    `position` is the mean of these, and `above` and `tied` say which they are. An unreachable
    target (it was seen before) has position inf.

    Attributes:
        case: int32 [n_targets], the case of each target.
        item: int32 [n_targets], the target.
        position: float64 [n_targets], 1 is best.
        n_candidates: int64 [n_cases], how many items competed.
        ties: float64 [n_targets], how many items have the target's score, itself among them; None:
            one where the position is whole, else two.
        value: float64 [n_targets], what the user gave the target, such as a rating; None where it
            is not known.
    """

    case: Rows
    item: Rows
    position: Doubles
    n_candidates: Longs
    ties: Doubles | None = None
    value: Doubles | None = None

    @property
    def tied(self) -> Doubles:
        """float64 [n_targets], how many items have the target's score, itself among them."""
        if self.ties is not None:
            return self.ties
        reached = np.where(np.isfinite(self.position), self.position, 1.0)
        return np.where(reached % 1 != 0, 2.0, 1.0)

    @property
    def above(self) -> Doubles:
        """float64 [n_targets], how many items have a higher score; inf for an unreachable
        target.
        """
        return np.asarray(self.position - (self.tied + 1) / 2, np.float64)

    @property
    def n_cases(self) -> int:
        """Number of cases."""
        return len(self.n_candidates)

    def n_targets(self) -> Longs:
        """int64 [n_cases], targets of each case, the unreachable ones too."""
        return np.bincount(self.case, minlength=self.n_cases).astype(np.int64)

    def only(self, keep: Mask) -> TargetRanks:
        """The targets of `keep` [n_targets]; the number of cases stays."""
        return TargetRanks(
            self.case[keep],
            self.item[keep],
            self.position[keep],
            self.n_candidates,
            None if self.ties is None else self.ties[keep],
            None if self.value is None else self.value[keep],
        )
