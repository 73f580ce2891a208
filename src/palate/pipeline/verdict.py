"""What the features are worth and for whom, said in sentences and in verdicts for each block."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from palate.evaluate.slices import WHOLE
from palate.pipeline import graph
from palate.pipeline.recipe import Recipe
from palate.tables import FeatureTable

Row = Mapping[str, Any]
Verdict = Literal["keep", "no evidence", "harmful"]

CONTROL_LIMIT = 0.01
"""A control may lift the primary metric by less than this share before the headline is withdrawn."""


def headline_model(recipe: Recipe) -> str:
    """The fusion that the headline is about: the one of most blocks, the first of those; else the last model.

    It is chosen by the recipe and never by test figures, which would flatter it.
    """
    fusions = graph.fusions(recipe.models)
    if not fusions:
        return list(recipe.models)[-1]
    return max(fusions, key=lambda name: (len(graph.all_blocks(name, recipe.models)), -fusions.index(name)))


def verdict(row: Row) -> Verdict:
    """`keep` if the whole interval of the gain lies above zero, `harmful` if below, else `no evidence`."""
    if row["low"] is not None and row["low"] > 0 and _significant(row):
        return "keep"
    return "harmful" if row["high"] is not None and row["high"] < 0 and _significant(row) else "no evidence"


def summary(
    recipe: Recipe, leaderboard: Sequence[Row], comparisons: Sequence[Row], importance: Sequence[Row]
) -> dict[str, Any]:
    """The headline, its details and its key figures.

    Args:
        recipe: What was run.
        leaderboard: Rows as `results.leaderboard` gives them.
        comparisons: Rows as `results.comparisons` gives them.
        importance: Rows as `importance_rows` gives them.
    """
    model, metric = headline_model(recipe), recipe.evaluate.primary
    value = {
        (r["model"], r["slice"]): r["value"] for r in leaderboard if r["metric"] == metric and r["kind"] != "published"
    }
    base = graph.base_of(model, recipe.models) if model in graph.fusions(recipe.models) else ""
    lifts = [r for r in comparisons if r["purpose"] == "lift" and r["a"] == model]
    controls = [
        r for r in comparisons if r["purpose"] == "control" and r["a"].startswith(f"{model}~") and r["slice"] == WHOLE
    ]
    told = {
        "primary": metric,
        "base_model": base,
        "best_model": model,
        "figures": _figures(value, model, base, metric, lifts, controls),
    }
    if not base or not any(r["slice"] == WHOLE for r in lifts):
        shown = f"{value.get((model, WHOLE)) or 0:.4f}"
        return {**told, "headline": f"{model} reaches {metric} {shown}; no model uses features.", "details": []}
    whole = next(r for r in lifts if r["slice"] == WHOLE)
    details = [_slice_sentence(r, value[base, r["slice"]], metric) for r in lifts if r["slice"] != WHOLE]
    details += [_control_sentence(r, value[base, WHOLE]) for r in controls]
    details += [f"Block {r['block']}: {r['verdict']} ({r['question']})" for r in importance]
    return {**told, "headline": _headline(whole, lifts, controls, value, base, metric), "details": details}


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


def _headline(
    whole: Row, lifts: Sequence[Row], controls: Sequence[Row], value: Mapping[Any, Any], base: str, metric: str
) -> str:
    loud = [
        r for r in controls if r["difference"] > CONTROL_LIMIT * max(value[base, WHOLE], 1e-12) and verdict(r) == "keep"
    ]
    if loud:
        return (
            f"Not evidence: {loud[0]['a']}, whose content means nothing, gains over {base} as well, "
            "so the gain cannot be put down to what the items say."
        )
    start, end = value[base, WHOLE], value[whole["a"], WHOLE]
    if verdict(whole) == "no evidence":
        return (
            f"No evidence that the features help: {metric} goes from {start:.4f} to {end:.4f} "
            f"({_percent(whole, start)}; 95 % interval {_range(whole, start)})."
        )
    verb = "raise" if whole["difference"] > 0 else "lower"
    size = f"({_percent(whole, start)}; 95 % interval {_range(whole, start)})"
    return f"The features {verb} {metric} from {start:.4f} to {end:.4f} {size}{_for_whom(lifts, value, base)}."


def _for_whom(lifts: Sequence[Row], value: Mapping[Any, Any], base: str) -> str:
    parts = [r for r in lifts if r["slice"] != WHOLE]
    gaining = [r for r in parts if verdict(r) == "keep"]
    if not gaining:
        return ""
    most = max(gaining, key=lambda r: r["difference"])
    start = value[base, most["slice"]]
    size = f"{_percent(most, start)}" if start > 0 else f"from nothing to {start + most['difference']:.4f}"
    return f", most for {most['slice']} ({size})"


def _slice_sentence(row: Row, start: float, metric: str) -> str:
    found = {"keep": "gain", "harmful": "loss", "no evidence": "no evidence of a gain"}[verdict(row)]
    size = f" ({_percent(row, start)})" if start else ""
    end = start + row["difference"]
    return f"{row['slice']}: {found}, {metric} {start:.4f} to {end:.4f}{size}, {row['n_users']} users."


def _control_sentence(row: Row, start: float) -> str:
    what = "permuted texts" if row["a"].endswith("~permuted") else "random vectors of the same width"
    return f"Control, {what}: {_percent(row, start)} over {row['b']}, as it should be near zero."


def _figures(
    value: Mapping[Any, Any], model: str, base: str, metric: str, lifts: Sequence[Row], controls: Sequence[Row]
) -> list[dict[str, Any]]:
    figures = [{"label": f"{metric}, {model}", "value": _shown(value.get((model, WHOLE))), "note": "all test users"}]
    if base:
        figures.append(
            {"label": f"{metric}, {base}", "value": _shown(value.get((base, WHOLE))), "note": "without features"}
        )
        start = value.get((base, WHOLE)) or 0.0
        figures += [
            {"label": "lift", "value": _percent(r, start), "note": f"95 % interval {_range(r, start)}"}
            for r in lifts
            if r["slice"] == WHOLE
        ]
        if controls:
            worst = max(controls, key=lambda r: abs(r["difference"]))
            figures.append(
                {"label": "largest control lift", "value": _percent(worst, start), "note": worst["a"].partition("~")[2]}
            )
    return figures


def _significant(row: Row) -> bool:
    return row["p_adjusted"] is not None and row["p_adjusted"] < 0.05


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def _percent(row: Row, start: float) -> str:
    return f"{row['difference'] / start:+.1%}".replace("%", " %") if start > 0 else f"{row['difference']:+.4f}"


def _range(row: Row, start: float) -> str:
    if start <= 0:
        return f"{row['low']:+.4f} to {row['high']:+.4f}"
    return f"{row['low'] / start:+.1%} to {row['high'] / start:+.1%}".replace("%", " %")
