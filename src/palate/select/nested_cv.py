"""The honest score of a selection, beside the one that selecting before splitting would have
shown.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from palate.arrays import Doubles
from palate.inference import clustered
from palate.perturbation.problems import FitRows
from palate.perturbation.questions import question
from palate.select.user_folds import folds
from palate.stages import Selector
from palate.tables.estimate import Estimate
from palate.tables.labelled_rows import LabelledRows


@dataclass(frozen=True)
class NestedScores:
    """Two scores of the same selector and model, over the same held-out users.

    Attributes:
        metric: The metric.
        honest: Selected inside each training fold.
        leaked: Selected once on all rows, test rows too: what not to believe.
        kept: What was kept in each fold.
        agreement: Mean Jaccard similarity of what was kept in two folds.
    """

    metric: str
    honest: Estimate
    leaked: Estimate
    kept: tuple[tuple[str, ...], ...]
    agreement: float


def honest_and_leaked(
    make: Callable[[], Selector],
    fit: FitRows,
    labelled: LabelledRows,
    seed: int,
    metric: str = "",
    n_folds: int = 4,
) -> NestedScores:
    """Cross-validate selection and model together, and show what the usual mistake would have
    given.

    Args:
        make: Makes a fresh selector.
        fit: Fits the model on rows of the kept blocks.
        labelled: All rows.
        seed: Seed of the folds and the selectors.
        metric: See `question`; empty: the usual one of the task.
        n_folds: Parts of the users, >= 2.

    Cost: `n_folds` + 1 selections and 2 `n_folds` fits.
    """
    everything = make().fit(labelled, seed).kept()
    honest, leaked, users, kept = [], [], [], []
    for held_out in folds(labelled, n_folds, seed, "honesty"):
        training, test = labelled.take(~held_out), labelled.take(held_out)
        kept.append(make().fit(training, seed).kept())
        criterion = question(test, metric)
        honest.append(_gains(fit, training, test, kept[-1], metric))
        leaked.append(_gains(fit, training, test, everything, metric))
        users.append(criterion.cluster)
    cluster = np.concatenate(users)
    return NestedScores(
        criterion.metric,
        clustered(np.concatenate(honest), cluster),
        clustered(np.concatenate(leaked), cluster),
        tuple(kept),
        float(np.mean([jaccard(a, b) for i, a in enumerate(kept) for b in kept[:i]])),
    )


def jaccard(a: tuple[str, ...], b: tuple[str, ...]) -> float:
    """Shared blocks over all blocks of the two; 1 where both are empty.

    >>> jaccard(("a", "b"), ("b", "c"))
    0.3333333333333333
    """
    union = set(a) | set(b)
    return len(set(a) & set(b)) / len(union) if union else 1.0


def _gains(
    fit: FitRows, training: LabelledRows, test: LabelledRows, names: tuple[str, ...], metric: str
) -> Doubles:
    predicted = fit(training.only(names))(test.only(names).blocks)
    return question(test, metric).gains(np.broadcast_to(predicted, len(test)))
