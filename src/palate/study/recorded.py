"""What the parts of a model took when the run made them: a forecast, before anything is begun."""

from __future__ import annotations

from dataclasses import dataclass

from palate.evaluate.slices import WHOLE
from palate.runs import files
from palate.runs.open import OpenedRun
from palate.tables.variant import Variant


@dataclass(frozen=True)
class Costs:
    """What the units of work cost, in seconds.

    Attributes:
        rebuild: Giving the model other content in one block.
        case: Scoring one case.
        refit: Fitting the model again without a block, its cases not yet scored.
    """

    rebuild: float
    case: float
    refit: float


FREE = Costs(0.0, 0.0, 0.0)
"""Where nothing is known of costs."""


def recorded_costs(run: OpenedRun, name: str) -> Costs:
    """The costs of a model by the run's own clock; 0 for what it has no time of.

    Giving a model other content fits those parts again that read it themselves; to fit it without
    some content is to fit all parts again that read any.
    """
    graph, fit, rank = run.recipe.graph, *_seconds(run)
    reading = graph.reading(name, graph.all_blocks(name))
    cases = max(len(run.split.test), 1)
    return Costs(
        sum(fit.get(m, 0.0) for m in reading if graph.own_blocks(m)),
        rank.get(name, 0.0) / cases,
        sum(fit.get(m, 0.0) for m in reading),
    )


def _seconds(run: OpenedRun) -> tuple[dict[str, float], dict[str, float]]:
    """Model -> seconds of fitting it, and of ranking all test cases."""
    there = run.manifest.files
    if files.LEADERBOARD.name not in there or files.TIMINGS.name not in there:
        return {}, {}
    stages = {row.stage: row.seconds or 0.0 for row in run.rows(files.TIMINGS)}
    whole = {
        row.variant.of: row.seconds or 0.0
        for row in run.rows(files.LEADERBOARD)
        if row.slice == WHOLE and row.variant == Variant(row.variant.of)
    }
    rank = {m: stages.get(f"rank {m}", 0.0) for m in whole}
    return {m: max(seconds - rank[m], 0.0) for m, seconds in whole.items()}, rank
