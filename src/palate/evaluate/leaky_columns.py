"""Columns of a block that know which items will be targets, beyond what their training counts
predict.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from palate.arrays import Doubles, Floats, Longs, Mask, Rows, dense
from palate.seeding import generator
from palate.tables import Block, Finding, Split

LIMIT = 0.95
"""A column that separates targets from other items more often than this is reported."""

ENOUGH = 30
"""Items needed on either side: with fewer, one of many columns exceeds the limit by chance."""

_ITEMS = 2000
"""Most items that columns are tried on."""


@dataclass(frozen=True)
class _Sample:
    """Items to try columns on.

    Attributes:
        items: int32 [n], present items.
        target: bool [n], whether the item is a test target of any user.
        stratum: int64 [n], items of about equal training counts share one.
    """

    items: Rows
    target: Mask
    stratum: Longs


def leaky_columns(block: Block, split: Split, seed: int = 0) -> list[Finding]:
    """Try every column by itself: does it separate test targets from items of the same training
    frequency?

    The area under the curve is taken within strata of equal training counts, so a column that
    merely repeats popularity is not reported, and one that holds counts of the whole log, or a mark
    of the test, is. It is careful: only beyond .95, and only with 30 items on either side. A leak
    about single users, or one that is spread over several columns, is not seen.

    Returns:
        Nothing, or one `column-knows-targets` for the block.
    """
    sample = _sample(block, split, seed)
    if min(sample.target.sum(), (~sample.target).sum()) < ENOUGH:
        return []
    columns, X = _columns(block, sample)
    if not len(columns):
        return []
    auc = _auc(X, sample)
    bad = np.flatnonzero(np.maximum(auc, 1 - auc) > LIMIT)
    if not len(bad):
        return []
    worst = bad[np.argsort(-np.abs(auc[bad] - 0.5))]
    named = [
        block.columns[columns[j]] if block.columns else f"column {columns[j] + 1}"
        for j in worst[:5]
    ]
    examples = tuple(f"{name}: AUC {auc[j]:.3f}" for name, j in zip(named, worst, strict=False))
    return [
        Finding(
            "column-knows-targets",
            "warning",
            f'{len(bad):,} of {block.width:,} columns of block "{block.name}" separate the test'
            " targets from items of the same training frequency: they may have been made from data"
            " that contains the test.",
            where=where_of(block.name),
            count=len(bad),
            examples=examples,
            advice="Make the field again from what was known before the test, or leave it out.",
        )
    ]


def where_of(block: str) -> str:
    """Where a finding about a block is, in a recipe.

    >>> where_of("title")
    'blocks.title'
    """
    return f"blocks.{block}"


def _sample(block: Block, split: Split, seed: int) -> _Sample:
    """Targets and others of the same strata; strata with only one kind carry no information and are
    left out.
    """
    n_items = len(block.present)
    target = np.zeros(n_items, np.bool_)
    target[split.test.open("check for leaks").targets.values] = True
    counts = split.train.item_counts()
    # Exact counts up to 20, then steps of a sixteenth of a doubling: within one, counts differ by
    # under 5 %.
    stratum = np.where(
        counts <= 20, counts, 21 + np.floor(16 * np.log2(np.maximum(counts, 1) / 20))
    ).astype(np.int64)
    usable = np.flatnonzero(block.present)
    size = int(stratum.max(initial=0)) + 1
    mixed = (np.bincount(stratum[usable][target[usable]], minlength=size) > 0) & (
        np.bincount(stratum[usable][~target[usable]], minlength=size) > 0
    )
    usable = usable[mixed[stratum[usable]]]
    rng = generator(seed, "leaks", block.name)
    chosen = [
        rng.permutation(usable[target[usable] == kind])[: _ITEMS // 2] for kind in (True, False)
    ]
    items = np.concatenate(chosen).astype(np.int32)
    return _Sample(items, target[items], stratum[items])


def _columns(block: Block, sample: _Sample) -> tuple[Longs, Floats]:
    """The columns that could exceed the limit, and their values [n, n_columns] for the sample.

    Zeros that are tied with zeros cap the area at 1 - (share of zeros in targets) x (share in
    others) / 2.
    """
    X = block.matrix[sample.items]
    if not sparse.issparse(X):
        return np.arange(block.width), dense(X)
    filled = X.astype(np.bool_).astype(np.float64)
    zeros = [
        1 - np.asarray(filled[side].mean(axis=0)).ravel()
        for side in (sample.target, ~sample.target)
    ]
    # Twice the cap leaves room for strata, where the shares differ from the overall ones.
    columns = np.flatnonzero(zeros[0] * zeros[1] <= 4 * (1 - LIMIT))
    return columns, dense(X[:, columns])


def _auc(X: Floats, sample: _Sample) -> Doubles:
    """float64 [n_columns], the area under the curve over pairs of items within a stratum; a tie is
    half a pair.
    """
    from scipy.stats import (
        rankdata,
    )  # late: it takes longer to load than all the rest of a run's start

    won, pairs = np.zeros(X.shape[1]), 0
    for rows in _strata(sample):
        target = sample.target[rows]
        n, m = int(target.sum()), int((~target).sum())
        ranks = rankdata(X[rows], axis=0)
        won += ranks[target].sum(axis=0) - n * (n + 1) / 2
        pairs += n * m
    return won / pairs if pairs else np.full(X.shape[1], 0.5)


def _strata(sample: _Sample) -> Iterator[Longs]:
    """Rows of the sample, stratum by stratum, where both kinds are left."""
    for value in np.unique(sample.stratum):
        rows = np.flatnonzero(sample.stratum == value)
        if 0 < sample.target[rows].sum() < len(rows):
            yield rows
