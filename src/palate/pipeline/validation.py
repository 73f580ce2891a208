"""How every model of a recipe does on validation cases: which is best, and which seem broken."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from palate.arrays import Doubles
from palate.capabilities import Baseline
from palate.evaluate.measures import measure_ranks
from palate.evaluate.ranking import rank
from palate.gradient.validation import some_cases
from palate.inference import mean_and_error
from palate.recipe.metrics import length, metric, of_ranks
from palate.recipe.recipe import Recipe
from palate.registry import part_class, spec
from palate.runs.fields import significant
from palate.runs.rows import Validated
from palate.stages import Scorer
from palate.tables import Cases, Finding, Rankings, Training

POPULARITY = "model.popularity.v1"
MOST_CASES = 2_000
"""Validation cases that every model ranks."""
_MANY = 2
DEPTH = 100
"""Best items whose scores are looked at."""


def validated(
    recipe: Recipe, scorers: Mapping[str, Scorer], training: Training, seed: int
) -> tuple[Validated, ...]:
    """One row a model, in the order of the recipe; none where there are no validation cases.

    Args:
        recipe: Whose models.
        scorers: They, fitted.
        training: What they were fitted on, and the validation cases.
        seed: Draws the cases.

    Cost: one ranking of at most `MOST_CASES` cases by each model.
    """
    cases = some_cases(training.validation, MOST_CASES, seed)
    if not len(cases):
        return ()
    label = of_ranks(recipe.evaluate.primary)
    known = next((n for n, part in recipe.models.items() if part.name == POPULARITY), None)
    plain = scorers[known] if known else spec({"part": POPULARITY}, "scorer").build().fit(training)
    floor, _ = _ranked(plain, cases, label, recipe)
    figures = {name: _ranked(scorers[name], cases, label, recipe) for name in recipe.models}
    best = max((per_case for per_case, _ in figures.values()), key=_mean)
    rows = []
    for name, (per_case, constant) in figures.items():
        behind, error = mean_and_error(best - per_case)
        rows.append(
            Validated(
                name,
                label,
                significant(_mean(per_case)),
                significant(behind),
                significant(error),
                significant(constant),
                significant(_mean(floor)),
                len(cases),
            )
        )
    return tuple(rows)


def model_findings(recipe: Recipe, rows: Sequence[Validated]) -> tuple[Finding, ...]:
    """Models that learnt something and seem broken: their scores are constant for most cases, or
    popularity does better.
    """
    found, below = [], []
    for row in rows:
        if issubclass(part_class(recipe.models[row.model].name), Baseline):
            continue
        where = f"models.{row.model}"
        if (row.constant or 0.0) > 0.5:
            found.append(
                Finding(
                    "constant-scores",
                    "warning",
                    f'"{row.model}" gives its best items one and the same score in'
                    f" {row.constant:.0%} of {row.n_cases:,} validation cases",
                    where,
                    round((row.constant or 0.0) * (row.n_cases or 0)),
                    advice="its lists say nothing there: try other settings, or leave it out",
                )
            )
        elif (row.value or 0.0) < (row.popularity or 0.0):
            below.append(row)
    return (*found, *_below_popularity(below))


def _below_popularity(rows: Sequence[Validated]) -> Iterator[Finding]:
    """One finding for all of them where they are many: what they have in common is the data."""
    if len(rows) > _MANY:
        listed = ", ".join(f'"{row.model}" {row.value or 0.0:.4f}' for row in rows)
        message = (
            f"{len(rows)} models rank worse than popularity ({rows[0].metric}"
            f" {rows[0].popularity or 0.0:.4f}) on validation cases: {listed}"
        )
        advice = (
            "are there enough events for them? Try other settings, or recommend what is popular"
        )
        n_cases = int(rows[0].n_cases or 0)
        yield Finding("below-popularity", "warning", message, "models", n_cases, advice=advice)
        return
    for row in rows:
        message = (
            f'"{row.model}" ranks worse than popularity on validation cases: {row.metric}'
            f" {row.value or 0.0:.4f} against {row.popularity or 0.0:.4f}"
        )
        advice = "try other settings; alone it is no model to recommend with"
        where, n_cases = f"models.{row.model}", int(row.n_cases or 0)
        yield Finding("below-popularity", "warning", message, where, n_cases, advice=advice)


def _ranked(scorer: Scorer, cases: Cases, label: str, recipe: Recipe) -> tuple[Doubles, float]:
    """The metric of each case, and the share of cases whose best items all have one score."""
    depth = max(DEPTH, length(label))
    ranks, lists = rank(scorer, cases, depth, chunk=recipe.evaluate.chunk)
    found: Any = metric(label)
    return measure_ranks(found, ranks), _constant(lists)


def _constant(lists: Rankings) -> float:
    scores = np.where(lists.items >= 0, lists.scores, np.nan)
    several = (lists.items >= 0).sum(axis=1) > 1
    first = scores[:, :1]
    alike = np.all(np.isnan(scores) | (scores == first), axis=1)
    return float(np.mean(alike & several)) if len(alike) else 0.0


def _mean(per_case: Doubles) -> float:
    return float(np.nanmean(per_case)) if np.any(~np.isnan(per_case)) else float("nan")
