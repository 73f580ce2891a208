"""The ablation table: what each block and each way to fuse them adds over ids only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from palate.arrays import Doubles
from palate.evaluate.comparisons import compare_family
from palate.evaluate.intervals import mean_intervals
from palate.evaluate.slices import WHOLE
from palate.fit.combinations import IDS, IDS_ONLY, base_model, combinations
from palate.pipeline.measure import measured
from palate.pipeline.trial import Trial
from palate.recipe.metrics import bounds, most_apart
from palate.recipe.recipe import Recipe
from palate.runs.fields import significant
from palate.runs.rows import Ablation
from palate.tables.variant import Variant


def ablation_rows(trials: Sequence[Trial], recipe: Recipe) -> tuple[Ablation, ...] | None:
    """Every combination by every metric, the model of behaviour alone first.

    Differences are paired by user, against the model of behaviour alone; their intervals and p
    values are corrected by Holm's method within each metric. None where the recipe asks for no such
    table.

    Args:
        trials: What the repetitions found out.
        recipe: What was run.
    """
    compared = combinations(recipe.graph, recipe.evaluate.ablation_table)
    if not compared:
        return None
    base = Variant(base_model(recipe.graph))
    combined = [
        replace(t, outcomes=(next(o for o in t.outcomes if o.variant == base), *t.combined))
        for t in trials
        if not t.scope
    ]
    values = measured(combined, recipe).values
    variants = (base, *(row.variant for row in compared))
    found: list[Ablation] = []
    for metric in recipe.evaluate.metrics:
        columns = np.stack([values[variant, WHOLE, metric] for variant in variants], axis=1)
        found += _rows(columns, variants, metric)
    return tuple(found)


def _rows(columns: Doubles, variants: Sequence[Variant], metric: str) -> list[Ablation]:
    """One row for each of the columns [n_users, n]; the first column is what the others are
    compared with.
    """
    interval = mean_intervals(columns, within=bounds(metric, columns))
    rows = [
        Ablation(
            *((variant.of, variant.changed) if i else (IDS_ONLY, (IDS,))),
            metric,
            significant(interval.value[i]),
            significant(interval.low[i]),
            significant(interval.high[i]),
            variant,
        )
        for i, variant in enumerate(variants)
    ]
    if len(columns) < 2:
        return rows
    differences = columns[:, 1:] - columns[:, :1]
    compared = compare_family(differences, most=most_apart(metric, differences))
    return rows[:1] + [
        replace(
            row,
            difference=significant(one.difference),
            difference_low=significant(one.low),
            difference_high=significant(one.high),
            p=significant(one.p),
            p_adjusted=significant(one.p_adjusted),
            confidence=significant(one.level),
        )
        for row, one in zip(rows[1:], compared, strict=True)
    ]
