"""From scores to ranks: the rank of each target, the top items, and DCG.

The one numeric core that models tune on and that `evaluate` reports with, so that both mean the
same.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from palate.arrays import Doubles, Floats, Longs, Ragged, Rows
from palate.best_in_rows import Kept, among_best, block_by_block, lists_of, true_in_rows
from palate.errors import BadInput
from palate.tables.rankings import TargetRanks

_COUNTED: Final = 40
"""Targets of a row, in the mean, up to which counting what is above each takes less time than
sorting the row."""
_FEW: Final = 3
"""The same for finding its k best."""


def positions(scores: Floats, seen: Ragged, targets: Ragged) -> TargetRanks:
    """Where each target came among all items of its case that may be recommended.

    Tied items share the mean of their ranks, and `tied` says how many they are. A target that is
    also in `seen` cannot be recommended, so its position is inf: it counts as a miss.
    For a whole test set, `palate.evaluate.rank` does this in chunks.

    Args:
        scores: float32 [m, n_items], finite, higher is better.
        seen: Ragged int32 [m], items that are never recommended.
        targets: Ragged int32 [m], the right answers.

    Raises:
        BadInput: The three do not fit each other, or a score is not a finite number.

    Cost: a few passes over `scores`, in parts that fit into the processor's cache, on all cores;
        two more for each target, or one sort of a row where targets are many.

    >>> scores = np.array([[0.9, 0.5, 0.5, 0.1]], np.float32)
    >>> positions(scores, Ragged.of([[0]]), Ragged.of([[1, 3, 0]])).position.tolist()
    [1.5, 3.0, inf]
    """
    return ranked(scores, seen, targets)[0]


def ranked(
    scores: Floats,
    seen: Ragged,
    targets: Ragged,
    k: int = 0,
    where: str = "scores",
    threads: int = 0,
) -> tuple[TargetRanks, Rows, Floats]:
    """`positions` of the targets, and `top` of what may be recommended, while the scores are at
    hand.

    Args:
        scores: float32 [m, n_items], finite, higher is better.
        seen: Ragged int32 [m], items that are never recommended.
        targets: Ragged int32 [m], the right answers.
        k: Length of the lists; 0 for none.
        where: Whose scores they are.
        threads: How many threads look at them; 0: one for each core.

    Returns:
        The ranks of the targets, and items int32 [m, k] with their scores float32 [m, k].

    Raises:
        BadInput: The three do not fit each other, or a score is not a finite number.
    """
    check_shape(scores, len(seen), where=where)
    _check_targets(scores, targets)
    m, n_items = scores.shape
    hidden, wanted = seen.row_of_value(), targets.row_of_value()
    own = np.empty(len(targets.values), np.float32)
    greater, at_least = np.empty(len(own)), np.empty(len(own))

    def look(rows: slice) -> Kept:
        """Into one copy of a block, which stays in the cache until all is known."""
        these = np.array(scores[rows], np.float32)
        if not _finite(these):
            check(scores, m, where=where)
        values = slice(seen.offsets[rows.start], seen.offsets[rows.stop])
        these[hidden[values] - rows.start, seen.values[values]] = -np.inf
        offsets = targets.offsets[rows.start : rows.stop + 1]
        values = slice(offsets[0], offsets[-1])
        part = Ragged(targets.values[values], offsets - offsets[0])
        own[values] = these[wanted[values] - rows.start, part.values]
        greater[values], at_least[values] = _counts(these, own[values], part)
        return among_best(these, min(k, n_items))

    kept = block_by_block(look, m, n_items, threads)
    open_items = n_items - _distinct(hidden, seen.values, m)
    return _target_ranks(targets, own, greater, at_least, open_items), *lists_of(kept, k)


def masked(scores: Floats, seen: Ragged) -> Floats:
    """A copy of `scores` [m, n_items] with -inf at the `seen` items [m] of each row.

    Raises:
        BadInput: Not two-dimensional, not one row for each of `seen`, or not finite.
    """
    check(scores, len(seen))
    out = np.array(scores, np.float32)
    out[seen.row_of_value(), seen.values] = -np.inf
    return out


def check(scores: Floats, n_cases: int, n_items: int | None = None, where: str = "scores") -> None:
    """Refuse scores that are not [n_cases, n_items] finite numbers.

    Raises:
        BadInput: The shape is wrong, or a score is NaN or infinite; `where` names whose scores they
            are.
    """
    check_shape(scores, n_cases, n_items, where)
    if not _finite(scores):
        case, item = (int(i) for i in np.argwhere(~np.isfinite(scores))[0])
        raise BadInput(
            f"the score of item row {item} in case {case} is {scores[case, item]}",
            where=where,
            allowed="finite numbers; seen items are masked later, by the ranking",
        )


def check_shape(
    scores: Floats, n_cases: int, n_items: int | None = None, where: str = "scores"
) -> None:
    """Refuse scores that are not [n_cases, n_items], whatever they are.

    Raises:
        BadInput: The shape is wrong; `where` names whose scores they are.
    """
    wanted = (n_cases, scores.shape[-1] if n_items is None and scores.ndim else n_items)
    if scores.ndim != 2 or scores.shape != wanted:
        raise BadInput(
            f"scores of shape {scores.shape}", where=where, allowed=f"{wanted}, a row for each case"
        )


def _check_targets(scores: Floats, targets: Ragged) -> None:
    if len(targets) != len(scores):
        raise BadInput(
            f"{len(targets)} rows of targets for {len(scores)} rows of scores", where="targets"
        )


def _finite(scores: Floats) -> bool:
    # The minimum and the maximum carry NaN along and need no array of their own, unlike isfinite.
    return not scores.size or bool(np.isfinite(scores.min()) and np.isfinite(scores.max()))


def positions_masked(scores: Floats, targets: Ragged) -> TargetRanks:
    """Like `positions`, for scores [m, n_items] that are -inf wherever an item may not be
    recommended.
    """
    _check_targets(scores, targets)
    own = scores[targets.row_of_value(), targets.values]
    greater, at_least = _counts(scores, own, targets)
    return _target_ranks(targets, own, greater, at_least, true_in_rows(scores > -np.inf))


def _counts(scores: Floats, own: Floats, targets: Ragged) -> tuple[Doubles, Doubles]:
    """float64 [n_targets] twice: how many scores of its row are above each target's `own`, and how
    many at least equal.
    """
    if len(own) > _COUNTED * len(scores):
        return _counts_by_sorting(scores, own, targets)
    if len(scores) == 1:
        above = [np.count_nonzero(scores > x) for x in own]
        equal = [np.count_nonzero(scores == x) for x in own]
        return np.array(above, np.float64), np.add(above, equal, dtype=np.float64)
    greater = _counted(np.greater, scores, own, targets)
    return greater, greater + _counted(np.equal, scores, own, targets)


def _target_ranks(
    targets: Ragged, own: Floats, greater: Doubles, at_least: Doubles, n_candidates: Longs
) -> TargetRanks:
    """The ranks, from how many scores of its row are above each target's, and how many at least
    equal.
    """
    away = np.isneginf(own)
    # below what was looked at no score equals the target's, not even its own
    tied = np.where(away, 1.0, np.maximum(at_least - greater, 1.0))
    position = greater + (tied + 1) / 2
    position[away] = np.inf
    return TargetRanks(targets.row_of_value(), targets.values, position, n_candidates, tied)


def positions_within(
    scores: Floats, targets: Ragged, k: int, n_candidates: Longs | None = None
) -> TargetRanks:
    """Like `positions_masked`, but only ties that reach the first k ranks are exact; all other
    ranks are somewhere above k.

    That is all that a measure at k asks for, at a fraction of the time.

    Args:
        scores: float32 [m, n_items], -inf wherever an item may not be recommended.
        targets: Ragged int32 [m], the right answers.
        k: Last rank that matters, >= 1.
        n_candidates: int64 [m], how many items of a row may be recommended, where that is known.
    """
    case, item = targets.row_of_value(), targets.values
    own = scores[case, item]
    if len(own) <= _FEW * len(scores):
        greater = _counted(np.greater, scores, own, targets)
    else:
        width = min(k + 1, scores.shape[1])
        best = np.partition(scores, scores.shape[1] - width, axis=1)[:, -width:]
        greater = true_in_rows(best[case] > own[:, None]).astype(np.float64)
    at_least = greater + 1
    near = np.flatnonzero(greater < k)
    at_least[near] = greater[near] + true_in_rows(scores[case[near]] == own[near, None])
    if n_candidates is None:
        n_candidates = true_in_rows(scores > -np.inf)
    return _target_ranks(targets, own, greater, at_least, n_candidates)


def top(scores: Floats, k: int) -> tuple[Rows, Floats]:
    """The first k items of each row, best first; of tied items the lower row comes first.

    Args:
        scores: float32 [m, n_items], -inf wherever an item may not be recommended (see `masked`).
        k: How many, >= 1; with fewer candidates the rest is item -1 with score -inf.

    Returns:
        Items int32 [m, k] and their scores float32 [m, k].

    >>> items, _ = top(np.array([[0.5, 0.9, 0.5, -np.inf]], np.float32), 4)
    >>> items.tolist()
    [[1, 0, 2, -1]]
    """
    m, n_items = scores.shape
    kept = block_by_block(lambda rows: among_best(scores[rows], min(k, n_items)), m, n_items)
    return lists_of(kept, k)


def ranks_in(lists: Rows, targets: Ragged, n_candidates: Longs | None = None) -> TargetRanks:
    """Where each target stands in given lists; one that is not on its list is unreachable.

    Args:
        lists: int32 [n_cases, length], no item twice; -1 where a list is shorter.
        targets: int32 [n_cases], what was wanted.
        n_candidates: int64 [n_cases], items that lists were chosen from; None: their own length.

    >>> ranks_in(np.array([[4, 7], [5, -1]]), Ragged.of([[7], [6]])).position.tolist()
    [2.0, inf]
    """
    case = targets.row_of_value().astype(np.int32)
    at = lists[case] == targets.values[:, None]
    position = np.where(at.any(axis=1), at.argmax(axis=1) + 1.0, np.inf)
    if n_candidates is None:
        n_candidates = np.full(len(lists), max(lists.shape[1], 1), np.int64)
    return TargetRanks(case, targets.values, position, n_candidates)


def ndcg(ranks: TargetRanks, k: int) -> Doubles:
    """float64 [m], DCG at k over the best DCG possible, on average over all orders of tied items.

    DCG is the sum of 1 / log2(1 + rank) over the targets in the first k. NaN for a case without
    targets. An unreachable target adds nothing and still counts among those wanted.

    >>> hit = positions(np.array([[3.0, 2.0, 1.0]], np.float32), Ragged.of([[]]), Ragged.of([[1]]))
    >>> ndcg(hit, 10).round(4).tolist()
    [0.6309]
    """
    return _over_the_best(mean_over_ties(ranks, discounts(k)), ranks, k)


def ndcg_of_mean_ranks(ranks: TargetRanks, k: int) -> Doubles:
    """float64 [m], like `ndcg`, but a tie counts as the mean of its ranks.

    For lists that hold a part of the items, where most of a tie may be missing: its mean rank is
    beyond k if the part is large enough, while the average over orders would count what is there as
    all.
    """
    gains = np.where(ranks.position <= k, 1 / np.log2(1 + ranks.position), 0.0)
    return _over_the_best(gains, ranks, k)


def _over_the_best(gains: Doubles, ranks: TargetRanks, k: int) -> Doubles:
    """The gains [n_targets] summed by case, over the most that so many targets can gain."""
    dcg = np.bincount(ranks.case, weights=gains, minlength=ranks.n_cases)
    ideal = np.concatenate([[np.nan], np.cumsum(discounts(k))])
    # The last bits of a sum may pass 1; and several targets tied across the k-th rank may all have
    # their mean rank within k.
    return np.asarray(np.minimum(dcg / ideal[np.minimum(ranks.n_targets(), k)], 1.0), np.float64)


def discounts(k: int) -> Doubles:
    """float64 [k], 1 / log2(1 + rank) of the ranks 1 to k."""
    return np.asarray(1 / np.log2(np.arange(2.0, k + 2)), np.float64)


def mean_over_ties(ranks: TargetRanks, by_rank: Doubles) -> Doubles:
    """float64 [n_targets], what a rank gains, on average over the ranks that a target may take.

    With `a` items above it and `t` tied (itself among them), every rank from a + 1 to a + t is as
    likely, so the mean is that of their gains.

    Args:
        ranks: Where the targets came.
        by_rank: float64 [k], the gains of the ranks 1 to k; ranks beyond gain nothing.
    """
    k = len(by_rank)
    above, tied = ranks.above, ranks.tied
    start = np.minimum(above, k).astype(np.int64)
    end = np.minimum(above + tied, k).astype(np.int64)
    sums = np.concatenate([[0.0], np.cumsum(by_rank)])
    # one rank alone is looked up, for a difference of sums has lost its last bits
    alone = np.append(by_rank, 0.0)[start]
    return np.where(tied == 1, alone, (sums[end] - sums[start]) / tied)


def _counted(relation: np.ufunc, scores: Floats, own: Floats, targets: Ragged) -> Doubles:
    """float64 [n_targets], how many scores of its row stand in this relation to each target's."""
    lengths, start = targets.lengths(), targets.offsets[:-1]
    out = np.empty(len(own))
    for turn in range(int(lengths.max(initial=0))):
        rows = np.flatnonzero(lengths > turn)
        place = start[rows] + turn
        these = scores if len(rows) == len(scores) else scores[rows]
        out[place] = true_in_rows(relation(these, own[place, None]))
    return out


def _counts_by_sorting(scores: Floats, own: Floats, targets: Ragged) -> tuple[Doubles, Doubles]:
    """float64 [n_targets] twice: how many scores of its row are above each target's, and how many
    at least equal.
    """
    ascending = np.sort(scores, axis=1)
    n_items = scores.shape[1]
    greater, at_least = np.empty(len(own)), np.empty(len(own))
    for row, line in enumerate(ascending):
        part = slice(targets.offsets[row], targets.offsets[row + 1])
        greater[part] = n_items - np.searchsorted(line, own[part], side="right")
        at_least[part] = n_items - np.searchsorted(line, own[part], side="left")
    return greater, at_least


def _distinct(case: Rows, item: Rows, m: int) -> Longs:
    """int64 [m], how many different items each case has."""
    key = np.sort(case * np.int64(item.max(initial=0) + 1) + item)
    first = np.diff(key, prepend=-1) > 0
    return np.bincount(key[first] // (int(item.max(initial=0)) + 1), minlength=m).astype(np.int64)
