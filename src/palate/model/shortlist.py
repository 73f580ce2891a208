"""The few items of each validation case that could reach the top of any blend, so that weights are
tried quickly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from palate import ranks
from palate.arrays import Doubles, Floats, Mask, Ragged, Rows, offsets_of
from palate.seeding import generator
from palate.stages import Scorer
from palate.tables import Cases

CASES_AT_ONCE = 512


@dataclass(frozen=True)
class Shortlist:
    """Scores of several members for the same items of the same cases.

    Attributes:
        items: int32 [n_cases, width], rows of items; -1 where a case has fewer.
        scores: float32 [n_members, n_cases, width], each member's score; 0 where the item is -1.
        targets: Ragged int32 [n_cases], columns (not items) of the right answers.
        scale: float64 [n_members], mean over the cases of how far the best score stands above the
            mean score.
    """

    items: Rows
    scores: NDArray[np.float32]
    targets: Ragged
    scale: Doubles

    def ndcg(self, combined: Floats, k: int) -> Doubles:
        """float64 [n_cases], NDCG at k of `combined` [n_cases, width]."""
        allowed = np.where(self.items >= 0, combined, -np.inf).astype(np.float32)
        # items of a tie that are not on the list are many, and unknown here
        return ranks.ndcg_of_mean_ranks(ranks.positions_within(allowed, self.targets, k), k)

    def of_items(self, values: NDArray[Any]) -> Floats:
        """float32 [n_cases, width], `values` [n_items] at the items of the list."""
        return np.asarray(values, np.float32)[self.items]


def sample(cases: Cases, most: int, seed: int) -> Cases:
    """At most `most` of the cases, drawn by seed, in their own order."""
    if len(cases) <= most:
        return cases
    return cases.take(
        np.sort(generator(seed, "blend", "validation").permutation(len(cases))[:most])
    )


def shortlist(members: Sequence[Scorer], cases: Cases, width: int) -> Shortlist:
    """The `width` best unseen items of each member, for each case, and its reachable targets.

    An item that no member puts among its `width` best hardly ever enters the top of a weighted sum,
    so ranking within the list gives the same top as ranking all items, at a fraction of the time
    and memory.

    Cost: one scoring of the cases by every member; memory for n_members^2 n_cases width numbers.
    """
    starts = range(0, len(cases), CASES_AT_ONCE)
    parts = [
        _part(members, cases.take(np.arange(s, min(s + CASES_AT_ONCE, len(cases)))), width)
        for s in starts
    ]
    most = max(part.items.shape[1] for part in parts)
    items = np.concatenate([_widened(part.items, most, -1) for part in parts])
    scores = np.concatenate([_widened(part.scores, most, 0) for part in parts], axis=1)
    lengths = np.concatenate([part.targets.lengths() for part in parts])
    targets = Ragged(
        np.concatenate([part.targets.values for part in parts]),
        offsets_of(lengths),
    )
    sizes = np.array([len(part.items) for part in parts], np.float64)
    scale = sizes @ np.stack([part.scale for part in parts]) / sizes.sum()
    return Shortlist(items, scores, targets, np.where(scale > 0, scale, 1.0))


def _part(members: Sequence[Scorer], cases: Cases, width: int) -> Shortlist:
    scores = [member.score(cases.histories) for member in members]
    seen = cases.seen.mask(scores[0].shape[1])
    candidates = np.zeros_like(seen)
    for one in scores:
        # Of tied items `top` takes the first: without any, a target that no member scores would
        # seem to be alone.
        best, _ = ranks.top(np.where(seen, -np.inf, one).astype(np.float32), width)
        row, place = np.nonzero(best >= 0)
        candidates[row, best[row, place]] = True
    candidates[cases.targets.row_of_value(), cases.targets.values] = True
    # A target that was seen before cannot be recommended; it stays in the list, masked like
    # everywhere else.
    items, column = _packed(candidates)
    case_of = np.arange(len(items))[:, None]
    taken = np.stack([np.where(items >= 0, one[case_of, items], 0) for one in scores]).astype(
        np.float32
    )
    case = cases.targets.row_of_value()
    targets = Ragged(column[case, cases.targets.values], cases.targets.offsets)
    items = np.where((items >= 0) & seen[case_of, items], -1, items).astype(np.int32)
    scale = np.array([float(np.mean(one.max(axis=1) - one.mean(axis=1))) for one in scores])
    return Shortlist(items, taken, targets, scale)


def _packed(candidates: Mask) -> tuple[Rows, Rows]:
    """int32 [n, width] candidate items of each row, -1 at the end; int32 [n, n_items] their
    columns.
    """
    column = np.cumsum(candidates, axis=1, dtype=np.int32) - 1
    items = np.full((len(candidates), int(column[:, -1].max(initial=-1)) + 1), -1, np.int32)
    row, item = np.nonzero(candidates)
    items[row, column[row, item]] = item
    return items, column


def _widened(x: NDArray[Any], width: int, fill: int) -> NDArray[Any]:
    short = [(0, 0)] * (x.ndim - 1) + [(0, width - x.shape[-1])]
    return np.pad(x, short, constant_values=fill)
