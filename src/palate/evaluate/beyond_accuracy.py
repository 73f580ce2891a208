"""What lists are besides accurate: diverse, surprising, calibrated, beside what is popular. Unlike
the metrics of recipes these need content, a field, or the lists of another model.

Coverage, novelty, evenness, overlap and different lists are metrics of recipes:
`palate.evaluate.metrics`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from palate.arrays import Doubles, Floats, Longs, Matrix, Ragged, Rows
from palate.tables.divergence import MOST, smoothed_divergence


def intra_list_diversity(items: Rows, content: Matrix) -> Doubles:
    """float64 [n_cases], mean of 1 - cosine over all pairs of items of a list: 0 where all are the
    same, 1 where they have nothing in common, above 1 where they are opposed.

    Edges: items without content are left out; fewer than two others: NaN.

    Args:
        items: int32 [n_cases, k], rows of the catalogue; -1 where a list is shorter.
        content: float32 [n_items, d], rows of length 1, or 0 for an item without content.

    Ziegler et al., Improving recommendation lists through topic diversification, WWW 2005.

    >>> content = np.array([[1, 0], [0, 1], [1, 0], [0, 0]], np.float32)
    >>> lists = np.array([[0, 1, 2], [0, 2, 3], [0, 3, -1]])
    >>> intra_list_diversity(lists, content).round(3).tolist()
    [0.667, 0.0, nan]
    """
    lengths = _squares(content)
    counted = (items >= 0) & (lengths[items] > 0)
    n = counted.sum(axis=1)
    case, place = np.nonzero(counted)
    listed = sparse.csr_matrix(
        (np.ones(len(case)), (case, items[case, place])), (len(items), len(lengths))
    )
    # the sum over all ordered pairs is the squared length of the sum, less what is with itself
    cosines = _squares(listed @ content) - listed @ lengths
    pairs = n * (n - 1)
    mean = np.divide(cosines, pairs, out=np.full(len(items), np.nan), where=pairs > 0)
    return np.asarray(1 - mean)


def _squares(rows: Any) -> Doubles:
    """float64 [n], the squared length of each row of a matrix, dense or sparse."""
    if isinstance(rows, np.ndarray):
        return np.asarray(np.square(rows, dtype=np.float64).sum(axis=1))
    return np.asarray(rows.astype(np.float64).power(2).sum(axis=1)).ravel()


def serendipity(items: Rows, targets: Ragged, expected: Rows) -> Doubles:
    """float64 [n_cases], share of a list that was wanted and that a plain model would not have
    listed.

    Edges: an empty list, or a case without targets: NaN.

    Args:
        items: int32 [n_cases, k]; -1 where a list is shorter.
        targets: int32 [n_cases], what was wanted.
        expected: int32 [n_cases, any], lists of the plain model, such as the most popular items
            that each had not seen.

    Ge, Delgado-Battenfeld, Jannach, Beyond accuracy: evaluating recommender systems by coverage and
    serendipity, RecSys 2010.

    >>> wanted = Ragged.of([np.array([1, 2], np.int32)])
    >>> serendipity(np.array([[1, 2, 3, 4]]), wanted, np.array([[1, 9]])).tolist()
    [0.25]
    """
    shown = items >= 0
    found = np.full(len(items), np.nan)
    for case in range(len(items)):
        wanted = targets.values[targets.offsets[case] : targets.offsets[case + 1]]
        if len(wanted) and shown[case].any():
            own = items[case][shown[case]]
            surprising = np.isin(own, wanted) & ~np.isin(own, expected[case])
            found[case] = surprising.mean()
    return found


def miscalibration(items: Rows, shares: Floats, taste: Doubles) -> Doubles:
    """float64 [n_cases], 0 to 1: how far the shares of a list are from those of the history: the
    smoothed Kullback-Leibler divergence as a share of the most that it can be.

    0: the same shares; 1: the list has nothing of any value of the history.

    Edges: an empty list, or a history without any value: NaN; items without a value count nothing.

    Args:
        items: int32 [n_cases, k]; -1 where a list is shorter.
        shares: float32 [n_items, g], of each value in an item; rows that add up to 1, or 0.
        taste: float64 [n_cases, g], of each value in a history; rows that add up to 1, or 0.

    Steck, Calibrated recommendations, RecSys 2018.

    >>> shares = np.array([[1, 0], [0, 1]], np.float32)
    >>> miscalibration(np.array([[0, 1], [1, 1]]), shares, np.array([[0.5, 0.5], [1, 0]])).tolist()
    [0.0, 1.0]
    """
    shown = items >= 0
    taken = np.where(shown[:, :, None], shares[items], 0).astype(np.float64).sum(axis=1)
    divergence = smoothed_divergence(taste, taken) / MOST
    known = shown.any(axis=1) & (taste.sum(axis=1) > 0)
    return np.where(known, np.clip(divergence, 0, 1), np.nan)


def popularity_divergence(items: Rows, counts: Longs, groups: int = 10) -> float:
    """0 to 1: how far what is listed is from the popularity of what people took: the smoothed
    Kullback-Leibler divergence over groups of items, as a share of the most that it can be.

    Items are sorted by their training events and cut into groups that hold about as many events
    each; 0: each group is listed as often as it was taken.

    Edges: no list, or no events: NaN.

    Args:
        items: int32 [n_cases, k]; -1 where a list is shorter.
        counts: int64 [n_items], training events.
        groups: How many, >= 2.

    >>> counts = np.array([6, 3, 3])
    >>> popularity_divergence(np.array([[0, 1], [0, 2]]), counts, 2)
    0.0
    >>> popularity_divergence(np.array([[0, 0]]), counts, 2) > 0.4
    True
    """
    listed, total = items[items >= 0], counts.sum()
    if not len(listed) or not total:
        return float("nan")
    order = np.argsort(-counts, kind="stable")
    # an item belongs to the group that its middle event falls into
    middle = np.cumsum(counts[order]) - counts[order] / 2
    group = np.empty(len(counts), np.int64)
    group[order] = np.minimum(middle * groups // total, groups - 1)
    taken = np.bincount(group, weights=counts, minlength=groups) / total
    shown = np.bincount(group[listed], minlength=groups).astype(np.float64)
    return float(np.clip(smoothed_divergence(taken, shown) / MOST, 0, 1))


def history_shares(histories: Ragged, shares: Floats) -> Doubles:
    """float64 [n_cases, g], share of each value in a history; 0 where none of its items has one.

    Args:
        histories: int32 [n_cases], items of each.
        shares: float32 [n_items, g], of each value in an item.
    """
    total = np.zeros((len(histories), shares.shape[1]))
    np.add.at(total, histories.row_of_value(), shares[histories.values])
    sums = total.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(total, sums, out=np.zeros_like(total), where=sums > 0))
