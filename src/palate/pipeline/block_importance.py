"""What each block is worth, as verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from palate.evaluate.slices import WHOLE
from palate.recipe import graph
from palate.recipe.recipe import Recipe
from palate.runs.verdict import Row, verdict
from palate.tables import FeatureTable


def importance_rows(
    recipe: Recipe, comparisons: Sequence[Row], features: FeatureTable
) -> list[dict[str, Any]]:
    """What each block is worth: added alone to the base, and what would be lost without it.

    Returns:
        Rows {block, method, question, metric, value, low, high, p, verdict, seconds, bytes}.
    """
    rows = []
    for row in comparisons:
        if row["slice"] != WHOLE or row["purpose"] not in ("lift", "ablation"):
            continue
        blocks = graph.all_blocks(row["a"], recipe.models)
        if row["purpose"] == "lift" and len(blocks) == 1:
            rows.append(
                _importance(
                    row, blocks[0], "add", f"What does it add to {row['b']} alone?", features
                )
            )
        if row["purpose"] == "ablation":
            member = row["b"].removeprefix(f"{row['a']}-without-")
            for block in graph.all_blocks(member, recipe.models):
                rows.append(
                    _importance(
                        row,
                        block,
                        "drop-and-refit",
                        f"What would {row['a']} lose without it?",
                        features,
                    )
                )
    return rows


def _importance(
    row: Row, block: str, method: str, question: str, features: FeatureTable
) -> dict[str, Any]:
    table = features.block(block)
    return {
        "block": block,
        "method": method,
        "question": question,
        "metric": row["metric"],
        "value": row["difference"],
        "low": row["low"],
        "high": row["high"],
        "p": row["p_adjusted"],
        "verdict": verdict(row),
        "seconds": round(table.seconds, 3),
        "bytes": table.n_bytes,
    }
