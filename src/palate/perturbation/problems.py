"""Subjects made of what people have: rows and a function that fits, or a scorer and its feature
blocks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from palate.arrays import Doubles, Floats, dense
from palate.errors import BadInput
from palate.perturbation.questions import CasesQuestion, PerCase, question, ranking_metric
from palate.seeding import generator
from palate.stages import Scorer
from palate.tables import Cases, FeatureTable
from palate.tables.importance_problem import Blocks, ImportanceProblem, Predictor
from palate.tables.labelled_rows import LabelledRows

FitRows: TypeAlias = Callable[[LabelledRows], Predictor]
"""Fits a model on rows; the predictor is then called with the same blocks, and must accept
none."""
FitFeatures: TypeAlias = Callable[[FeatureTable], Scorer]
"""Fits a scorer on the training log with this feature table; some of the blocks may be missing from
it."""


def of_rows(
    fit: FitRows,
    training: LabelledRows,
    held_out: LabelledRows,
    metric: str = "",
    baseline: Doubles | None = None,
) -> ImportanceProblem:
    """A model of rows, judged on rows of other users.

    Args:
        fit: Fits the model; called once now, and once for each block that is left out later.
        training: Rows to learn from.
        held_out: Rows to evaluate on; no user may be on both sides.
        metric: See `question`; empty: the usual one of the task.
        baseline: Predictions [n_rows] of a model without the blocks, such as popularity; None: the
            training mean (for rankings: no order at all).

    Raises:
        BadInput: Users are on both sides, or the blocks differ.
    """
    both = np.intersect1d(training.user, held_out.user)
    if len(both):
        raise BadInput(
            f"{len(both)} users are on both sides, the first is row {both[0]}",
            where="held_out",
            next_step=(
                "split the rows by user, so that the intervals speak of users who were not learnt"
                " from"
            ),
        )
    if training.names != held_out.names:
        raise BadInput(
            f"blocks {training.names} to learn from and {held_out.names} to evaluate on",
            where="held_out",
        )
    criterion = question(held_out, metric)
    plain = np.full(len(held_out), float(training.label.mean())) if baseline is None else baseline
    return ImportanceProblem(
        held_out.blocks,
        fit(training),
        criterion,
        reference=training.blocks,
        request=held_out.request,
        entity=held_out.entity,
        learner=lambda names: fit(training.only(names)),
        baseline=criterion.gains(plain),
        bytes={
            name: int(X.astype(np.float32).nbytes // max(len(X), 1))
            for name, X in held_out.blocks.items()
        },
    )


def of_scorer(
    fit: FitFeatures,
    features: FeatureTable,
    cases: Cases,
    metric: str | tuple[str, PerCase] = "ndcg@10",
    names: Sequence[str] | None = None,
    baseline: Floats | None = None,
) -> ImportanceProblem:
    """A scorer and the feature blocks of its items, judged by full ranking of cases.

    A scorer takes its features up when it is fitted, so every exchanged block means fitting it
    again: the loss is then that of a model which never had the right content, not of one that is
    misled. Items exchange values with items that have such content too.

    Args:
        fit: Fits the scorer on the training part of the log.
        features: All blocks.
        cases: Validation or test cases; see `sample_cases` where there are many.
        metric: `ndcg@K`, `recall@K`, `auc`, or a label and any function of target ranks.
        names: Blocks to look at; all where None.
        baseline: float32 [n_cases, n_items], scores of a model without features (popularity).

    Cost: blocks are held dense as float64; n_cases x n_items scores at once.
    """
    chosen = tuple(features.blocks) if names is None else tuple(names)
    label, per_case = (metric, ranking_metric(metric)) if isinstance(metric, str) else metric
    criterion = CasesQuestion(label, cases, per_case)
    blocks = {name: dense(features.block(name).matrix).astype(np.float64) for name in chosen}
    others = {name: block for name, block in features.blocks.items() if name not in chosen}

    def learner(kept: tuple[str, ...]) -> Predictor:
        table = FeatureTable(
            features.items, {**others, **{name: features.block(name) for name in kept}}
        )
        return _Refitted(fit, table, cases)

    return ImportanceProblem(
        blocks,
        _Refitted(fit, features, cases),
        criterion,
        learner=learner,
        present={name: features.block(name).present for name in chosen},
        baseline=None if baseline is None else criterion.gains(baseline),
        seconds={name: features.block(name).seconds for name in chosen},
        bytes={name: features.block(name).n_bytes for name in chosen},
    )


def sample_cases(cases: Cases, most: int, seed: int) -> Cases:
    """At most so many cases with a target, drawn without looking at anything else."""
    usable = np.flatnonzero(cases.targets.lengths() > 0)
    if len(usable) > most:
        usable = np.sort(generator(seed, "sample cases").choice(usable, most, replace=False))
    return cases.take(usable)


@dataclass(frozen=True, eq=False)
class _Refitted:
    """Fits a scorer with the given blocks."""

    fit: FitFeatures
    features: FeatureTable
    cases: Cases

    def __call__(self, blocks: Blocks) -> NDArray[Any]:
        table = self.features
        for name, X in blocks.items():
            if name in table.blocks:
                table = table.replaced(
                    replace(table.blocks[name], matrix=np.asarray(X, np.float32))
                )
        return self.fit(table).score(self.cases.histories)
