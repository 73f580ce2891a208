"""What importance means for a person who pays for features: one sentence a block."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np

from palate.explain.importance.verdict import BlockVerdict
from palate.runs.fields import finite
from palate.runs.importance_rows import BlockAdvice
from palate.tables.block_question import DROPPED, PERMUTED, REMAINS
from palate.tables.importance_problem import ImportanceEstimate
from palate.tables.verdict import LEVEL, OWN, Answer, is_unused

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


def block_advice(
    rows: Sequence[BlockVerdict], metric: str, basis: Mapping[str, str] = MappingProxyType({})
) -> tuple[BlockAdvice, ...]:
    """One entry a block, what is worth paying for first.

    Args:
        rows: The judged answers.
        metric: By which metric.
        basis: Block -> where the deciding answer was found, if not on the cases of this study.
    """
    by_block: dict[str, list[BlockVerdict]] = {}
    for row in rows:
        by_block.setdefault(row.estimate.block, []).append(row)
    found = [_advice_of(block, mine, metric, basis) for block, mine in by_block.items()]
    return tuple(sorted(found, key=lambda t: (_ORDER.index(t.verdict), -(t.value or 0.0))))


def _advice_of(
    block: str, rows: Sequence[BlockVerdict], metric: str, basis: Mapping[str, str]
) -> BlockAdvice:
    verdict = rows[0].verdict.answer
    # the number told is that of the question that decided, never one of another question
    own = next((row for method in OWN for row in rows if row.estimate.method == method), rows[0])
    sentence = _sentence(own, rows, verdict, metric)
    if own.estimate.method == DROPPED and block in basis:
        question = REMAINS[:1].lower() + REMAINS[1:]
        sentence = (
            f"{sentence} (The question was: {question} The answer is that of {basis[block]}.)"
        )
    return BlockAdvice(
        block,
        verdict,
        ADVICE[verdict],
        sentence,
        finite(own.estimate.value),
        finite(rows[0].seconds),
        rows[0].bytes,
    )


def _sentence(own: BlockVerdict, rows: Sequence[BlockVerdict], verdict: Answer, metric: str) -> str:
    w = own.estimate
    if verdict == "keep":
        between = f"({_interval(w.low, w.high, w.found.level)})"
        how = "without it" if w.method == DROPPED else "with what only it says permuted,"
        return (
            f"It knows something that nothing else here knows: {how} {metric} falls by"
            f" {w.value:.4f} {between}."
        )
    if verdict == "harmful":
        return (
            f"Without it {metric} rises by {-w.value:.4f}"
            f" ({_interval(-w.high, -w.low, w.found.level)})."
        )
    if is_unused({row.estimate.method: row.found for row in rows}):
        return (
            f"The model does not use it: {metric} stays exactly as it is when its values are"
            " exchanged between the items."
        )
    most = 0.0 if np.isnan(w.high) or w.method not in OWN else w.high
    if verdict == "replaceable":
        leant_on = any(
            row.estimate.method == PERMUTED and row.found.answer == "keep" for row in rows
        )
        use = "The model leans on it" if leant_on else "It helps where the others are missing"
        stake = f" At most {most:.4f} of {metric} is at stake." if most > 0 else ""
        return (
            f"{use}, but nothing shows that the model is worse without it: try the run without"
            f" it.{stake}"
        )
    return _without_evidence(w, metric)


def _interval(low: float, high: float, level: float) -> str:
    corrected = ", corrected for the number of blocks," if level > 1 - LEVEL else ""
    return f"95 % interval{corrected} {low:.4f} to {high:.4f}"


def _without_evidence(w: ImportanceEstimate, metric: str) -> str:
    if w.method not in OWN or np.isnan(w.high):
        return "Whether anything is lost without it was not found out."
    if w.high <= 0:
        return "Nothing is lost without it."
    return (
        f"If it helps at all, then by no more than {w.high:.4f} of {metric}; with more users one"
        " could say more."
    )
