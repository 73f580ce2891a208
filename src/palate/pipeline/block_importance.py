"""Importance of each block, as verdicts."""

from __future__ import annotations

from collections.abc import Sequence

from palate.evaluate.slices import WHOLE
from palate.recipe.recipe import Recipe
from palate.runs.rows import Comparison, Importance
from palate.tables import FeatureTable
from palate.tables.variant import Variant

ADD = "add"
"""The method of rows that say what a block adds, alone, to the model without features."""


def importance_rows(
    recipe: Recipe, comparisons: Sequence[Comparison], features: FeatureTable
) -> tuple[Importance, ...]:
    """Importance of each block: added alone to the base, and what would be lost without it."""
    rows: list[Importance] = []
    for row in comparisons:
        if row.slice != WHOLE:
            continue
        blocks = recipe.graph.all_blocks(row.a_variant.of)
        if row.purpose == "lift" and len(blocks) == 1:
            question = f"What does it add to {row.b} alone?"
            rows.append(_importance(row, blocks[0], ADD, question, features, row.a_variant))
        if row.purpose == "ablation":
            question = f"What would {row.a} lose without it?"
            rows += [
                _importance(row, block, "drop-and-refit", question, features, row.b_variant)
                for member in row.b_variant.changed
                for block in recipe.graph.all_blocks(member)
            ]
    return tuple(rows)


def _importance(
    row: Comparison,
    block: str,
    method: str,
    question: str,
    features: FeatureTable,
    model: Variant,
) -> Importance:
    table, verdict = features.block(block), row.verdict
    return Importance(
        block,
        method,
        question,
        row.metric,
        row.difference,
        row.low,
        row.high,
        row.p_adjusted,
        verdict.answer,
        round(table.seconds, 3),
        table.n_bytes,
        model,
        verdict.level,
    )
