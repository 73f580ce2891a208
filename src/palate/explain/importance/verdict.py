"""From numbers to verdicts: p values corrected over the blocks, and one verdict for each block."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from palate.inference import benjamini_hochberg
from palate.tables.importance_problem import ImportanceEstimate, ImportanceProblem
from palate.tables.verdict import OWN, Verdict, of_difference, of_methods


@dataclass(frozen=True)
class BlockVerdict:
    """One answer, judged.

    Attributes:
        estimate: The number and its question.
        p: Its p value, corrected over the blocks of the same method and metric
            (Benjamini-Hochberg); NaN for none.
        found: What this method alone says of the block.
        verdict: What all methods together say of the block, by this metric.
        seconds: Seconds it takes to make the block; NaN where unknown.
        bytes: Bytes of the block; None where unknown.
    """

    estimate: ImportanceEstimate
    p: float
    found: Verdict
    verdict: Verdict
    seconds: float
    bytes: int | None


@dataclass(frozen=True)
class Settled:
    """An answer that was judged elsewhere, among other comparisons, and stands as it is.

    Attributes:
        estimate: The number and its question.
        p: Its p value, corrected there.
        found: What it says of the block.
    """

    estimate: ImportanceEstimate
    p: float
    found: Verdict


def judged(
    estimates: Sequence[ImportanceEstimate],
    problem: ImportanceProblem,
    q: float = 0.1,
    settled: Sequence[Settled] = (),
) -> tuple[BlockVerdict, ...]:
    """Correct the p values and give every block its verdict, see `of_methods`.

    Args:
        estimates: Rows of one subject, by any number of methods.
        problem: For the blocks' costs.
        q: The share of false discoveries that is allowed among the blocks to keep, 0 to 1. Methods
            that can each make a block worth keeping share it, or two of them would err twice as
            often as one.
        settled: Answers that were judged elsewhere; they come first.
    """
    p = np.full(len(estimates), np.nan)
    families: dict[tuple[str, str], list[int]] = {}
    for place, estimate in enumerate(estimates):
        families.setdefault((estimate.method, estimate.metric), []).append(place)
    for positions in families.values():
        p[positions] = benjamini_hochberg([estimates[i].p for i in positions])
    n_own = len({estimate.method for estimate in estimates} & set(OWN))
    found = [
        finding(estimate, float(corrected), q / n_own if estimate.method in OWN else q)
        for estimate, corrected in zip(estimates, p, strict=True)
    ]
    estimates = [*(s.estimate for s in settled), *estimates]
    p = np.r_[[s.p for s in settled], p]
    found = [*(s.found for s in settled), *found]
    of_block: dict[str, dict[str, Verdict]] = {}
    for estimate, one in zip(estimates, found, strict=True):
        of_block.setdefault(estimate.block, {})[estimate.method] = one
    verdicts = {block: of_methods(mine) for block, mine in of_block.items()}
    seconds, size = problem.seconds, problem.bytes
    return tuple(
        BlockVerdict(
            w,
            float(c),
            f,
            verdicts[w.block],
            seconds.get(w.block, float("nan")),
            size.get(w.block),
        )
        for w, c, f in zip(estimates, p, found, strict=True)
    )


def finding(estimate: ImportanceEstimate, corrected: float, q: float) -> Verdict:
    """What one estimate says, with its p value corrected, at the level `q`."""
    return of_difference(estimate.value, estimate.low, estimate.high, corrected, q)
