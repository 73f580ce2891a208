"""Tables of benchmark results, from the JSON files that `make bench` wrote."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

RECIPES = Path(__file__).resolve().parents[1] / "src" / "palate" / "recipes" / "protocols"


def tables(results: Path) -> dict[str, Callable[[], str]]:
    """`benchmark/NAME` -> the table of results/NAME.json, and `benchmarks` -> all of them."""
    files = sorted(results.glob("*.json"))
    each: dict[str, Callable[[], str]] = {f"benchmark/{f.stem}": partial(table, f) for f in files}
    return {
        **each,
        "faults": partial(faults, results),
        "benchmarks": lambda: "\n\n".join(table(f, heading=True) for f in files),
        "best-of-presets": partial(best_of_presets, results / "protocols.json"),
    }


def table(file: Path, *, heading: bool = False) -> str:
    """The rows of one result, what they were measured on, and what is asked of them."""
    result = json.loads(file.read_text(encoding="utf-8"))
    columns = list(dict.fromkeys(key for row in result["rows"] for key in row))
    lines = [f"## {result['name']}", ""] if heading else []
    lines += [result["what"].rstrip(".") + ".", ""]
    lines += ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    lines += [
        "| " + " | ".join(_shown(row.get(c)) for c in columns) + " |" for row in result["rows"]
    ]
    if result["claims"]:
        lines += [
            "",
            *(
                f"- {'holds' if claim['holds'] else 'FAILS'}: {claim['claim']}"
                for claim in result["claims"]
            ),
        ]
    machine = result["machine"]
    lines += [
        "",
        (
            f"Measured on {machine['processor']}, {machine['cores']} cores, {machine['memory_gb']}"
            f" GB, Python {machine['python']}, palate {machine['palate']}, in"
            f" {result['seconds']:.0f} s."
        ),
    ]
    return "\n".join(lines)


def faults(results: Path) -> str:
    """What was tried on a live service, a line each, from all results of that kind."""
    files = sorted(results.glob("faults_*.json"))
    rows = [row for file in files for row in json.loads(file.read_text(encoding="utf-8"))["rows"]]
    columns = ("tried", "how much", "asked", "found")
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    lines += ["| " + " | ".join(_shown(row.get(c)) for c in columns) + " |" for row in rows]
    return "\n".join(lines)


def best_of_presets(file: Path, recipes: Path = RECIPES) -> str:
    """Each protocol preset in a line: the strongest published figure, palate's best model, how far
    it is from the published one, and what its content adds.

    Args:
        file: What the benchmark `protocols` wrote.
        recipes: Folder of the presets, whose `protocol.bars` are the published figures.
    """
    rows = json.loads(file.read_text(encoding="utf-8"))["rows"] if file.is_file() else []
    lines = [
        "| preset | metric | strongest published | palate | against it | what its features add |",
        "|---|---|---|---|---|---|",
    ]
    for preset in dict.fromkeys(row["preset"] for row in rows):
        own = [row for row in rows if row["preset"] == preset and "first metric" in row]
        ours = max((row for row in own if row["kind"] == "model"), key=_first, default=None)
        if ours is None:
            continue
        metric = ours["first metric"].partition(" ")[0]
        published = _strongest(recipes / f"{preset}.toml", metric)
        best = f"{published['value']:.4f}, {published['model']}" if published else ""
        added = (
            f"{ours['lift']} over {ours['against']}, p {ours['p, corrected']}"
            if "lift" in ours
            else ""
        )
        lines.append(
            f"| `{preset}` | {metric} | {best} | **{_first(ours):.4f}**, {ours['model']} |"
            f" {_against(_first(ours), published)} | {added} |"
        )
    return "\n".join(lines)


def _strongest(recipe: Path, metric: str) -> dict[str, Any] | None:
    """The highest published figure that a preset names."""
    told = tomllib.loads(recipe.read_text(encoding="utf-8")) if recipe.is_file() else {}
    bars = [bar for bar in told.get("protocol", {}).get("bars", []) if bar["metric"] == metric]
    return max(bars, key=lambda bar: float(bar["value"]), default=None)


def _against(ours: float, published: dict[str, Any] | None) -> str:
    if published is None:
        return ""
    gain = 100 * (ours / float(published["value"]) - 1)
    return f"behind by {-gain:.1f} %" if gain < 0 else f"{gain:+.1f} %"


def _first(row: dict[str, Any]) -> float:
    """The number of the first metric, which the benchmark writes behind its name."""
    return float(row["first metric"].rpartition(" ")[2])


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10_000:
        return f"{value:,}"
    return str(value).replace("|", "\\|")
