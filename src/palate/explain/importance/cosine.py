"""Cosine of content to behaviour: is what people choose next nearer to what they chose before than
anything else?
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from palate.arrays import Doubles, Longs, Matrix, Rows, dense, l2_normalised
from palate.inference import clustered, estimate
from palate.seeding import generator
from palate.tables import Block, Cases, FeatureTable
from palate.tables.block_question import NEAR, NEARNESS
from palate.tables.importance_problem import ImportanceEstimate


def cosine_to_behaviour(
    features: FeatureTable, cases: Cases, seed: int, names: Sequence[str] | None = None
) -> tuple[ImportanceEstimate, ...]:
    """For each block: cosine of the history's mean to the next item, minus that to an item drawn at
    random.

    The quick look that needs no model: a block without it can hardly help a model of similarity. It
    is no importance: a copy of a good block has it as well, and a block of popularity has it by
    accident. The item drawn at random is another case's target, so that popularity cancels out.

    Args:
        features: The blocks.
        cases: Cases with targets.
        seed: Seed of the draws.
        names: Blocks; all where None.

    Returns:
        One row a block, over cases whose history and target have the content; NaN where there are
        fewer than two.

    Cost: one pass over the histories a block.
    """
    rows = []
    for name in tuple(features.blocks) if names is None else names:
        start = time.perf_counter()
        difference, users = _differences(features.block(name), cases, seed)
        known = ~np.isnan(difference)
        words = (name, NEARNESS, NEAR, "cosine")
        if np.unique(users[known]).size < 2:
            found = estimate(float("nan"), float("nan"), n_users=0)
        else:
            found = clustered(difference[known], users[known])
        rows.append(ImportanceEstimate(*words, found, time.perf_counter() - start))
    return tuple(rows)


def _differences(block: Block, cases: Cases, seed: int) -> tuple[Doubles, Longs]:
    """float64 [n_targets] nearer by how much, NaN where content is missing; int64 [n_targets],
    whose case it is.
    """
    X: Matrix = l2_normalised(block.matrix)
    histories = cases.histories.matrix(X.shape[0])
    profile = l2_normalised(np.asarray(dense(histories @ X), np.float32))
    case, item = cases.targets.row_of_value(), cases.targets.values
    other = item[_another(case, item, generator(seed, "cosine", block.name))]
    wanted = dense(profile)[case].astype(np.float64)
    # float64, because what counts is the small difference of two cosines
    near, far = (
        np.einsum("ij,ij->i", wanted, dense(X[rows]).astype(np.float64)) for rows in (item, other)
    )
    has_history = np.asarray((histories @ block.present.astype(np.float32))[case] > 0)
    usable = has_history & block.present[item] & block.present[other]
    users = cases.histories.users[case]
    units = np.where(users >= 0, users, int(users.max(initial=0)) + 1 + case)
    return np.where(usable, near - far, np.nan), np.asarray(units, np.int64)


def _another(case: Rows, item: Rows, rng: np.random.Generator) -> Longs:
    """A place of `item` [n] for each place, of another case and another item where chance
    allows.
    """
    place = rng.permutation(len(item))
    clash = (item[place] == item) | (case[place] == case)
    place[clash] = rng.integers(0, len(item), int(clash.sum()))
    return np.asarray(place, np.int64)
