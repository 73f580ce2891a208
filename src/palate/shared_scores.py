"""Scores that several models need of the same histories are made once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

import numpy as np

from palate.arrays import Floats
from palate.capabilities import ScoresInto
from palate.stages import Scorer
from palate.tables import Histories


@dataclass
class _Held:
    """Scores of the histories that were asked for last.

    Attributes:
        histories: Those.
        scores: By the scorer's identity: the scorer, and its scores, not to be written to.
        rooms: Arrays of the histories before, by the scorer's identity, which it may write over.
    """

    histories: Histories | None = None
    scores: dict[int, tuple[Scorer, Floats]] = field(default_factory=dict)
    rooms: dict[int, Floats] = field(default_factory=dict)

    def begin(self, histories: Histories) -> None:
        """Let go of what was made of other histories."""
        if self.histories is not histories:
            self.histories, self.scores = histories, {}

    def of(self, scorer: Scorer) -> Floats:
        """The scores of these histories."""
        if self.histories is None:
            raise ValueError("no histories yet")
        if id(scorer) not in self.scores:
            made = scores_in(scorer, self.histories, self.rooms.pop(id(scorer), None))
            if isinstance(scorer, ScoresInto):
                self.rooms[id(scorer)] = made
            sealed = made.view()
            sealed.flags.writeable = False
            self.scores[id(scorer)] = (scorer, sealed)
        return self.scores[id(scorer)][1]


_HELD: ContextVar[_Held | None] = ContextVar("held scores", default=None)


@contextmanager
def shared_scores() -> Iterator[None]:
    """Inside, `score_of` makes the scores of a model once as long as the histories stay the same
    object. With other histories the arrays of those before may be written over.

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
    held.begin(histories)
    return held.of(scorer)


def scores_in(scorer: Scorer, histories: Histories, room: Floats | None) -> Floats:
    """What `scorer.score(histories)` gives, in the memory of `room`, an earlier answer of it that
    no one needs any more, where the scorer can write into it.
    """
    if isinstance(scorer, ScoresInto):
        return scorer.score_into(histories, room)
    return np.asarray(scorer.score(histories))
