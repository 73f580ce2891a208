"""The figures of a metric, case by case, over all targets or over those of a slice."""

from __future__ import annotations

from palate.arrays import Doubles
from palate.evaluate.slices import Slice
from palate.stages import ListMetric, Metric
from palate.tables import Interactions, Rankings, TargetRanks


def measure_ranks(metric: Metric, ranks: TargetRanks, part: Slice | None = None) -> Doubles:
    """float64 [n_cases], NaN for a case without targets.

    Args:
        metric: Looks at the targets.
        ranks: Where they came.
        part: A slice: only its targets count.
    """
    return metric.per_case(ranks if part is None else ranks.only(part.targets))


def measure_lists(
    metric: ListMetric,
    ranks: TargetRanks,
    rankings: Rankings,
    train: Interactions,
    part: Slice | None = None,
) -> Doubles:
    """float64 [n_cases], NaN for an empty list.

    Args:
        metric: Looks at whole lists.
        ranks: Where the targets came.
        rankings: The lists.
        train: The training part.
        part: A slice: only cases that have a target in it count.
    """
    if part is not None:
        rankings = _only(rankings, ranks.only(part.targets))
    return metric.per_case(rankings, train)


def _only(rankings: Rankings, ranks: TargetRanks) -> Rankings:
    """The lists of cases without a target emptied, so that list metrics leave them out."""
    items = rankings.items.copy()
    items[ranks.n_targets() == 0] = -1
    return Rankings(rankings.users, items, rankings.scores)
