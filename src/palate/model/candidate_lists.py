"""Lists of candidates with the right ones marked: what a ranker learns from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from palate import ranks
from palate.arrays import Doubles, Floats, Longs, Mask, Ragged, Rows
from palate.errors import Refused
from palate.model.candidates import CandidateFeatures, chunk_by_chunk
from palate.tables import Cases

FEWEST_CASES = 10


@dataclass(frozen=True)
class Lists:
    """Candidates of some cases: items and right [n, width], columns [n, width, n_columns]."""

    items: Rows
    columns: Floats
    right: Mask

    def take(self, cases: Longs) -> Lists:
        """Some of the cases."""
        return Lists(self.items[cases], self.columns[cases], self.right[cases])

    def with_some_wrong(self, most: int, rng: np.random.Generator) -> Lists:
        """Of each case its right candidates and at most `most` of the others, drawn by `rng`."""
        order = rng.random(self.items.shape)
        order[self.right], order[self.items < 0] = -1.0, 2.0
        width = min(most + int(self.right.sum(axis=1).max(initial=0)), order.shape[1])
        first = np.argsort(order, axis=1)[:, :width]
        right = np.take_along_axis(self.right, first, 1)
        items = np.take_along_axis(self.items, first, 1)
        items[(~right).cumsum(axis=1) > most] = -1
        return Lists(items, np.take_along_axis(self.columns, first[:, :, None], 1), right)

    def rows(self) -> tuple[Floats, Mask, Longs]:
        """The real pairs [n_pairs, n_columns], which are right [n_pairs], and how many each case
        has [n].
        """
        real = self.items >= 0
        return self.columns[real], self.right[real], real.sum(axis=1)

    def ndcg(self, scores: Floats, k: int) -> Doubles:
        """float64 [n], NDCG at k of scores [n, width] among the candidates."""
        allowed = np.where(self.items >= 0, scores, -np.inf).astype(np.float32)
        case, place = np.nonzero(self.right)
        targets = Ragged.grouped(case.astype(np.int32), place.astype(np.int32), len(self.items))
        return ranks.ndcg(ranks.positions_masked(allowed, targets), k)


def lists_of(features: CandidateFeatures, cases: Cases, *, learnable: bool = False) -> Lists:
    """The candidates of all cases, or of those alone that have a right one among them, since only
    they teach.
    """

    def _part(cases: Cases) -> Lists:
        found, histories = features.found(cases.histories), cases.histories
        # one item more, false for all, is what -1 points at
        right = np.take_along_axis(
            cases.targets.mask(len(features.counts) + 1), found.items, axis=1
        )
        if learnable:
            kept = np.flatnonzero(right.any(axis=1))
            found, histories, right = found.take(kept), histories.take(kept), right[kept]
        return Lists(found.items, features.described(found, histories).columns, right)

    parts = list(chunk_by_chunk(_part, cases))
    width = max((part.items.shape[1] for part in parts), default=1)
    n, n_columns = sum(len(part.items) for part in parts), len(features.names())
    whole = Lists(
        np.full((n, width), -1, np.int32),
        np.zeros((n, width, n_columns), np.float32),
        np.zeros((n, width), np.bool_),
    )
    start = 0
    for part in parts:
        place = (slice(start, start + len(part.items)), slice(part.items.shape[1]))
        whole.items[place], whole.columns[place], whole.right[place] = (
            part.items,
            part.columns,
            part.right,
        )
        start += len(part.items)
    return whole


def lists_to_learn_from(features: CandidateFeatures, cases: Cases) -> Lists:
    """The candidates of the cases that have a right one.

    Raises:
        Refused: They are fewer than ten.
    """
    lists = lists_of(features, cases, learnable=True)
    if len(lists.items) < FEWEST_CASES:
        raise Refused(
            f"only {len(lists.items)} validation cases have a right item among the candidates",
            next_step="raise candidates, or use a splitter that makes validation cases",
        )
    return lists
