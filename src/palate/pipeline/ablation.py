"""The table of combinations: what each block and each way to fuse them is worth over ids only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from palate.arrays import Doubles
from palate.evaluate.comparisons import compare_all, holm
from palate.evaluate.intervals import bootstrap
from palate.evaluate.slices import WHOLE
from palate.fit.combinations import IDS_ONLY, base_model, combinations
from palate.pipeline.measure import measured
from palate.pipeline.trial import Trial
from palate.recipe.recipe import Recipe


def ablation_rows(trials: Sequence[Trial], recipe: Recipe) -> list[dict[str, Any]] | None:
    """Rows {operator, blocks, metric, value, low, high, difference, difference_low,
    difference_high, p, p_adjusted}.

    Differences are paired by user, against the model of behaviour alone; p values are corrected by
    Holm's method within each metric. None where the recipe asks for no such table.

    Args:
        trials: What the repetitions found out.
        recipe: What was run.
    """
    rows = combinations(recipe.blocks, recipe.models, recipe.evaluate.ablation_table)
    if not rows:
        return None
    base = base_model(recipe.models)
    asked = [
        replace(t, outcomes=(next(o for o in t.outcomes if o.name == base), *t.combined))
        for t in trials
        if not t.scope
    ]
    values = measured(asked, recipe).values
    names = [base, *(row.name for row in rows)]
    labels = [
        (IDS_ONLY, ["ids"]),
        *((row.operator, [*(["ids"] if row.ids else []), *row.blocks]) for row in rows),
    ]
    found = []
    for metric in recipe.evaluate.metrics:
        columns = np.stack([values[name, WHOLE, metric] for name in names], axis=1)
        told = _figures(columns, recipe)
        found += [
            {"operator": operator, "blocks": blocks, "metric": metric, **row}
            for (operator, blocks), row in zip(labels, told, strict=True)
        ]
    return found


def _figures(columns: Doubles, recipe: Recipe) -> list[dict[str, Any]]:
    """One row for each of the columns [n_users, n]; the first column is what the others are
    compared with.
    """
    seed, resamples = recipe.seed, recipe.evaluate.resamples
    interval = bootstrap(columns, seed, resamples)
    rows: list[dict[str, Any]] = [
        {
            "value": _number(interval.value[i]),
            "low": _number(interval.low[i]),
            "high": _number(interval.high[i]),
        }
        for i in range(columns.shape[1])
    ]
    if len(columns) < 2:
        return rows
    compared = compare_all(columns[:, 1:] - columns[:, :1], seed, resamples)
    adjusted = holm([one.p for one in compared])
    for row, one, p in zip(rows[1:], compared, adjusted, strict=True):
        row |= {
            "difference": _number(one.difference),
            "difference_low": _number(one.low),
            "difference_high": _number(one.high),
            "p": _number(one.p),
            "p_adjusted": _number(p),
        }
    return rows


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(f"{value:.7g}")
