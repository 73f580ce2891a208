"""Changed copies of histories, drawn again in each epoch: cropped, thinned out, reordered, or with
other items in place of some.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Final, Literal, TypeAlias

import numpy as np
from annotated_types import Ge, Gt, Le, Lt, MinLen

from palate.arrays import Ragged, Rows, Sparse
from palate.model.item_knn import cosines
from palate.tables import Interactions

HistoryChange: TypeAlias = Literal["crop", "mask", "reorder", "substitute"]
"""A stretch of it; without some events; a stretch in another order; similar items for some."""
CHANGES: Final[tuple[HistoryChange, ...]] = ("crop", "mask", "reorder", "substitute")
_LEAST = 2
"""Events that a history needs, to have a next one."""


@dataclass(frozen=True)
class HistoryAugmentation:
    """How much of the histories is changed while training."""

    share: Annotated[float, Ge(0), Le(1)] = 0.0
    """Share of the histories that are replaced by changed copies, others each time; 0: none."""
    kinds: Annotated[tuple[HistoryChange, ...], MinLen(1)] = CHANGES
    """What may be done to one, drawn: `"crop"`, `"mask"`, `"reorder"`, `"substitute"`."""
    part: Annotated[float, Gt(0), Lt(1)] = 0.2
    """How much of a history is cut off, left out, reordered or substituted."""
    similar: Annotated[int, Ge(1)] = 5
    """Items that may stand in place of one: those that the same people took most."""


@dataclass(frozen=True, eq=False)
class ChangesHistories:
    """Changes histories as `settings` say.

    Args:
        settings: See `HistoryAugmentation`.
        log: The training part, which says what is similar.

    Xie, Sun, Liu, Wu, Gao, Zhang, Ding, Cui, Contrastive learning for sequential recommendation,
    ICDE 2022; Liu, Chen, Li, Yu, McAuley, Xiong, Contrastive self-supervised sequential
    recommendation with robust augmentation, 2021.
    """

    settings: HistoryAugmentation
    alike: Sparse | None

    @classmethod
    def of(cls, settings: HistoryAugmentation, log: Interactions) -> ChangesHistories:
        """With similar items of the log, where they are needed."""
        needed = settings.share > 0 and "substitute" in settings.kinds
        # cosines keep so many numbers a column
        alike = cosines(log.matrix(), 0.0, settings.similar).T.tocsr() if needed else None
        return cls(settings, alike)

    def changed(self, histories: Ragged, rng: np.random.Generator) -> Ragged:
        """The histories, some of them changed; none has fewer than two events.

        Args:
            histories: Item rows, oldest first; each has at least two.
            rng: Decides which, and how.
        """
        if not self.settings.share:
            return histories
        chosen = rng.random(len(histories)) < self.settings.share
        kind = rng.integers(0, len(self.settings.kinds), len(histories))
        change: dict[str, Callable[[Rows, np.random.Generator], Rows]] = {
            "crop": self._cropped,
            "mask": self._masked,
            "reorder": self._reordered,
            "substitute": self._substituted,
        }
        found = [
            change[self.settings.kinds[kind[row]]](histories[row], rng)
            if chosen[row]
            else histories[row]
            for row in range(len(histories))
        ]
        return Ragged.of(found)

    def _cropped(self, items: Rows, rng: np.random.Generator) -> Rows:
        length = max(round((1 - self.settings.part) * len(items)), _LEAST)
        start = int(rng.integers(0, len(items) - length + 1))
        return items[start : start + length]

    def _masked(self, items: Rows, rng: np.random.Generator) -> Rows:
        stays = rng.random(len(items)) >= self.settings.part
        if stays.sum() < _LEAST:
            stays[rng.permutation(len(items))[:_LEAST]] = True
        return items[stays]

    def _reordered(self, items: Rows, rng: np.random.Generator) -> Rows:
        length = self._n_changed(len(items), 2)
        start = int(rng.integers(0, len(items) - length + 1))
        out = items.copy()
        out[start : start + length] = rng.permutation(items[start : start + length])
        return out

    def _substituted(self, items: Rows, rng: np.random.Generator) -> Rows:
        if self.alike is None:
            return items
        out = items.copy()
        for place in rng.permutation(len(items))[: self._n_changed(len(items), 1)]:
            row = int(items[place])
            start, end = self.alike.indptr[row], self.alike.indptr[row + 1]
            if end > start:
                out[place] = self.alike.indices[int(rng.integers(start, end))]
        return out

    def _n_changed(self, length: int, least: int) -> int:
        return min(max(round(self.settings.part * length), least), length)
