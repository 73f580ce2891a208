"""Whether an idea passes: it must gain on users who were not learnt from, beside everything that is
there already.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from palate.arrays import Doubles
from palate.inference import at_level, benjamini_hochberg, clustered, discovery_level
from palate.perturbation.questions import question
from palate.select.learner import Learns, learner
from palate.select.user_folds import folds
from palate.tables.estimate import Estimate
from palate.tables.labelled_rows import LabelledRows
from palate.tables.verdict import Verdict, of_difference


@dataclass(frozen=True)
class Gated:
    """What became of one idea.

    Attributes:
        name: The feature.
        gain: What the metric gains when it is added to the blocks there are, with its interval over
            users.
        p: Its p value, corrected over all ideas that were tried.
        verdict: Whether it may pass: `keep`, `no evidence` or `harmful`.
    """

    name: str
    gain: Estimate
    p: float
    verdict: Verdict


def gate(
    labelled: LabelledRows,
    ideas: Mapping[str, Doubles],
    seed: int,
    q: float = 0.1,
    model: Learns = "trees",
    n_folds: int = 2,
) -> tuple[Gated, ...]:
    """Try every idea beside the blocks of the training rows.

    However many ideas are tried, at most a share `q` of those that pass are worthless, on average.

    Args:
        labelled: Training rows with the blocks there are.
        ideas: Name -> float64 [n_rows, d], made of the same training rows.
        seed: Seed of folds and model.
        q: Share of false discoveries allowed.
        model: The model that measures the gains.
        n_folds: Parts of the users, >= 2.

    Cost: (n_ideas + 1) x n_folds fits.
    """
    base, users = _gains(labelled, seed, model, n_folds)
    found = {}
    for name, X in ideas.items():
        more = replace(labelled, blocks={**labelled.blocks, name: X})
        found[name] = clustered(_gains(more, seed, model, n_folds)[0] - base, users)
    p = [f.p for f in found.values()]
    level = discovery_level(p, q)
    widened = [at_level(f, level) for f in found.values()]
    return tuple(
        Gated(name, f, c, of_difference(f.value, f.low, f.high, c, q))
        for name, f, c in zip(found, widened, benjamini_hochberg(p).tolist(), strict=True)
    )


def _gains(rows: LabelledRows, seed: int, model: Learns, n_folds: int) -> tuple[Doubles, Doubles]:
    parts, users = [], []
    for held_out in folds(rows, n_folds, seed, "gate"):
        test = rows.take(held_out)
        criterion = question(test)
        parts.append(criterion.gains(learner(model, seed)(rows.take(~held_out))(test.blocks)))
        users.append(criterion.cluster)
    return np.concatenate(parts), np.concatenate(users)
