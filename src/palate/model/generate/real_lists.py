"""Lists that people made: what they did last in the training part, after what they did before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from palate import ranks
from palate.arrays import Doubles, Longs, Ragged, Rows
from palate.errors import Refused
from palate.model.generate.retrieved import Retrieved
from palate.model.generate.settings import RealListSettings
from palate.seeding import generator
from palate.stages import Scorer
from palate.tables import Histories, Interactions


@dataclass(frozen=True, eq=False)
class RealLists:
    """What some users did first, and what they did then.

    The model that finds candidates has learnt from these lists too, so that it finds more of them
    than it will find of what comes.

    Attributes:
        histories: int32 [n], items of what they did first, oldest first.
        items: int32 [n, length], what they did then, in order; -1 where that is less.
        found: Candidates for the histories.
    """

    histories: Ragged
    items: Rows
    found: Retrieved

    @classmethod
    def of(
        cls, log: Interactions, member: Scorer, settings: RealListSettings, seed: int
    ) -> RealLists:
        """The newest events of at most `real_lists` users, no more than half of what each has.

        Raises:
            Refused: No user has two events.
        """
        users = np.flatnonzero(np.bincount(log.user, minlength=log.n_users) >= 2)
        if not len(users):
            raise Refused("no user has two events in the training part")
        drawn = generator(seed, "real lists").permutation(users)[: settings.real_lists]
        every = Histories.of(log, np.sort(drawn).astype(np.int32))
        lengths = every.items.lengths()
        of_list = np.minimum(lengths // 2, settings.length)
        ages = every.ages()
        before = every.keep(ages >= of_list[every.items.row_of_value()])
        items = np.full((len(every), settings.length), -1, np.int32)
        case = every.items.row_of_value()
        inside = ages < of_list[case]
        items[case[inside], (of_list[case] - 1 - ages)[inside]] = every.items.values[inside]
        found = Retrieved.of(member, before, before.items, settings.candidates)
        return cls(before.items, items, found)

    @classmethod
    def of_cases(
        cls, histories: Ragged, targets: Ragged, found: Retrieved, length: int
    ) -> RealLists:
        """What was wanted in some cases, as lists of at most `length` items.

        Args:
            histories: int32 [n], items, oldest first.
            targets: int32 [n], what was wanted.
            found: Candidates for the histories.
            length: Of the lists.
        """
        case = targets.row_of_value()
        position = np.arange(len(case)) - targets.offsets[:-1][case]
        items = np.full((len(histories), length), -1, np.int32)
        kept = position < length
        items[case[kept], position[kept]] = targets.values[kept]
        return cls(histories, items, found)

    def __len__(self) -> int:
        return len(self.histories)

    def take(self, rows: Longs) -> RealLists:
        """Some of them."""
        return RealLists(self.histories.take(rows), self.items[rows], self.found.take(rows))

    def ndcg(self, lists: Rows) -> Doubles:
        """float64 [n, ...], NDCG of lists for each of these users, against what they did then.

        Args:
            lists: int32 [n, ..., length]; -1 where a list is shorter.
        """
        length = lists.shape[-1]
        real = self.items.reshape(len(self), *(1,) * (lists.ndim - 1), -1)
        hit = ((lists[..., None] == real) & (real >= 0)).any(axis=-1)
        gains = ranks.discounts(length)
        n_wanted = np.minimum((self.items >= 0).sum(axis=1), length)
        ideal = np.cumsum(gains)[np.maximum(n_wanted, 1) - 1]
        found = (hit * gains).sum(axis=-1)
        return np.asarray(found / ideal.reshape(-1, *(1,) * (found.ndim - 1)), np.float64)
