"""The nearest rows of a large block, by an index: what it misses is watched."""

from __future__ import annotations

import logging
import threading
from collections import deque
from dataclasses import dataclass
from typing import Annotated, Any, Final, final

import numpy as np
from annotated_types import Ge, Gt, Le

from palate.arrays import Floats, Mask, Rows
from palate.errors import MissingExtra
from palate.optional import need

_LOG: Final = logging.getLogger("palate.serve")
KEPT: Final = 200
"""Comparisons that the recall is the mean of."""


@dataclass(frozen=True)
class VectorSettings:
    """How the nearest rows are found."""

    exact_items: Annotated[int, Ge(0)] = 200_000
    """Catalogues of up to so many items are looked at whole, which misses nothing. Blocks of larger
    ones get an index, if they are dense."""
    neighbours: Annotated[int, Ge(2)] = 32
    """Links of a row in the index (M of HNSW)."""
    looked_at: Annotated[int, Gt(0)] = 256
    """Rows that a search keeps in view (efSearch of HNSW), at least."""
    watch_each: Annotated[int, Gt(0)] = 500
    """Every so many searches one is compared with looking at all rows."""
    least_recall: Annotated[float, Gt(0), Le(1)] = 0.98
    """Share of the nearest rows below which there is an alarm."""


VECTORS: Final = VectorSettings()
"""How they are found where no one says otherwise."""


@final
class Recall:
    """The share of the nearest rows that an index finds, over the last comparisons. Several threads
    may use it.

    Args:
        least: Below it there is an alarm.
    """

    def __init__(self, least: float) -> None:
        self._least = least
        self._shares: deque[float] = deque(maxlen=KEPT)

    def note(self, found: Rows, nearest: Rows) -> None:
        """Compare what was found with what there is."""
        if len(nearest):
            self._shares.append(float(np.isin(nearest, found).mean()))

    @property
    def mean(self) -> float:
        """The mean; 1 where nothing was compared yet."""
        shares = list(self._shares)
        return sum(shares) / len(shares) if shares else 1.0

    @property
    def alarm(self) -> bool:
        """Whether too much is missed."""
        return self.mean < self._least


@final
class Nearest:
    """An index over the first rows of a block, those of the run, which never change. What came
    since is looked at whole, so it is found at once; and everything is, while the index is being
    made and where its library is not installed.

    Args:
        rows: float32 [n_known, d], of length 1.
        settings: How.
        recall: Takes the comparisons.
    """

    def __init__(self, rows: Floats, settings: VectorSettings, recall: Recall) -> None:
        self._n_known, self._settings, self._recall = len(rows), settings, recall
        self._index: Any = None
        self._searches = 0
        self._maker = threading.Thread(
            target=self._make, args=(rows,), name="palate-vectors", daemon=True
        )
        self._maker.start()

    @property
    def ready(self) -> bool:
        """Whether the index is there."""
        return self._index is not None

    def wait(self) -> None:
        """Until the index is made, or cannot be."""
        self._maker.join()

    def find(self, matrix: Floats, query: Floats, chosen: Mask, n: int) -> Rows:
        """int32, about n of the chosen rows with the greatest products, in no order.

        Args:
            matrix: float32 [n_items, d], the rows of now, those of the index first.
            query: float32 [d], of length 1.
            chosen: bool [n_items].
            n: >= 1.
        """
        known = int(chosen[: self._n_known].sum())
        if not self.ready or known <= max(n, self._settings.exact_items // 10):
            return _exact(matrix, query, np.flatnonzero(chosen), n)
        found = self._indexed(query, chosen[: self._n_known], n)
        later = self._n_known + np.flatnonzero(chosen[self._n_known :])
        rows = np.concatenate([found, _exact(matrix, query, later, n)])
        self._searches += 1
        if self._searches % self._settings.watch_each == 0:
            self._recall.note(rows, _exact(matrix, query, np.flatnonzero(chosen), n))
        return rows

    def _indexed(self, query: Floats, chosen: Mask, n: int) -> Rows:
        faiss = _library()
        bits = np.packbits(chosen, bitorder="little")
        wide = max(self._settings.looked_at, n)
        how = faiss.SearchParametersHNSW(sel=faiss.IDSelectorBitmap(bits), efSearch=wide)
        _, rows = self._index.search(np.ascontiguousarray(query[None, :]), n, params=how)
        return np.asarray(rows[0][rows[0] >= 0], np.int32)

    def _make(self, rows: Floats) -> None:
        try:
            faiss = _library()
            kind = faiss.ScalarQuantizer.QT_8bit  # what is found is compared by its whole numbers
            index = faiss.IndexHNSWSQ(
                rows.shape[1], kind, self._settings.neighbours, faiss.METRIC_INNER_PRODUCT
            )
            rows = np.ascontiguousarray(rows, np.float32)
            index.train(rows)
            index.add(rows)
            self._index = index
        except MissingExtra as missing:
            _LOG.warning("all rows are looked at for each search: %s", missing)
        except Exception:  # whatever a library may raise: looking at all rows is right, only slow
            _LOG.exception("no index can be made; all rows are looked at for each search")


def _exact(matrix: Floats, query: Floats, rows: Any, n: int) -> Rows:
    """int32, the n of `rows` with the greatest products."""
    if not len(rows):
        return np.empty(0, np.int32)
    products = matrix @ query if len(rows) == len(matrix) else matrix[rows] @ query
    if len(rows) > n:
        rows = rows[np.argpartition(-products, n - 1)[:n]]
    return np.asarray(rows, np.int32)


def _library() -> Any:
    return need("faiss", extra="vectors", purpose="find vectors among many by an index")
