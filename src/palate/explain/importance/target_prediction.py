"""Blocks that predict the test's targets: made, by mistake, of data that contains the test."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from palate.arrays import Doubles, Mask, dense
from palate.perturbation.sampler import Components, ridge
from palate.seeding import generator
from palate.tables import Block, FeatureTable, Finding, Split

TOO_MUCH = 0.6
"""Share of what training counts leave open about the test's counts that no honest block can
explain."""
FEWEST = 100
"""Items needed; with fewer a share means nothing."""
_COMPONENTS = 64


def targets_predicted(
    features: FeatureTable, names: Sequence[str], split: Split, seed: int
) -> tuple[Finding, ...]:
    """Blocks that predict how often each item is a target in the test, beyond what its training
    counts predict.

    Where `evaluate.leaks` looks at columns one by one, this sees a leak that is spread over a whole
    block, such as an embedding made of the whole log. Content predicts a little (new films are
    chosen more); noise sets a limit that honest content never comes near. A leak about single
    users is not seen.

    Args:
        features: The blocks.
        names: Those to look at.
        split: The split log.
        seed: Seed of the half of the items that is learnt from.

    Returns:
        One `target-leaked` (an error) for each such block.

    Cost: a ridge of 64 components a block.
    """
    found = []
    for name in names:
        share = predicted_share(features.block(name), split, seed)
        if share > TOO_MUCH:
            message = (
                f'Block "{name}" predicts {share:.0%} of what training leaves open about how often'
                " items are targets in the test: it was made from data that contains the test."
            )
            advice = (
                "Make it again from what was known before the test, or leave it out of the recipe."
            )
            found.append(
                Finding("target-leaked", "error", message, f"blocks.{name}", 1, advice=advice)
            )
    return tuple(found)


def predicted_share(block: Block, split: Split, seed: int) -> float:
    """Share of the variance of log(1 + test count), training counts taken off, that the block
    explains of other items.

    0 where there are too few items, or nothing is left open.
    """
    n_items = len(block.present)
    counts = split.train.item_counts()
    test_counts = np.bincount(split.test.open("check for leaks").targets.values, minlength=n_items)[
        :n_items
    ]
    usable = np.flatnonzero(block.present & ((counts > 0) | (test_counts > 0)))
    if len(usable) < FEWEST:
        return 0.0
    first = generator(seed, "foretold", block.name).random(len(usable)) < 0.5
    seen = np.log1p(counts[usable].astype(np.float64))
    # What training counts predict is no straight line (the popular lose, the new gain), and none of
    # it may be left for the block to explain; items never seen are a case of their own.
    powers = np.stack([seen, seen**2, seen**3, (seen == 0).astype(np.float64)], axis=1)
    open_ = _rest(powers, np.log1p(test_counts[usable].astype(np.float64)), first)
    X = dense(block.matrix[usable]).astype(np.float64)
    Z = Components.of(X[first], _COMPONENTS).of_rows(X)
    # a block may hold counts, and what is left open is in logarithms: it is offered both
    return _explained(np.concatenate([Z, np.sign(Z) * np.log1p(np.abs(Z))], axis=1), open_, first)


def _rest(Z: Doubles, y: Doubles, first: Mask) -> Doubles:
    """`y` less what a ridge of the first half makes of Z."""
    centre, spread = Z[first].mean(axis=0), np.maximum(Z[first].std(axis=0), 1e-9)
    Z = (Z - centre) / spread
    mean = y[first].mean()
    return np.asarray(y - mean - Z @ ridge(Z[first], (y[first] - mean)[:, None])[:, 0], np.float64)


def _explained(Z: Doubles, y: Doubles, first: Mask) -> float:
    rest = _rest(Z, y, first)[~first]
    total = float(np.sum((y[~first] - y[first].mean()) ** 2))
    return max(0.0, 1 - float(np.sum(rest**2)) / total) if total > 0 else 0.0
