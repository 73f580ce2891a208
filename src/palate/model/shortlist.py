"""The few items of each validation case that could reach the top of any blend, so that weights are
tried quickly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from palate import ranks
from palate.arrays import Doubles, Floats, Longs, Ragged, Rows, offsets_of
from palate.best_in_rows import true_in_rows
from palate.seeding import generator
from palate.shared_scores import score_of
from palate.stages import Scorer
from palate.tables import Cases

CASES_AT_ONCE = 512
_CACHED = 2**18
"""Numbers of float32 of which some arrays fit into a core's cache."""


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
        """float64 [n_cases], NDCG at k of `combined` [n_cases, width], whatever it says of empty
        places.
        """
        return self.ndcg_at(k)(combined + self.closed())

    def ndcg_at(self, k: int) -> Callable[[Floats], Doubles]:
        """The function from scores [n_cases, width], -inf at empty places, to NDCG at k
        [n_cases].

        Items of a tie that are not on the list are many, and unknown here: the mean of its ranks
        counts.
        """
        if not np.all(self.targets.lengths() == 1):
            n_candidates = true_in_rows(self.items >= 0)
            return lambda combined: ranks.ndcg_of_mean_ranks(
                ranks.positions_within(combined, self.targets, k, n_candidates), k
            )
        return partial(_ndcg_of_one, np.arange(len(self.items)), self.targets.values, k)

    def closed(self) -> Floats:
        """float32 [n_cases, width], 0 where there is an item, else -inf."""
        return np.where(self.items >= 0, np.float32(0), np.float32(-np.inf))

    def parts(self) -> Iterator[Shortlist]:
        """The same, some cases at a time: so many that an array of them fits into the processor's
        cache.
        """
        step = max(_CACHED // max(self.items.shape[1], 1), 1)
        for start in range(0, len(self.items), step):
            rows = np.arange(start, min(start + step, len(self.items)), dtype=np.int32)
            these = slice(start, start + step)
            yield replace(
                self,
                items=self.items[these],
                scores=self.scores[:, these],
                targets=self.targets.take(rows),
            )

    def holds(self, items: Rows) -> bool:
        """Whether all of `items` [n_cases, m], -1 for none, are on the lists of their cases."""
        n_items = int(max(self.items.max(initial=0), items.max(initial=0))) + 1
        case = np.arange(len(items))[:, None] * n_items
        return bool(np.isin((items + case)[items >= 0], (self.items + case)[self.items >= 0]).all())

    def of_items(self, values: NDArray[Any]) -> Floats:
        """float32 [n_cases, width], `values` [n_items] at the items of the list."""
        return np.asarray(values, np.float32)[self.items]


def _ndcg_of_one(case: Longs, target: Rows, k: int, combined: Floats) -> Doubles:
    """float64 [n_cases], NDCG at k where every case has one target, in few passes."""
    own = combined[case, target]
    above = true_in_rows(combined > own[:, None])
    near = np.flatnonzero((above < k) & (own > -np.inf))
    tied = true_in_rows(combined[near] == own[near, None])
    position = above[near] + (tied + 1) / 2
    out = np.zeros(len(case))
    out[near] = np.where(position <= k, 1 / np.log2(1 + position), 0.0)
    return out


def sample(cases: Cases, most: int, seed: int) -> Cases:
    """At most `most` of the cases, drawn by seed, in their own order."""
    if len(cases) <= most:
        return cases
    return cases.take(
        np.sort(generator(seed, "blend", "validation").permutation(len(cases))[:most])
    )


def shortlist(
    members: Sequence[Scorer], cases: Cases, width: int, more: Rows | None = None
) -> Shortlist:
    """The `width` best unseen items of each member, for each case, and its reachable targets.

    An item that no member puts among its `width` best hardly ever enters the top of a weighted sum,
    so ranking within the list gives the same top as ranking all items, at a fraction of the time
    and memory. Where weights differ from item to item it may: such items are given in `more`.

    Args:
        members: Fitted models.
        cases: Validation cases.
        width: Items of each member.
        more: int32 [n_cases, m], further items of each case; -1 for none.

    Cost: one scoring of the cases by every member; memory for n_members^2 n_cases width numbers.
    """
    starts = range(0, len(cases), CASES_AT_ONCE)
    more = np.full((len(cases), 0), -1, np.int32) if more is None else more
    parts = [
        _part(
            members,
            cases.take(np.arange(s, min(s + CASES_AT_ONCE, len(cases)))),
            width,
            more[s : s + CASES_AT_ONCE],
        )
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


def _part(members: Sequence[Scorer], cases: Cases, width: int, more: Rows) -> Shortlist:
    scores = [score_of(member, cases.histories) for member in members]
    n_items = scores[0].shape[1]
    # Of tied items `top` takes the first: without any, a target that no member scores would seem to
    # be alone.
    best = [ranks.top(ranks.masked(one, cases.seen), width)[0] for one in scores]
    items = _united([*best, more, _padded(cases.targets)], n_items)
    case = cases.targets.row_of_value()
    column = np.argmax(items[case] == cases.targets.values[:, None], axis=1).astype(np.int32)
    targets = Ragged(column, cases.targets.offsets)
    there, case_of = items >= 0, np.arange(len(items))[:, None]
    taken = np.stack([np.where(there, one[case_of, items], 0) for one in scores])
    # A target that was seen before cannot be recommended; it stays in the list, masked like
    # everywhere else.
    items = np.where(there & cases.seen.mask(n_items)[case_of, items], -1, items).astype(np.int32)
    scale = np.array([float(np.mean(one.max(axis=1) - one.mean(axis=1))) for one in scores])
    return Shortlist(items, taken.astype(np.float32), targets, scale)


def _united(lists: Sequence[Rows], n_items: int) -> Rows:
    """int32 [n, width], each item of the lists [n, m] once, in ascending order; -1 at the end."""
    items = np.concatenate(lists, axis=1)
    items[items < 0] = n_items
    items.sort(axis=1)
    items[:, 1:][items[:, 1:] == items[:, :-1]] = n_items
    items.sort(axis=1)
    width = int((items < n_items).sum(axis=1).max(initial=0))
    return np.where(items < n_items, items, -1)[:, :width].astype(np.int32)


def _padded(targets: Ragged) -> Rows:
    """int32 [n, m], the targets of each case; -1 where it has fewer."""
    lengths = targets.lengths()
    out = np.full((len(lengths), int(lengths.max(initial=0))), -1, np.int32)
    case = targets.row_of_value()
    out[case, np.arange(len(case)) - targets.offsets[:-1][case]] = targets.values
    return out


def _widened(x: NDArray[Any], width: int, fill: int) -> NDArray[Any]:
    short = [(0, 0)] * (x.ndim - 1) + [(0, width - x.shape[-1])]
    return np.pad(x, short, constant_values=fill)
