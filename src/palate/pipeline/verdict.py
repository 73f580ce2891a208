"""What each block is worth, as verdicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from palate.evaluate.slices import WHOLE
from palate.pipeline import graph
from palate.pipeline.recipe import Recipe
from palate.tables import FeatureTable

Row = Mapping[str, Any]
Verdict = Literal["keep", "no evidence", "harmful"]

LEVEL = 0.05
"""Corrected p values below this count as clear."""


def verdict(row: Row) -> Verdict:
    """`keep` if the whole interval of the gain lies above zero, `harmful` if below, else `no evidence`.

    The p value, corrected for all comparisons of the same purpose, must agree.
    """
    if row["p_adjusted"] is None or row["p_adjusted"] >= LEVEL:
        return "no evidence"
    if row["low"] > 0:
        return "keep"
    return "harmful" if row["high"] < 0 else "no evidence"


def importance_rows(recipe: Recipe, comparisons: Sequence[Row], features: FeatureTable) -> list[dict[str, Any]]:
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
            rows.append(_importance(row, blocks[0], "add", f"What does it add to {row['b']} alone?", features))
        if row["purpose"] == "ablation":
            member = row["b"].removeprefix(f"{row['a']}-without-")
            for block in graph.all_blocks(member, recipe.models):
                rows.append(
                    _importance(row, block, "drop-and-refit", f"What would {row['a']} lose without it?", features)
                )
    return rows


def _importance(row: Row, block: str, method: str, question: str, features: FeatureTable) -> dict[str, Any]:
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
