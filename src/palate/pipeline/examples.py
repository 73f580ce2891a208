"""Recommendations for some users, each with the events of the history that speak for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from palate.arrays import Doubles, Longs, Rows
from palate.data.titles import titles
from palate.errors import Refused
from palate.pipeline.trial import Trial
from palate.recipe.recipe import Recipe
from palate.runs.documents import Item, Reason, Recommendations, Recommended, Term, UserList
from palate.seeding import generator
from palate.stages import AdditiveScorer, EnsembleScorer, Scorer
from palate.tables import Dataset, Histories, Rankings
from palate.tables.variant import Variant

SHOWN_HISTORY = 12
SHOWN_REASONS = 3


@dataclass(frozen=True)
class _Namer:
    """Rows of users and items -> what people call them."""

    data: Dataset
    titles: list[str]

    def item(self, row: int) -> Item:
        return Item(self.data.interactions.items.ids[row], self.titles[row])

    def user(self, row: int) -> str:
        return self.data.interactions.users.ids[row] if row >= 0 else "unknown user"


@dataclass(frozen=True)
class _Why:
    """What made one score: summands, and events of the history."""

    terms: tuple[Term, ...] = ()
    reasons: tuple[Reason, ...] = ()


def examples(recipe: Recipe, data: Dataset, trial: Trial, model: str) -> Recommendations | None:
    """Users drawn by seed (not by how well they are served), with their lists and the reasons.

    Args:
        recipe: Says how many users and items.
        data: For names of items.
        trial: The trial that the lists come from.
        model: Whose lists.

    Returns:
        None if no users are wanted.
    """
    test = trial.split.test.open("explain")
    n = min(recipe.report.users, len(test))
    if not n:
        return None
    drawn = generator(recipe.seed, "examples").choice(len(test), n, replace=False)
    cases = np.sort(drawn).astype(np.int32)
    outcome = next(o for o in trial.outcomes if o.variant == Variant(model))
    lists = Rankings(
        test.histories.users[cases],
        outcome.rankings.items[cases, : recipe.report.k],
        outcome.rankings.scores[cases, : recipe.report.k],
    )
    histories = test.histories.take(cases)
    namer = _Namer(data, titles(data.catalogue, recipe.report.title_field))
    columns = [
        _reasons(trial.scorers[model], histories, lists.items[:, r], namer)
        for r in range(lists.items.shape[1])
    ]
    counts = trial.split.train.item_counts()
    users = []
    for i, case in enumerate(cases):
        targets = sorted(set(test.targets[case].tolist()))
        why = [column[i] for column in columns]
        past = histories.items[i][-SHOWN_HISTORY:][::-1]
        users.append(
            UserList(
                namer.user(int(histories.users[i])),
                tuple(namer.item(int(row)) for row in past),
                tuple(namer.item(row) for row in targets),
                _list(lists, i, targets, why, counts, namer),
            )
        )
    return Recommendations(model, recipe.graph.members(model), tuple(users))


def _list(
    lists: Rankings,
    case: int,
    targets: Sequence[int],
    why: Sequence[_Why],
    counts: Longs,
    namer: _Namer,
) -> tuple[Recommended, ...]:
    """The items of one list; places past its end are -1."""
    found = []
    for place, row in enumerate(lists.items[case].tolist()):
        if row < 0:
            continue
        item = namer.item(row)
        found.append(
            Recommended(
                item.id,
                item.title,
                float(lists.scores[case, place]),
                place + 1,
                row in targets,
                int(counts[row]),
                why[place].terms,
                why[place].reasons,
            )
        )
    return tuple(found)


def _reasons(scorer: Scorer, histories: Histories, items: Rows, namer: _Namer) -> list[_Why]:
    """For each case, the terms of the score and the events that add most to it."""
    items_or_first = np.maximum(items, 0)
    added = _added(scorer, histories, items_or_first)
    if added is None:
        return [_Why() for _ in items]
    members: Mapping[str, Doubles] = {}
    if isinstance(scorer, EnsembleScorer):
        members = scorer.contributions_by_member(histories, items_or_first)
    case = histories.items.row_of_value()
    terms = {name: np.bincount(case, part, minlength=len(items)) for name, part in members.items()}
    found = []
    for i in range(len(items)):
        start, end = histories.items.offsets[i : i + 2]
        found.append(
            _Why(
                tuple(Term(name, float(value[i])) for name, value in terms.items()),
                _strongest(added[start:end], histories.items[i], namer),
            )
        )
    return found


def _strongest(added: Doubles, events: Rows, namer: _Namer) -> tuple[Reason, ...]:
    """The events that add most; shares are of all that was added or taken away."""
    total = float(np.abs(added).sum()) or 1.0
    found = []
    for j in np.argsort(-added, kind="stable")[:SHOWN_REASONS]:
        if added[j] > 0:
            item = namer.item(int(events[j]))
            found.append(Reason(item.id, item.title, float(added[j]), float(added[j]) / total))
    return tuple(found)


def _added(scorer: object, histories: Histories, items: Rows) -> Doubles | None:
    try:
        return (
            scorer.contributions(histories, items) if isinstance(scorer, AdditiveScorer) else None
        )
    except Refused:  # a blend of which a member cannot be taken apart
        return None
