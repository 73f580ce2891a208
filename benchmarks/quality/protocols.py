"""Every protocol preset with the models that palate runs by default, beside the best published
figure.
"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from typing import Any

import prepared

import palate
from palate.errors import PalateError

name = "protocols"
what = (
    "Each preset of recipes/protocols and recipes/beauty-tuned.toml, run whole: the primary metric"
    " of every model with its 95 % interval over users, the lift of each fusion over its base, and"
    " the published figures under the same protocol. With PRESETS in the environment only those are"
    " run, and the others keep their rows."
)

RECIPES = Path(__file__).resolve().parents[2] / "recipes" / "protocols"
# no preset of its own, but asked by the same protocol: what the language model is worth in place of
# counted words
BESIDE = RECIPES.parent / "beauty-tuned.toml"
CONTROL_LIMIT = 0.01
TIMED = {"s3rec-beauty-loo": 300}

# preset -> (model, metric, least value, most value)
TARGETS: dict[str, list[tuple[str, str, float, float]]] = {
    "recbole-ml100k": [
        ("ease", "ndcg@10", 0.320, 0.332),
        ("popularity", "ndcg@10", 0.135, 0.147),
        ("item-knn", "ndcg@10", 0.243, 1.0),
        ("ids+both", "ndcg@10", 0.335, 1.0),
    ],
    "msrec-ml100k": [("ials", "ndcg@10", 0.475, 1.0)],
    "cornac-ml100k": [("item-knn", "auc", 0.8695, 1.0), ("item-knn", "ndcg@10", 0.15, 1.0)],
    "s3rec-yelp-loo": [("ranked", "recall@10", 0.0341, 1.0), ("ranked", "ndcg@10", 0.0168, 1.0)],
    "s3rec-beauty-loo": [
        ("cooccurrence", "recall@10", 0.0814, 1.0),
        ("cooccurrence", "ndcg@10", 0.0512, 1.0),
        ("cooccurrence+words", "recall@10", 0.1075, 1.0),
        ("cooccurrence+words", "ndcg@10", 0.0651, 1.0),
        ("ranked", "recall@10", 0.115, 1.0),
        ("ranked", "ndcg@10", 0.07, 1.0),
        ("ranked", "recall@20", 0.152, 1.0),
    ],
}

# preset -> (model, the model it stands in for, least relative gain of the primary metric, largest
# p)
IN_PLACE: dict[str, list[tuple[str, str, float, float]]] = {
    "beauty-tuned": [
        ("ranked-tuned", "ranked-words", 0.03, 0.01),
        ("ranked-language-model", "ranked-words", 0.03, 0.01),
    ],
}


def run() -> dict[str, Any]:
    """Rows of all presets whose data is at hand."""
    wanted = os.environ.get("PRESETS", "").split()
    kept = prepared.last(name, "preset", wanted)
    rows, claims = kept["rows"], kept["claims"]
    for recipe in [*sorted(RECIPES.glob("*.toml")), BESIDE]:
        if wanted and recipe.stem not in wanted:
            continue
        with tempfile.TemporaryDirectory() as folder:
            started = time.perf_counter()
            try:
                opened = palate.run(recipe=recipe, folder=folder)
            except PalateError as error:
                rows.append({"preset": recipe.stem, "model": f"not run: {error.what}"})
                continue
            seconds = time.perf_counter() - started
            rows += _rows(recipe.stem, opened)
            claims += _claims(recipe.stem, opened, seconds)
    return {"rows": rows, "claims": claims}


def _rows(preset: str, opened: palate.Run) -> list[dict[str, Any]]:
    metrics = list(opened.recipe.evaluate.metrics[:2])
    board = opened.leaderboard().to_dicts()
    lifts = {
        r["a"]: r
        for r in opened.comparisons().to_dicts()
        if r["purpose"] in ("lift", "control") and r["slice"] == "all"
    }
    found: dict[str, dict[str, Any]] = {}
    for row in board:
        if row["slice"] == "all" and row["metric"] in metrics and row["kind"] != "ablation":
            place = metrics.index(row["metric"])
            own = found.setdefault(
                row["model"], {"preset": preset, "model": row["model"], "kind": row["kind"]}
            )
            own[("first metric", "second metric")[place]] = f"{row['metric']} {row['value']:.4f}"
            if row["low"] is not None and not place:
                own["95 % interval"] = f"{row['low']:.4f} to {row['high']:.4f}"
    for model, row in lifts.items():
        start = next(
            r["value"]
            for r in board
            if (r["model"], r["slice"], r["metric"]) == (row["b"], "all", row["metric"])
        )
        size = (
            f"{100 * row['difference'] / start:+.1f} %"
            if start > 0.001
            else f"{row['difference']:+.4f}"
        )
        found[model] |= {
            "against": row["b"],
            "lift": size,
            "p, corrected": f"{row['p_adjusted']:.2g}",
        }
    return list(found.values())


def _claims(preset: str, opened: palate.Run, seconds: float) -> list[dict[str, Any]]:
    board = opened.leaderboard().to_dicts()
    value = {(r["model"], r["metric"]): r["value"] for r in board if r["slice"] == "all"}
    claims = []
    for model, metric, low, high in TARGETS.get(preset, []):
        asked = f"at least {low}" if high == 1.0 else f"between {low} and {high}"
        got = value[model, metric]
        claims.append(
            {
                "claim": f"{preset}: {model} {metric} {got:.4f}, {asked}",
                "holds": low <= round(got, 4) <= high,
            }
        )
    for row in opened.comparisons().to_dicts():
        if row["purpose"] == "control" and row["slice"] == "all":
            lift = row["difference"] / max(value[row["b"], row["metric"]], 0.001)
            text = (
                f"{preset}: {row['a']} lifts {row['metric']} by {100 * lift:+.2f} % over"
                f" {row['b']}, under 1 %"
            )
            claims.append({"claim": text, "holds": lift < CONTROL_LIMIT})
    claims += [_in_place(preset, opened, *asked) for asked in IN_PLACE.get(preset, [])]
    if preset in TIMED:
        text = (
            f"{preset}: end to end, encoding and controls included, in {seconds:.0f} s, at most"
            f" {TIMED[preset]} s"
        )
        claims.append({"claim": text, "holds": seconds <= TIMED[preset]})
    return claims


def _in_place(
    preset: str, opened: palate.Run, new: str, old: str, least: float, largest_p: float
) -> dict[str, Any]:
    """Whether one model is better than the one it stands in for, paired over users."""
    metric = opened.recipe.evaluate.primary
    value = {
        r["model"]: r["value"]
        for r in opened.leaderboard().to_dicts()
        if (r["slice"], r["metric"]) == ("all", metric)
    }
    p = next(
        r["p"]
        for r in opened.comparisons().to_dicts()
        if {r["a"], r["b"]} == {new, old} and r["slice"] == "all"
    )
    gain = value[new] / value[old] - 1
    asked = f"at least {100 * least:+.0f} % and p under {largest_p}"
    text = f"{preset}: {new} {metric} {100 * gain:+.1f} % over {old}, p {p:.2g}; {asked}"
    return {"claim": text, "holds": gain >= least and p < largest_p}
