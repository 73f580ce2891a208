"""Scores that several models need of the same histories are made once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

import numpy as np

from palate.arrays import Floats
from palate.stages import Scorer
from palate.tables import Histories


@dataclass
class _Held:
    """Scores of the histories that were asked for last."""

    histories: Histories | None = None
    scores: dict[int, tuple[Scorer, Floats]] = field(default_factory=dict)


_HELD: ContextVar[_Held | None] = ContextVar("held scores", default=None)


@contextmanager
def shared_scores() -> Iterator[None]:
    """Inside, `score_of` makes the scores of a model once as long as the histories stay the same
    object.

    Cost: memory for n_cases x n_items float32 of each model that is asked.
    """
    token = _HELD.set(_Held())
    try:
        yield
    finally:
        _HELD.reset(token)


def score_of(scorer: Scorer, histories: Histories) -> Floats:
    """What `scorer.score(histories)` gives, float32 [n_cases, n_items], not to be written to where
    it is shared.
    """
    held = _HELD.get()
    if held is None:
        return scorer.score(histories)
    if held.histories is not histories:
        held.histories, held.scores = histories, {}
    if id(scorer) not in held.scores:
        scores = np.asarray(scorer.score(histories)).view()
        scores.flags.writeable = False
        held.scores[id(scorer)] = (scorer, scores)
    return held.scores[id(scorer)][1]
