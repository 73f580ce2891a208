"""Tables of benchmark results, from the JSON files that `make bench` wrote."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any


def tables(results: Path) -> dict[str, Callable[[], str]]:
    """`benchmark/NAME` -> the table of results/NAME.json, and `benchmarks` -> all of them."""
    files = sorted(results.glob("*.json"))
    each: dict[str, Callable[[], str]] = {f"benchmark/{f.stem}": partial(table, f) for f in files}
    return {**each, "benchmarks": lambda: "\n\n".join(table(f, heading=True) for f in files)}


def table(file: Path, *, heading: bool = False) -> str:
    """The rows of one result, what they were measured on, and what is asked of them."""
    result = json.loads(file.read_text(encoding="utf-8"))
    columns = list(dict.fromkeys(key for row in result["rows"] for key in row))
    lines = [f"## {result['name']}", ""] if heading else []
    lines += [result["what"].rstrip(".") + ".", ""]
    lines += ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    lines += ["| " + " | ".join(_shown(row.get(c)) for c in columns) + " |" for row in result["rows"]]
    if result["claims"]:
        lines += ["", *(f"- {'holds' if claim['holds'] else 'FAILS'}: {claim['claim']}" for claim in result["claims"])]
    machine = result["machine"]
    lines += [
        "",
        f"Measured on {machine['processor']}, {machine['cores']} cores, {machine['memory_gb']} GB, "
        f"Python {machine['python']}, palate {machine['palate']}, in {result['seconds']:.0f} s.",
    ]
    return "\n".join(lines)


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10_000:
        return f"{value:,}"
    return str(value).replace("|", "\\|")
