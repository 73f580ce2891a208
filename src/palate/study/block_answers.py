"""What a run has already found out about each block: is the model worse without it?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from palate.evaluate.comparisons import holm, holm_levels
from palate.evaluate.slices import WHOLE
from palate.explain.importance.verdict import Settled
from palate.inference import at_level
from palate.recipe.references import base_of, credits_of
from palate.report.chosen import reported_fusion
from palate.runs import files
from palate.runs.open import OpenedRun
from palate.runs.rows import Comparison
from palate.tables.block_question import DROPPED, REMAINS
from palate.tables.estimate import Estimate
from palate.tables.importance_problem import ImportanceEstimate
from palate.tables.variant import Variant
from palate.tables.verdict import of_difference

NAN = float("nan")


def reported(run: OpenedRun) -> str:
    """The fusion that the run's headline speaks of; empty where it has none."""
    written = (run.folder / files.VALIDATION.name).is_file()
    return reported_fusion(run.recipe, files.VALIDATION.read(run.folder) if written else ())


def examined(run: OpenedRun) -> str:
    """The model that importance and selection ask about: the fusion of the headline, or, where that
    reads one block only and leaves nothing to compare, the recipe's fusion of most blocks.
    """
    graph, model = run.recipe.graph, reported(run)
    return model if model and len(graph.all_blocks(model)) > 1 else graph.headline()


def of_run(run: OpenedRun, model: str, metric: str) -> dict[str, Comparison]:
    """Block -> the run's own comparison of the model with itself without that block, over all test
    users; only those that the run has made, by this metric.
    """
    if not (run.folder / files.COMPARISONS.name).is_file():
        return {}
    graph = run.recipe.graph
    blocks = graph.all_blocks(model)
    without = {c.blocks[0]: c.reference for c in credits_of(graph, model) if len(c.blocks) == 1}
    base = base_of(graph, model) if len(blocks) == 1 else None
    if base is not None:
        without[blocks[0]] = base
    rows = files.COMPARISONS.read(run.folder)
    found: dict[str, Comparison] = {}
    for block, reference in without.items():
        for row in rows:
            wanted = row.purpose in ("ablation", "lift") and row.slice == WHOLE
            pair = (row.a_variant, row.b_variant) == (Variant(model), reference)
            if wanted and pair and row.metric == metric:
                found.setdefault(block, row)
    return found


def settled(rows: Mapping[str, Comparison]) -> tuple[Settled, ...]:
    """The run's answers as answers of importance: the same numbers, the same correction."""
    return tuple(
        Settled(
            ImportanceEstimate(
                block,
                DROPPED,
                REMAINS,
                row.metric,
                _estimate(row),
                0.0,
            ),
            _number(row.p_adjusted),
            row.verdict,
        )
        for block, row in rows.items()
    )


def corrected(estimates: Sequence[ImportanceEstimate]) -> tuple[Settled, ...]:
    """Answers that the run does not hold, judged as the run would have judged them."""
    p = [e.p for e in estimates]
    widened = [
        replace(e, found=at_level(e.found, level))
        for e, level in zip(estimates, holm_levels(p).tolist(), strict=True)
    ]
    return tuple(
        Settled(e, c, of_difference(e.value, e.low, e.high, c))
        for e, c in zip(widened, holm(p).tolist(), strict=True)
    )


def _estimate(row: Comparison) -> Estimate:
    value, low, high, p, level = map(
        _number, (row.difference, row.low, row.high, row.p, row.confidence)
    )
    return Estimate(value, low, high, p, NAN, int(row.n_users or 0), level=level)


def _number(x: float | None) -> float:
    return NAN if x is None else float(x)
