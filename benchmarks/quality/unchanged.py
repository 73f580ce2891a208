"""Figures of quality of the presets before and after runs were made quicker, from the committed
results of both.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

name = "unchanged"
BEFORE = os.environ.get("PALATE_BEFORE", "6ccd618")
"""The last commit with figures of the presets before work on speed began."""
HERE = Path(__file__).resolve().parents[1]
FILE = "results/protocols.json"
what = (
    "The presets' own models, with and without features: the first metric as it was committed at"
    f" {BEFORE}, before ranking, budgets, samples of users and all else that makes runs quicker,"
    " and as it is committed now, each measured in a whole run of its preset. A figure is unchanged"
    " where it lies within the 95 % interval of before, over users"
)


def run() -> dict[str, Any]:
    """One row for each model that both have."""
    before, after = (_figures(text) for text in (_committed(), (HERE / FILE).read_text("utf-8")))
    rows = [_row(key, before[key], after[key]) for key in before if key in after]
    same = [row for row in rows if row["unchanged"] == "yes"]
    lower = [row for row in rows if row["unchanged"] == "lower"]
    named = ", ".join(f"{row['model']} of {row['preset']}" for row in lower)
    return {
        "rows": rows,
        "claims": [
            {
                "claim": f"{len(rows) - len(lower)} of {len(rows)} figures are within the interval"
                f" of before or above it ({len(same)} within)"
                + (f"; below: {named}" if named else ""),
                "holds": not lower,
            }
        ],
    }


def _committed() -> str:
    shown = ["git", "-C", str(HERE), "show", f"{BEFORE}:benchmarks/{FILE}"]
    return subprocess.run(shown, capture_output=True, text=True, check=True).stdout


def _figures(text: str) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (row["preset"], row["model"]): row
        for row in json.loads(text)["rows"]
        if row["kind"] == "model" and row.get("95 % interval")
    }


def _row(key: tuple[str, str], before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    label, old = before["first metric"].split()
    new = after["first metric"].split()[1]
    low, high = map(float, before["95 % interval"].split(" to "))
    state = "lower" if float(new) < low else "higher" if float(new) > high else "yes"
    return {
        "preset": key[0],
        "model": key[1],
        "metric": label,
        "before": old,
        "95 % interval": before["95 % interval"],
        "after": new,
        "unchanged": state,
    }
