"""What importance means for a person who pays for features: one sentence a block."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np

from palate.explain.importance.verdict import BlockVerdict
from palate.runs.fields import finite
from palate.runs.importance_rows import BlockAdvice
from palate.tables.verdict import OWN, Answer

ADVICE: Mapping[Answer, str] = MappingProxyType(
    {
        "keep": "Worth paying for",
        "replaceable": "Can be replaced",
        "no evidence": "Nothing shows that it helps",
        "harmful": "Better left out",
    }
)
"""Answer -> what to do, in a few words; in the order of the page."""
_ORDER = tuple(ADVICE)


def block_advice(rows: Sequence[BlockVerdict], metric: str) -> tuple[BlockAdvice, ...]:
    """One entry a block, what is worth paying for first."""
    by_block: dict[str, list[BlockVerdict]] = {}
    for row in rows:
        by_block.setdefault(row.estimate.block, []).append(row)
    found = [_advice_of(block, mine, metric) for block, mine in by_block.items()]
    return tuple(sorted(found, key=lambda t: (_ORDER.index(t.verdict), -(t.value or 0.0))))


def _advice_of(block: str, rows: Sequence[BlockVerdict], metric: str) -> BlockAdvice:
    verdict = rows[0].verdict.answer
    own = next((row for method in OWN for row in rows if row.estimate.method == method), rows[0])
    if verdict in ("keep", "harmful"):
        sign = 1 if verdict == "keep" else -1
        clear = [r for r in rows if r.estimate.method in OWN and r.found.answer == verdict]
        own = max(clear, key=lambda row: sign * row.estimate.value, default=own)
    return BlockAdvice(
        block,
        verdict,
        ADVICE[verdict],
        _sentence(own, rows, verdict, metric),
        finite(own.estimate.value),
        finite(rows[0].seconds),
        rows[0].bytes,
    )


def _sentence(own: BlockVerdict, rows: Sequence[BlockVerdict], verdict: Answer, metric: str) -> str:
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
        leant_on = any(
            row.estimate.method == "permutation" and row.found.answer == "keep" for row in rows
        )
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
