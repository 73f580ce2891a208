"""Why items have their scores: parts that add up to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from palate.arrays import Doubles, Longs, Ragged, Rows, offsets_of
from palate.capabilities import FollowsRules
from palate.errors import Refused
from palate.model.popularity import Popularity
from palate.serve.engine.answers import Reason
from palate.stages import AdditiveScorer, EnsembleScorer, Scorer
from palate.tables import Histories, Vocabulary

MOST: Final = 5
"""Parts of a score that are named; the others are one."""

Reasons = tuple[Reason, ...]


def reasons_of(
    scorer: Scorer,
    histories: Histories,
    lists: Sequence[Rows],
    scores: Sequence[Sequence[float]],
    items: Vocabulary,
) -> list[list[Reasons]]:
    """The parts of each score of some lists, largest first, and what is left of it.

    Args:
        scorer: What made the scores.
        histories: [n_lists].
        lists: int32 [n_lists], the items of each.
        scores: [n_lists], their scores.
        items: Ids of the items.

    Cost: one pass over the history for each item, for models that are sums over it.
    """
    if isinstance(scorer, FollowsRules):
        return _with_rules(scorer, histories, lists, scores, items)
    if isinstance(scorer, Popularity):
        return [[(Reason("popularity", score),) for score in some] for some in scores]
    parts = _parts(scorer, histories, Ragged.of(lists)) if any(map(len, lists)) else {}
    if parts is None:
        return [[(Reason("model", score),) for score in some] for some in scores]
    found, ends = [], _ends(histories, lists)
    for number, some in enumerate(scores):
        span, past = slice(ends[number], ends[number + 1]), histories.items[number]
        shape = (len(some), len(past))
        values = {member: each[span].reshape(shape) for member, each in parts.items()}
        found.append(_named(values, past, some, items))
    return found


def _parts(scorer: Scorer, histories: Histories, lists: Ragged) -> Mapping[str, Doubles] | None:
    """Member ("" for the model itself) -> float64 [n], what each event adds to each item of its
    list, list by list and item by item; None where the scores are no sums over the history.
    """
    many = histories.take(lists.row_of_value().astype(np.int64))
    if isinstance(scorer, EnsembleScorer):
        try:
            return scorer.contributions_by_member(many, lists.values)
        except Refused:  # a member of it is no sum
            return None
    if isinstance(scorer, AdditiveScorer):
        return {"": scorer.contributions(many, lists.values)}
    return None


def _with_rules(
    scorer: FollowsRules,
    histories: Histories,
    lists: Sequence[Rows],
    scores: Sequence[Sequence[float]],
    items: Vocabulary,
) -> list[list[Reasons]]:
    """The rules that apply, and behind them the parts of the score without them."""
    flat = Ragged.of(lists)
    many = histories.take(flat.row_of_value().astype(np.int64))
    by_rule = scorer.rule_effects(many, flat.values)
    total = np.zeros(len(flat.values)) + sum(by_rule.values())
    ends = flat.offsets.tolist()
    before = [
        [score - part for score, part in zip(some, total[start:end].tolist(), strict=True)]
        for some, start, end in zip(scores, ends, ends[1:], strict=False)
    ]
    parts = reasons_of(scorer.member(), histories, lists, before, items)
    said = [
        tuple(
            Reason("rule", float(each[at]), "", name) for name, each in by_rule.items() if each[at]
        )
        for at in range(len(total))
    ]
    return [
        [(*said[start + place], *part) for place, part in enumerate(own)]
        for own, start in zip(parts, ends, strict=False)
    ]


def _ends(histories: Histories, lists: Sequence[Rows]) -> Longs:
    lengths = histories.items.lengths()
    return offsets_of(np.array([len(rows) for rows in lists], np.int64) * lengths)


def _named(
    values: Mapping[str, Doubles], past: Rows, scores: Sequence[float], items: Vocabulary
) -> list[Reasons]:
    """The largest parts of each score by their size, and the rest.

    Args:
        values: Member -> float64 [n, n_events].
        past: int32 [n_events], the history.
        scores: [n].
        items: Ids of the items.
    """
    if not len(past) or not values:
        return [(Reason("rest", score),) for score in scores]
    distinct = past
    if len(set(past.tolist())) < len(past):  # what was taken twice is named once
        distinct, place = np.unique(past, return_inverse=True)
        once = np.zeros((len(past), len(distinct)))
        once[np.arange(len(past)), place] = 1.0
        values = {member: each @ once for member, each in values.items()}
    names, members = items.names(distinct), list(values)
    every = np.concatenate(list(values.values()), axis=1)
    order = np.argsort(-np.abs(every), axis=1, kind="stable")[:, :MOST]
    largest = np.take_along_axis(every, order, axis=1).tolist()
    n_past = len(names)
    found = []
    for score, columns, parts in zip(scores, order.tolist(), largest, strict=True):
        named = [
            Reason("history", part, names[at % n_past], members[at // n_past])
            for at, part in zip(columns, parts, strict=True)
            if part
        ]
        rest = score - sum(parts)
        found.append((*named, Reason("rest", rest)) if rest else tuple(named))
    return found
