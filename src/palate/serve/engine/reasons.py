"""Why an item has its score: parts that add up to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from palate.arrays import Doubles, Rows
from palate.errors import Refused
from palate.model.popularity import Popularity
from palate.serve.engine.answers import Reason
from palate.stages import AdditiveScorer, EnsembleScorer, Scorer
from palate.tables import Histories, Vocabulary

MOST: Final = 5
"""Parts of a score that are named; the others are one."""


def reasons_of(
    scorer: Scorer, history: Histories, rows: Rows, scores: Sequence[float], items: Vocabulary
) -> list[tuple[Reason, ...]]:
    """The parts of each score, largest first, and what is left of it.

    Args:
        scorer: What made the scores.
        history: One case.
        rows: int32 [n], the items.
        scores: [n], their scores.
        items: Ids of the items.

    Cost: one pass over the history for each item, for models that are sums over it.
    """
    if not len(rows):
        return []
    if isinstance(scorer, Popularity):
        return [(Reason("popularity", score),) for score in scores]
    parts = _parts(scorer, history, rows)
    if parts is None or not len(history.items.values):
        kind = "model" if parts is None else "rest"
        return [(Reason(kind, score),) for score in scores]  # type: ignore[arg-type]
    past, place = np.unique(history.items.values, return_inverse=True)
    sums = {
        member: np.stack([np.bincount(place, row, len(past)) for row in values])
        for member, values in parts.items()
    }
    names = items.names(past)
    return [
        _named({m: s[number] for m, s in sums.items()}, names, score)
        for number, score in enumerate(scores)
    ]


def _parts(scorer: Scorer, history: Histories, rows: Rows) -> Mapping[str, Doubles] | None:
    """Member ("" for the model itself) -> float64 [n, n_events]; None where the scores are no sums
    over the history.
    """
    many = history.take(np.zeros(len(rows), np.int64))
    shape = (len(rows), len(history.items.values))
    if isinstance(scorer, EnsembleScorer):
        try:
            found = scorer.contributions_by_member(many, rows)
        except Refused:  # a member of it is no sum
            return None
        return {name: values.reshape(shape) for name, values in found.items()}
    if isinstance(scorer, AdditiveScorer):
        return {"": scorer.contributions(many, rows).reshape(shape)}
    return None


def _named(sums: Mapping[str, Doubles], names: Sequence[str], score: float) -> tuple[Reason, ...]:
    """The largest parts by their size, and the rest."""
    every = [
        Reason("history", float(value), item, member)
        for member, values in sums.items()
        for item, value in zip(names, values.tolist(), strict=True)
        if value
    ]
    every.sort(key=lambda reason: -abs(reason.value))
    named = every[:MOST]
    rest = score - sum(reason.value for reason in named)
    return (*named, Reason("rest", rest)) if rest else tuple(named)
