"""From numbers to verdicts: p values corrected over the blocks, and one verdict for each block."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from palate.inference import at_level, benjamini_hochberg, discovery_level
from palate.tables.importance_problem import ImportanceEstimate, ImportanceProblem
from palate.tables.verdict import OWN, Verdict, of_difference, of_methods


@dataclass(frozen=True)
class BlockVerdict:
    """One answer, judged.

    Attributes:
        estimate: The number and its question, its interval corrected like `p`.
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
    """An answer that was judged among others, by one correction of interval and p value.

    Attributes:
        estimate: The number and its question.
        p: Its p value, corrected.
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
    families: dict[tuple[str, str], list[int]] = {}
    for place, estimate in enumerate(estimates):
        families.setdefault((estimate.method, estimate.metric), []).append(place)
    n_own = len({estimate.method for estimate in estimates} & set(OWN))
    corrected: dict[int, Settled] = {}
    for (method, _), positions in families.items():
        own = q / n_own if method in OWN else q
        family = judged_family([estimates[i] for i in positions], own)
        corrected |= zip(positions, family, strict=True)
    answers = [*settled, *(corrected[i] for i in range(len(estimates)))]
    of_block: dict[str, dict[str, Verdict]] = {}
    for one in answers:
        of_block.setdefault(one.estimate.block, {})[one.estimate.method] = one.found
    verdicts = {block: of_methods(mine) for block, mine in of_block.items()}
    seconds, size = problem.seconds, problem.bytes
    return tuple(
        BlockVerdict(
            one.estimate,
            one.p,
            one.found,
            verdicts[one.estimate.block],
            seconds.get(one.estimate.block, float("nan")),
            size.get(one.estimate.block),
        )
        for one in answers
    )


def judged_family(family: Sequence[ImportanceEstimate], q: float) -> list[Settled]:
    """Answers of one method, corrected for their number: a share `q` of what they find is false, on
    average, and an interval leaves 0 out only where something was found.
    """
    p = [one.p for one in family]
    level = discovery_level(p, q)
    widened = [replace(one, found=at_level(one.found, level)) for one in family]
    return [
        Settled(one, c, of_difference(one.value, one.low, one.high, c, q))
        for one, c in zip(widened, benjamini_hochberg(p).tolist(), strict=True)
    ]
