"""From numbers to verdicts: p values corrected over the blocks, and one word for each block."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from palate.inference import benjamini_hochberg
from palate.tables.importance_problem import ImportanceEstimate, ImportanceProblem

Verdict: TypeAlias = Literal["keep", "replaceable", "no evidence", "harmful"]
Found: TypeAlias = Literal["gain", "nothing", "loss"]

OWN = ("conditional permutation", "drop and refit")
"""Methods that ask what a block has of its own; only these can make a block worth keeping."""
SHARED = ("permutation", "shapley")
"""Methods in which a copy looks as useful as its original."""


@dataclass(frozen=True)
class Row:
    """A row of `importance.json`.

    Attributes:
        worth: The number and its question.
        p: Its p value, corrected over the blocks of the same method and metric
            (Benjamini-Hochberg); NaN for none.
        found: Whether this method found anything.
        verdict: What all methods together say of the block, by this metric.
        seconds: Seconds it takes to make the block; NaN where unknown.
        bytes: Bytes of the block; None where unknown.
    """

    estimate: ImportanceEstimate
    p: float
    found: Found
    verdict: Verdict
    seconds: float
    bytes: int | None

    def facts(self) -> dict[str, Any]:
        """The row as plain values, None for what there is not."""
        w = self.estimate
        numbers = {
            "value": w.value,
            "low": w.low,
            "high": w.high,
            "p": self.p,
            "seconds": self.seconds,
        }
        plain = {key: None if np.isnan(value) else float(value) for key, value in numbers.items()}
        return {
            "block": w.block,
            "method": w.method,
            "question": w.question,
            "metric": w.metric,
            **{key: plain[key] for key in ("value", "low", "high", "p")},
            "verdict": self.verdict,
            "seconds": plain["seconds"],
            "bytes": self.bytes,
        }


def judged(
    estimates: Sequence[ImportanceEstimate], problem: ImportanceProblem, q: float = 0.1
) -> tuple[Row, ...]:
    """Correct the p values and give every block its verdict.

    `keep`: a method of `OWN` finds a gain. `harmful`: one of them finds a loss (the model is better
        without it).
    `replaceable`: the model uses the block, but nothing shows that the others could not stand in.
    `no evidence`: nothing was found; with few users that is no proof of uselessness.

    Args:
        estimates: Rows of one subject, by any number of methods.
        problem: For the blocks' costs.
        q: The share of false discoveries that is allowed among the blocks to keep, 0 to 1. Methods
            that can each make a block worth keeping share it, or two of them would err twice as
            often as one.
    """
    p = np.full(len(estimates), np.nan)
    families: dict[tuple[str, str], list[int]] = {}
    for place, estimate in enumerate(estimates):
        families.setdefault((estimate.method, estimate.metric), []).append(place)
    for places in families.values():
        p[places] = benjamini_hochberg([estimates[i].p for i in places])
    judges = len({estimate.method for estimate in estimates} & set(OWN))
    found: list[Found] = [
        finding(estimate, float(corrected), q / judges if estimate.method in OWN else q)
        for estimate, corrected in zip(estimates, p, strict=True)
    ]
    of_block: dict[str, dict[str, Found]] = {}
    for estimate, one in zip(estimates, found, strict=True):
        of_block.setdefault(estimate.block, {})[estimate.method] = one
    seconds, size = problem.seconds, problem.bytes
    return tuple(
        Row(
            w,
            float(c),
            f,
            verdict(of_block[w.block]),
            seconds.get(w.block, float("nan")),
            size.get(w.block),
        )
        for w, c, f in zip(estimates, p, found, strict=True)
    )


def finding(estimate: ImportanceEstimate, corrected: float, q: float) -> Found:
    """A gain or a loss if the interval leaves zero out and the corrected p value is at most `q`;
    else nothing.
    """
    if np.isnan(corrected) or corrected > q or estimate.low <= 0 <= estimate.high:
        return "nothing"
    return "gain" if estimate.value > 0 else "loss"


def verdict(found: Mapping[str, Found]) -> Verdict:
    """One word from what each method found.

    >>> verdict({"permutation": "gain", "conditional permutation": "nothing"})
    'replaceable'
    """
    own = [found[method] for method in OWN if method in found]
    if "gain" in own:
        return "keep"
    if "loss" in own:
        return "harmful"
    return "replaceable" if any(found.get(method) == "gain" for method in SHARED) else "no evidence"
