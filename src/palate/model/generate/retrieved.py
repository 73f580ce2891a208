"""The candidates that lists are made of: the best items of another model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from palate import ranks
from palate.arrays import Floats, Longs, Mask, Ragged, Rows
from palate.shared_scores import score_of
from palate.stages import Scorer
from palate.tables import Histories

CASES_AT_ONCE = 256
"""Cases that are worked on together, so that memory does not grow with their number."""


def chunks(n: int) -> Iterator[Longs]:
    """Rows of n cases, `CASES_AT_ONCE` at a time."""
    for start in range(0, n, CASES_AT_ONCE):
        yield np.arange(start, min(start + CASES_AT_ONCE, n))


@dataclass(frozen=True, eq=False)
class Retrieved:
    """What a model finds for some cases.

    Attributes:
        items: int32 [n_cases, m], best first; -1 where there are fewer.
        said: float32 [n_cases, m], the model's scores, of mean 0 and variance 1 in each case.
    """

    items: Rows
    said: Floats

    @classmethod
    def of(cls, member: Scorer, histories: Histories, seen: Ragged, m: int) -> Retrieved:
        """The m best items of `member` for each case that are not `seen`, some cases at a time."""
        parts = [cls.among(np.empty((0, 0), np.float32), seen.take(np.arange(0)), m)]
        for these in chunks(len(histories)):
            scores = score_of(member, histories.take(these))
            parts.append(cls.among(scores, seen.take(these), m))
        return cls(
            np.concatenate([part.items for part in parts]),
            np.concatenate([part.said for part in parts]),
        )

    @classmethod
    def among(cls, scores: Floats, seen: Ragged, m: int) -> Retrieved:
        """The m best by scores [n_cases, n_items]."""
        if not len(scores):
            return cls(np.empty((0, m), np.int32), np.empty((0, m), np.float32))
        items, found = ranks.top(ranks.masked(scores, seen), m)
        return cls(items, _standard(found, items >= 0))

    @property
    def there(self) -> Mask:
        """bool [n_cases, m], where there is a candidate."""
        return np.asarray(self.items >= 0)

    def take(self, cases: NDArray[np.int64]) -> Retrieved:
        """Some of the cases."""
        return Retrieved(self.items[cases], self.said[cases])


def _standard(found: Floats, there: Mask) -> Floats:
    n = np.maximum(there.sum(axis=1, keepdims=True), 1)
    values = np.where(there, found, 0).astype(np.float64)
    centred = np.where(there, values - values.sum(axis=1, keepdims=True) / n, 0)
    spread = np.sqrt((centred**2).sum(axis=1, keepdims=True) / n)
    return (centred / np.where(spread > 1e-9, spread, 1.0)).astype(np.float32)
