"""The lists of many requests at once, by the model or by what is popular."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from palate.arrays import Rows
from palate.serve.engine.answers import Source
from palate.serve.engine.pinned import pinned_first
from palate.serve.engine.view import View
from palate.stages import Recommender, Scorer
from palate.tables import Request

_LOG: Final = logging.getLogger("palate.serve")


@dataclass(frozen=True, eq=False)
class Ranked:
    """A list in rows.

    Attributes:
        scorer: What made it.
        source: What that is.
        rows: int32 [n], best first.
        scores: [n].
        degraded: Whether it is a substitute: the model could not answer.
    """

    scorer: Scorer
    source: Source
    rows: Rows
    scores: list[float]
    degraded: bool = False


def ranked(
    view: View, popular: Callable[[], Scorer], requests: Sequence[Request], lengths: Sequence[int]
) -> list[Ranked]:
    """The list of each request: by the model; by popularity for somebody of whom nothing is known,
    or if the model fails.

    Args:
        view: The catalogue and the model.
        popular: Gives the popularity of now.
        requests: [n_requests].
        lengths: [n_requests], of the lists, each >= 1.
    """
    known = [number for number, one in enumerate(requests) if len(one.history.items.values)]
    found = _by_model(view, requests, lengths, known)
    left = [number for number in range(len(requests)) if number not in found]
    if left:
        scorer = popular()
        made = _lists(view.over(scorer), requests, lengths, left)
        for number, (rows, scores) in made.items():
            found[number] = Ranked(scorer, "popularity", rows, scores, number in known)
    return [found[number] for number in range(len(requests))]


def with_pinned(
    view: View, made: Ranked, request: Request, pinned: frozenset[int], length: int
) -> Ranked:
    """A list of a request with its pinned rows first, see `palate.serve.engine.pinned`."""
    recommender = view.recommender if made.source == "model" else view.over(made.scorer)

    def best(one: Request, k: int) -> tuple[Rows, list[float]]:
        if one is request:
            return made.rows, made.scores
        return _lists(recommender, [one], [k], [0])[0]

    rows, scores = pinned_first(best, request, pinned, length)
    return replace(made, rows=rows, scores=scores)


def _by_model(
    view: View, requests: Sequence[Request], lengths: Sequence[int], chosen: Sequence[int]
) -> dict[int, Ranked]:
    """Number -> list, without those that the model cannot make."""
    try:
        made = _lists(view.recommender, requests, lengths, chosen)
    except Exception:  # whatever a model may raise: people get a list all the same
        if len(chosen) == 1:
            _LOG.exception("the model cannot answer")
            return {}
        found = dict[int, Ranked]()  # one request must not spoil the others
        for number in chosen:
            found |= _by_model(view, requests, lengths, [number])
        return found
    return {n: Ranked(view.scorer, "model", rows, scores) for n, (rows, scores) in made.items()}


def _lists(
    recommender: Recommender,
    requests: Sequence[Request],
    lengths: Sequence[int],
    chosen: Sequence[int],
) -> dict[int, tuple[Rows, list[float]]]:
    """Number -> rows and scores, those of one length together."""
    found = {}
    for length in {lengths[number] for number in chosen}:
        some = [number for number in chosen if lengths[number] == length]
        made = recommender.recommend([requests[number] for number in some], length)
        for number, rows, scores in zip(some, made.items, made.scores, strict=True):
            kept = rows >= 0
            found[number] = (rows[kept], scores[kept].tolist())
    return found
