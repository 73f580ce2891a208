"""The family of item-item models that are counted, so that new events are counted on: authors write
what an event adds.
"""

from __future__ import annotations

import copy
from abc import abstractmethod
from typing import Self, TypeVar

import numpy as np

from palate.arrays import Longs, Sparse
from palate.capabilities import KeepsEvents, Updatable
from palate.model.counted import Counted, LiveRows, check_events, counted, counts_with
from palate.model.item_item import HasHistoryWeights, IdItemItem, fitted, popularity_prior
from palate.model.pair_sums import Change, PairSums
from palate.model.similarity import Similarity, Thin
from palate.model.sorted_events import EventColumns, SortedEvents, without_events
from palate.store import Artefact
from palate.tables import Interactions, Training

S = TypeVar("S", bound=HasHistoryWeights)


class CountedItemItem(IdItemItem[S], Updatable, KeepsEvents):
    """Base of the item-item models whose numbers are sums over pairs of events.

    A subclass writes `matrix`, B of a log; `change`, what events of some users add to the sums; and
    `live`, B of the sums. Nothing more is worked out at an update than what its events add; B is
    worked out where a history asks for it.
    """

    @abstractmethod
    def matrix(self, log: Interactions) -> Sparse:
        """float32 CSR [n_items, n_items], B."""

    @abstractmethod
    def change(self, before: EventColumns, after: EventColumns, n_items: int) -> Change:
        """What makes the sums of `before` those of `after`.

        Args:
            before: All events of some users so far, each user's together, from old to new.
            after: The same with new ones among them.
            n_items: Number of items.
        """

    @abstractmethod
    def live(self, sums: PairSums, counts: Longs) -> LiveRows:
        """B.

        Args:
            sums: Sums over all events.
            counts: int64 [n_items], events of each item.
        """

    @abstractmethod
    def depends_on_catalogue(self) -> bool:
        """Whether the sums change with the number of items, events or not."""

    def learn(self, training: Training) -> Similarity:
        """B [n_items, n_items], sparse, with the events behind it."""
        return Counted(Thin(self.matrix(training.log)), SortedEvents.of(training.log, by_user=True))

    def updated(self, events: Interactions) -> Self:
        """The same model with these events too; this one stays as it is.

        Raises:
            BadInput: An item is not in the catalogue, or times are missing.
            Refused: The model was stored without the events that it was counted from.

        Cost: the users' own histories, and what they add to the sums. At the first update (and,
        where the sums depend on the catalogue, the first one after it grew) all events are counted.
        """
        known = counted(fitted(self, "similarity_"))
        n_items = known.n_items
        check_events(events, n_items)
        new = known.events.new(events)
        log, users = known.events.plus(new), np.unique(new.user)
        sums = self._sums(known)
        before, after = known.events.of_users(users), log.of_users(users)
        sums = sums.plus(self.change(before, after, n_items))
        counts = counts_with(known.item_counts, events, n_items)
        more = copy.copy(self)
        more.similarity_ = Counted(self.live(sums, counts), log, sums)
        more.prior_ = popularity_prior(counts)
        return more

    def without_events(self, state: Artefact) -> Artefact:
        """The state with B alone."""
        return without_events(state)

    def _sums(self, known: Counted) -> PairSums:
        sums, n_items = known.sums, known.n_items
        if sums is not None and (sums.n_items == n_items or not self.depends_on_catalogue()):
            return sums.grown(n_items)
        everything = known.events.everything()
        return PairSums.of(self.change(everything.take(np.arange(0)), everything, n_items))
