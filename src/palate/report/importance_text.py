"""What the numbers mean for somebody who pays for features: one sentence a block."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from palate.explain.importance.verdict import OWN, Row, Verdict

ADVICE: dict[Verdict, str] = {
    "keep": "Worth paying for",
    "replaceable": "Can be replaced",
    "no evidence": "Nothing shows that it helps",
    "harmful": "Better left out",
}
"""Verdict -> what to do, in a few words."""
_ORDER: tuple[Verdict, ...] = ("keep", "replaceable", "no evidence", "harmful")


def told(rows: Sequence[Row], metric: str) -> list[dict[str, Any]]:
    """One entry a block, what is worth paying for first: {block, verdict, advice, sentence, value,
    seconds, bytes}.
    """
    by_block: dict[str, list[Row]] = {}
    for row in rows:
        by_block.setdefault(row.estimate.block, []).append(row)
    found = [_told(block, mine, metric) for block, mine in by_block.items()]
    return sorted(found, key=lambda t: (_ORDER.index(t["verdict"]), -(t["value"] or 0.0)))


def _told(block: str, rows: Sequence[Row], metric: str) -> dict[str, Any]:
    verdict = rows[0].verdict
    own = next((row for method in OWN for row in rows if row.estimate.method == method), rows[0])
    if verdict in ("keep", "harmful"):
        sign, wanted = (1, "gain") if verdict == "keep" else (-1, "loss")
        clear = [row for row in rows if row.estimate.method in OWN and row.found == wanted]
        own = max(clear, key=lambda row: sign * row.estimate.value, default=own)
    return {
        "block": block,
        "verdict": verdict,
        "advice": ADVICE[verdict],
        "sentence": _sentence(own, rows, verdict, metric),
        "value": None if np.isnan(own.estimate.value) else float(own.estimate.value),
        "seconds": None if np.isnan(rows[0].seconds) else float(rows[0].seconds),
        "bytes": rows[0].bytes,
    }


def _sentence(own: Row, rows: Sequence[Row], verdict: Verdict, metric: str) -> str:
    w = own.estimate
    between = f"(95 % sure: between {w.low:.4f} and {w.high:.4f})"
    if verdict == "keep":
        return (
            f"It knows something that nothing else here knows: without it {metric} falls by"
            f" {w.value:.4f} {between}."
        )
    if verdict == "harmful":
        return (
            f"Without it {metric} rises by {-w.value:.4f} (95 % sure: between {-w.high:.4f} and"
            f" {-w.low:.4f})."
        )
    most = max(
        (
            row.estimate.high
            for row in rows
            if row.estimate.method in OWN and not np.isnan(row.estimate.high)
        ),
        default=0.0,
    )
    if verdict == "replaceable":
        leant_on = any(row.estimate.method == "permutation" and row.found == "gain" for row in rows)
        use = "The model leans on it" if leant_on else "It helps where the others are missing"
        stake = f" At most {most:.4f} of {metric} is at stake." if most > 0 else ""
        return (
            f"{use}, but nothing shows that it says more than the others do: try the run without"
            f" it.{stake}"
        )
    if most <= 0:
        return "Taking it away changes nothing at all: the model does not use it."
    return (
        f"If it helps at all, then by no more than {most:.4f} of {metric}; with more users one"
        " could say more."
    )
