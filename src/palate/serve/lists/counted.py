"""A list by given counts of items."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from palate.arrays import Doubles
from palate.model.popularity import Popularity
from palate.recommend import ExhaustiveRecommender
from palate.serve.engine.answers import Listed, ListRequest, Reason
from palate.serve.engine.deployed import DeployedModel
from palate.serve.engine.request_rows import request_of
from palate.store import Artefact


def listed_by(
    counts: Doubles,
    model: DeployedModel,
    wanted: ListRequest,
    reasons: Callable[[int, float], tuple[Reason, ...]],
) -> tuple[Listed, ...]:
    """Items with the highest counts above 0, among those that may be listed.

    Args:
        counts: float64 [n_items]; items behind them have none.
        model: Whose catalogue and whose rule of what was seen it is.
        wanted: The request.
        reasons: Makes the reasons of a row and its score.
    """
    view = model.view
    n_items = len(view.items.catalogue)
    given = np.zeros(n_items, np.float32)
    given[: min(n_items, len(counts))] = counts[:n_items]
    scorer = Popularity().load(Artefact({"counts": given}, {}), {})
    request = request_of(wanted, model.wanted_history(wanted), model.masks(wanted), view.items)
    found = ExhaustiveRecommender(scorer, n_items).recommend([request], min(wanted.k, n_items))
    names, listed = view.items.catalogue.items.ids, list[Listed]()
    for row, score in zip(found.items[0].tolist(), found.scores[0].tolist(), strict=True):
        if row >= 0 and score > 0:
            why = reasons(row, score) if wanted.explain else ()
            title = view.items.title(row)
            listed.append(Listed(names[row], len(listed) + 1, score, "popularity", 1.0, title, why))
    return tuple(listed)
