"""What people did right after the last thing that this person did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, Self

import numpy as np
from annotated_types import Gt
from scipy import sparse

from palate.plugin import (
    Artefact,
    BadInput,
    FitContext,
    Floats,
    Histories,
    NewItems,
    Refused,
    Scorer,
    Sparse,
    Training,
)


class NextItem:
    """Score = how often the candidate came right after the last item of the history.

    Popularity, times `smoothing`, settles the rest: it is all that is left of an empty history.
    For longer memory use `model.cooccurrence.v1`.

    Args:
        settings: See `NextItem.Settings`.
    """

    @dataclass(frozen=True)
    class Settings:
        """How steps are counted."""

        smoothing: Annotated[float, Gt(0)] = 0.1
        """What the popularity of an item, from 0 to 1, adds to its count of steps."""

    uses_validation: ClassVar[bool] = False
    new_items: ClassVar[NewItems] = "ignored"

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or self.Settings()
        self.steps_: Sparse | None = None
        self.prior_: Floats | None = None

    def fit(self, training: Training, context: FitContext = FitContext()) -> Self:
        """Count the steps from each item to the next one of the same user."""
        log = training.log
        everybody = Histories.of(log, np.arange(log.n_users, dtype=np.int32))
        user, item = everybody.items.row_of_value(), everybody.items.values
        same = user[1:] == user[:-1]
        pairs = (item[:-1][same], item[1:][same])
        ones = np.ones(len(pairs[0]), np.float32)
        self.steps_ = sparse.csr_matrix((ones, pairs), shape=(log.n_items, log.n_items))
        counts = log.item_counts()
        self.prior_ = np.asarray(counts / max(counts.max(initial=0), 1), np.float32)
        return self

    def score(self, histories: Histories) -> Floats:
        """float32 [n_cases, n_items]."""
        if self.steps_ is None or self.prior_ is None:
            raise Refused("NextItem has not been fitted", next_step="call fit(training) first")
        values = histories.items.values
        wrong = values[(values < 0) | (values >= len(self.prior_))]
        if len(wrong):
            raise BadInput(f"a history holds item row {wrong[0]}", where="histories")
        newest = np.flatnonzero(histories.ages() == 0)
        scores = np.tile(self.settings.smoothing * self.prior_, (len(histories), 1))
        scores[histories.items.row_of_value()[newest]] += self.steps_[values[newest]].toarray()
        return np.asarray(scores, np.float32)

    def state(self) -> Artefact:
        """The counts of steps, and the popularity."""
        if self.steps_ is None or self.prior_ is None:
            raise Refused("NextItem has not been fitted", next_step="call fit(training) first")
        steps = self.steps_
        arrays = {"data": steps.data, "indices": steps.indices, "indptr": steps.indptr}
        return Artefact({**arrays, "prior": self.prior_}, {})

    def load(self, state: Artefact, members: Mapping[str, Scorer]) -> Self:
        """Take up what `state` gave."""
        self.prior_ = np.asarray(state.arrays["prior"])
        parts = tuple(state.arrays[key] for key in ("data", "indices", "indptr"))
        self.steps_ = sparse.csr_matrix(parts, shape=(len(self.prior_), len(self.prior_)))
        return self
