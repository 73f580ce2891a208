"""The best items of each row of scores: rows in blocks that fit a core's cache, on all cores, each
block looked at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias, TypeVar

import numpy as np

from palate.arrays import Floats, Longs, Mask, Rows, offsets_of
from palate.execute import on_all_cores, usable_cores

T = TypeVar("T")

_CACHED: Final = 2**17
"""Scores that are looked at together: as many as fit into a core's own cache with their masks."""
_ALONE: Final = 2**20
"""Scores that one thread is done with before others have begun."""
_LONG: Final = 4_096
"""Columns from which rows are counted one by one."""

Kept: TypeAlias = tuple[Longs, Rows, Floats]
"""Of some rows: how many items of each were kept, and all of these and their scores, row by row,
the items of a row in order."""


def block_by_block(work: Callable[[slice], T], m: int, n_items: int, threads: int = 0) -> list[T]:
    """What `work` gives for blocks of rows that fit into a core's cache, in order."""
    step = max(_CACHED // max(n_items, 1), 1)
    blocks = [slice(start, min(start + step, m)) for start in range(0, m, step)]
    # Many blocks at a time for each thread: to hand out one takes as long as to work on it.
    n_spans = (threads or usable_cores()) if m * n_items > _ALONE else 1
    share = -(-len(blocks) // n_spans)
    spans = [blocks[start : start + share] for start in range(0, len(blocks), max(share, 1))]
    if len(spans) <= 1:
        return [work(rows) for rows in blocks]
    done = on_all_cores(lambda span: [work(rows) for rows in span], spans, threads)
    return [one for part in done for one in part]


def among_best(scores: Floats, width: int) -> Kept:
    """The best `width` of each row, the first ones of a tie, and perhaps a few more."""
    if width == 0:
        return np.zeros(len(scores), np.int64), np.empty(0, np.int32), np.empty(0, np.float32)
    if len(scores) == 1:
        at = _best_of_one(scores[0], width)
        return np.array([len(at)]), at.astype(np.int32), np.asarray(scores[0, at], np.float32)
    at = np.flatnonzero(_shortlist(scores, width))
    case, item = np.divmod(at, scores.shape[1])
    counts = np.bincount(case, minlength=len(scores)).astype(np.int64)
    return counts, item.astype(np.int32), np.asarray(scores[case, item], np.float32)


def lists_of(blocks: list[Kept], k: int) -> tuple[Rows, Floats]:
    """int32 [m, k] and float32 [m, k], the first k of what was kept of each row, -1 and -inf where
    there are fewer.
    """
    counts = np.concatenate([np.empty(0, np.int64), *(block[0] for block in blocks)])
    case = np.repeat(np.arange(len(counts)), counts)
    place = np.arange(len(case)) - np.repeat(offsets_of(counts)[:-1], counts)
    shape = (len(counts), max(k, int(counts.max(initial=0))))
    items, falling = np.full(shape, -1, np.int32), np.full(shape, np.inf, np.float32)
    if len(case):
        items[case, place] = np.concatenate([block[1] for block in blocks])
        # sorted by falling scores, and in order of the items where scores are equal
        falling[case, place] = -np.concatenate([block[2] for block in blocks])
    order = np.argsort(falling, axis=1, kind="stable")[:, :k]
    best = -np.take_along_axis(falling, order, axis=1)
    items = np.take_along_axis(items, order, axis=1)
    items[np.isneginf(best)] = -1
    return items, best


def _best_of_one(row: Floats, width: int) -> Longs:
    """int64 [n], the items that `_shortlist` keeps of one row, in order; found in those of the
    blocks that reach the cut alone, which saves passes over a long row.
    """
    depth, n_blocks = _blocks(len(row), width)
    square = row[: depth * n_blocks].reshape(depth, n_blocks)
    highest = square.max(axis=0)
    cut = np.partition(highest, n_blocks - width)[n_blocks - width]
    columns = np.flatnonzero(highest >= cut)
    if len(columns) > 2 * width:
        return np.flatnonzero(_shortlist(row[None], width)[0])
    turn, column = np.divmod(np.flatnonzero(square[:, columns] >= cut), len(columns))
    end = depth * n_blocks
    return np.append(turn * n_blocks + columns[column], end + np.flatnonzero(row[end:] >= cut))


def _blocks(n_items: int, width: int) -> tuple[int, int]:
    """How many items each block has, and how many blocks there are, a few times `width`."""
    n_blocks = min(n_items, max(16 * width, 512))
    return n_items // n_blocks, n_blocks


def _shortlist(scores: Floats, width: int) -> Mask:
    """bool [m, n_items], true for the best `width` of each row (the first ones of a tie) and
    perhaps a few more.

    The maxima of some hundred blocks of columns bound the cut from below, which leaves few items.
    Where ties leave many, those beyond `width` go, and where they are no ties, the row is sorted:
    partition, which should be faster, takes ten times as long on rows of many zeros.
    """
    n_items = scores.shape[1]
    if width == n_items:
        return np.ones(scores.shape, np.bool_)
    depth, n_blocks = _blocks(n_items, width)
    blocks = scores[:, : n_blocks * depth].reshape(len(scores), depth, n_blocks).max(axis=1)
    cut = np.sort(blocks, axis=1)[:, n_blocks - width]
    kept = scores >= cut[:, None]
    for row in np.flatnonzero(true_in_rows(kept) > 16 * width):
        kept[row] = _without_ties(scores[row], cut[row], width)
    return kept


def _without_ties(row: Floats, bound: np.float32, width: int) -> Mask:
    """bool [n_items], true for the best `width`, of which none is below the `bound`."""
    above = row > bound
    if np.count_nonzero(above) >= width:
        bound = np.sort(row)[len(row) - width]
        above = row > bound
    above[np.flatnonzero(row == bound)[: width - np.count_nonzero(above)]] = True
    return above


def true_in_rows(mask: Mask) -> Longs:
    """int64 [m], how many of each row of `mask` [m, n] are true; in a fraction of the time of
    `np.count_nonzero` along an axis.
    """
    if mask.shape[1] >= _LONG:
        return np.fromiter((np.count_nonzero(row) for row in mask), np.int64, len(mask))
    counts = np.add.reduce(mask.view(np.uint8), axis=1, dtype=np.uint32)
    return np.asarray(counts, np.int64)
