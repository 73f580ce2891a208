"""Recommendations for some users, each with the events of the history that speak for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from palate.arrays import Doubles, Rows
from palate.data.titles import titles
from palate.errors import Refused
from palate.pipeline.trial import Trial
from palate.recipe.recipe import Recipe
from palate.seeding import generator
from palate.stages import AdditiveScorer, EnsembleScorer
from palate.tables import Dataset, Histories

SHOWN_HISTORY = 12
SHOWN_REASONS = 3


def examples(recipe: Recipe, data: Dataset, trial: Trial, model: str) -> dict[str, Any] | None:
    """Users drawn by seed (not by how well they are served), with their lists and the reasons.

    Args:
        recipe: Says how many users and items.
        data: For names of items.
        trial: The trial that the lists come from.
        model: Whose lists.

    Returns:
        {model, users: [{user, history, targets, items: [{id, title, score, rank, hit, train_count,
        terms, reasons}]}]}; None if no users are wanted.
    """
    test = trial.split.test
    n = min(recipe.report.users, len(test))
    if not n:
        return None
    drawn = generator(recipe.seed, "examples").choice(len(test), n, replace=False)
    cases = np.sort(drawn).astype(np.int32)
    outcome = next(o for o in trial.outcomes if o.name == model)
    ranked = outcome.rankings.items[cases, : recipe.report.k]
    scores = outcome.rankings.scores[cases, : recipe.report.k]
    histories = test.histories.take(cases)
    names = titles(data.catalogue, recipe.report.title_field)
    counts = trial.split.train.item_counts()
    columns = [
        _reasons(trial, model, histories, ranked[:, r], names, data) for r in range(ranked.shape[1])
    ]
    users = []
    for i, case in enumerate(cases):
        targets = set(test.targets[case].tolist())
        items = [
            {
                **_item(int(row), names, data),
                "score": float(scores[i, r]),
                "rank": r + 1,
                "hit": int(row) in targets,
                "train_count": int(counts[row]),
                **columns[r][i],
            }
            for r, row in enumerate(ranked[i])
            if row >= 0
        ]
        users.append(
            {
                "user": _user(int(histories.users[i]), data),
                "history": [
                    _item(int(row), names, data)
                    for row in histories.items[i][-SHOWN_HISTORY:][::-1]
                ],
                "targets": [_item(row, names, data) for row in sorted(targets)],
                "items": items,
            }
        )
    return {"model": model, "users": users}


def _reasons(
    trial: Trial, model: str, histories: Histories, items: Rows, names: list[str], data: Dataset
) -> list[dict[str, Any]]:
    """For each case, the terms of the score and the events that add most to it."""
    scorer = trial.scorers[model]
    asked = np.maximum(items, 0)
    added = _added(scorer, histories, asked)
    if added is None:
        return [{"terms": [], "reasons": []} for _ in items]
    members: Mapping[str, Doubles] = {}
    if isinstance(scorer, EnsembleScorer):
        members = scorer.contributions_by_member(histories, asked)
    case = histories.items.row_of_value()
    terms = {name: np.bincount(case, part, minlength=len(items)) for name, part in members.items()}
    found = []
    for i in range(len(items)):
        start, end = histories.items.offsets[i : i + 2]
        own, events = added[start:end], histories.items[i]
        total = float(np.abs(own).sum()) or 1.0
        best = [int(j) for j in np.argsort(-own, kind="stable")[:SHOWN_REASONS] if own[j] > 0]
        reasons = [
            {
                **_item(int(events[j]), names, data),
                "value": float(own[j]),
                "share": float(own[j]) / total,
            }
            for j in best
        ]
        found.append(
            {
                "terms": [{"name": n, "value": float(v[i])} for n, v in terms.items()],
                "reasons": reasons,
            }
        )
    return found


def _added(scorer: object, histories: Histories, items: Rows) -> Doubles | None:
    try:
        return (
            scorer.contributions(histories, items) if isinstance(scorer, AdditiveScorer) else None
        )
    except Refused:  # a blend of which a member cannot be taken apart
        return None


def _item(row: int, names: list[str], data: Dataset) -> dict[str, Any]:
    return {"id": data.interactions.items.ids[row], "title": names[row]}


def _user(row: int, data: Dataset) -> str:
    return data.interactions.users.ids[row] if row >= 0 else "unknown user"
