"""Importance of each block, as verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from palate.evaluate.slices import WHOLE
from palate.recipe.recipe import Recipe
from palate.recipe.references import credits_of
from palate.report.claims import judged
from palate.runs.rows import Comparison, Importance
from palate.tables import FeatureTable
from palate.tables.block_question import DROPPED
from palate.tables.variant import Variant

ADD = "add"
"""The method of rows about the only block of a fusion, fitted again without it; a row of
`drop and refit` is about one of several."""


def importance_rows(
    recipe: Recipe, comparisons: Sequence[Comparison], features: FeatureTable
) -> tuple[Importance, ...]:
    """Importance of each block: what a fusion of it alone gains, and what one of several would lose
    without it, each time against the same fusion with its weights chosen again.
    """
    rows: list[Importance] = []
    whole = [row for row in comparisons if row.slice == WHOLE]
    for row in whole:
        blocks = recipe.graph.all_blocks(row.a_variant.of)
        if row.purpose == "lift" and len(blocks) == 1:
            question = f"Is {row.a} worse without it, its weights chosen again?"
            found = _importance(row, blocks[0], ADD, question, features, row.a_variant)
            # a gain that the fusion's own controls reach as well is none of the block
            one = judged(row, comparisons)
            reason = f" It is {one.reason}." if one.reason else ""
            rows.append(replace(found, verdict=one.answer, question=question + reason))
    for fusion in recipe.graph.fusions():
        for credit in credits_of(recipe.graph, fusion):
            question = f"Is {fusion} worse without it, its weights chosen again?"
            rows += [
                _importance(row, credit.blocks[0], DROPPED, question, features, row.b_variant)
                for row in whole
                if row.purpose == "ablation"
                and (row.a_variant, row.b_variant) == (Variant(fusion), credit.reference)
                and len(credit.blocks) == 1
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
        row.confidence,
        row.p_adjusted,
        verdict.answer,
        round(table.seconds, 3),
        table.n_bytes,
        model,
        verdict.level,
    )
