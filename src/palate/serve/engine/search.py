"""Free text against the catalogue: the query is encoded as the items' texts were, and compared with
them in every block of texts.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final, final

import numpy as np
from scipy import sparse

from palate.arrays import Floats, Mask, Rows, dense, l2_normalised
from palate.errors import Refused
from palate.ranks import top
from palate.runs.open import OpenedRun
from palate.serve.engine.answers import Listed, Reason
from palate.serve.engine.content import Content
from palate.serve.engine.encoding import Encoding
from palate.serve.engine.nearest import VECTORS, Nearest, Recall, VectorSettings
from palate.serve.engine.view import View
from palate.serve.refusals import Unavailable
from palate.tables import Block

_LOG: Final = logging.getLogger("palate.serve")
LEAST_FOUND: Final = 200
"""Rows that are found in each block of a large catalogue, at least."""


@final
class Search:
    """The catalogue's blocks of texts, ready to be searched.

    An item's score is the mean of the cosines of the query with its rows, block by block; blocks of
    counted words and blocks of a language model stand beside each other, as the recipe has them. Of
    a large catalogue, the items are compared that are near to the query in one of the blocks.

    Args:
        opened: The run.
        content: Its blocks.
        encoding: How encoders are asked.
        vectors: How rows are found.
    """

    def __init__(
        self,
        opened: OpenedRun,
        content: Content,
        encoding: Encoding,
        vectors: VectorSettings = VECTORS,
    ) -> None:
        self._opened, self._content, self._vectors = opened, content, vectors
        self._encoding = encoding
        self.recall = Recall(vectors.least_recall)
        self._nearest: dict[str, Nearest] = {}
        self._lock = threading.Lock()

    def find(self, text: str, view: View, chosen: Mask, k: int) -> tuple[tuple[Listed, ...], bool]:
        """The k best of the chosen items, and whether all blocks had a say: one whose encoder is
        away has none.

        Args:
            text: The query.
            view: The catalogue.
            chosen: bool [n_items], those that may be listed.
            k: >= 1.

        Raises:
            Refused: The run has no block of texts.
            Unavailable: The encoders of all blocks are away.

        Cost: encoding the query, and one pass over the rows of each block; of a dense block of many
            rows a look into an index.
        """
        blocks = self._blocks(view)
        queries = self._reached(text, blocks)
        rows = np.arange(len(chosen), dtype=np.int32)
        if len(chosen) > self._vectors.exact_items:
            reached = {name: blocks[name] for name in queries}
            rows = self._near(view, reached, queries, chosen, max(4 * k, LEAST_FOUND))
        parts = {name: _products(blocks[name], query, rows) for name, query in queries.items()}
        total = self.together(parts)
        scores = np.where(chosen[rows] & (total > 0), total, -np.inf).astype(np.float32)
        found, best = top(scores[None, :], min(k, max(len(scores), 1)))
        items = view.items
        listed = tuple(
            Listed(
                items.catalogue.items.ids[rows[place]],
                position,
                float(best[0, position - 1]),
                "search",
                title=items.title(int(rows[place])),
                reasons=_reasons(parts, place, float(best[0, position - 1])),
            )
            for position, place in enumerate(found[0][found[0] >= 0].tolist(), start=1)
        )
        return listed, len(queries) == len(blocks)

    def cosines(self, texts: Sequence[str], view: View) -> dict[str, Floats]:
        """Block -> float32 [n_texts, n_items], cosine of each text with the rows.

        Raises:
            Refused: The run has no block of texts.
        """
        return {
            name: np.asarray(block.matrix @ self._queries(name, texts).T, np.float32).T
            for name, block in self._blocks(view).items()
        }

    @staticmethod
    def together(parts: Mapping[str, Floats]) -> Floats:
        """float32, of the shape of each part: their mean."""
        mean: Floats = np.mean(np.stack(list(parts.values())), axis=0, dtype=np.float32)
        return mean

    def _blocks(self, view: View) -> dict[str, Block]:
        names = self._content.of_texts
        if not names:
            raise Refused(
                "the run has no block of texts to search in",
                where="search",
                next_step="run a recipe with a block such as text.tfidf.v1",
            )
        return self._content.rows(view, names)

    def _reached(self, text: str, blocks: Mapping[str, Block]) -> dict[str, Floats]:
        """Block -> float32 [d], the query, of those whose encoders answer."""
        found = {}
        for name in blocks:
            try:
                found[name] = self._encoding.ask(name, partial(self._queries, name, [text]))[0]
            except Exception:  # whatever an encoder may raise: the other blocks have their say
                _LOG.warning("a query is not encoded for the block %s", name, exc_info=True)
        if not found:
            raise Unavailable(
                "the encoders of all texts are away",
                where="search",
                next_step="try again later",
            )
        return found

    def _queries(self, name: str, texts: Sequence[str]) -> Floats:
        """float32 [n_texts, d], of length 1, or 0 for a text that says nothing."""
        vectors, present = self._opened.fitted.blocks[name].encode(texts)
        queries: Floats = dense(l2_normalised(vectors)).astype(np.float32)
        queries[~present] = 0
        return queries

    def _near(
        self,
        view: View,
        blocks: Mapping[str, Block],
        queries: Mapping[str, Floats],
        chosen: Mask,
        n: int,
    ) -> Rows:
        """int32, distinct chosen rows that are near in one of the blocks."""
        found = [np.empty(0, np.int32)]
        for name, block in blocks.items():
            query = queries[name]
            if not query.any():
                continue
            if sparse.issparse(block.matrix):  # few rows share a word: quick without an index
                cosines = np.where(chosen, np.asarray(block.matrix @ query).ravel(), -np.inf)
                rows, _ = top(cosines[None, :].astype(np.float32), min(n, len(cosines)))
                found.append(rows[0][rows[0] >= 0])
            else:
                index = self._index(name, block, view.items.n_known)
                found.append(index.find(dense(block.matrix), query, chosen, n))
        return np.unique(np.concatenate(found)).astype(np.int32)

    def _index(self, name: str, block: Block, n_known: int) -> Nearest:
        with self._lock:
            if name not in self._nearest:
                known = dense(block.matrix)[:n_known]
                self._nearest[name] = Nearest(known, self._vectors, self.recall)
            return self._nearest[name]


def _products(block: Block, query: Floats, rows: Any) -> Floats:
    """float32 [n], the cosines of `rows`."""
    matrix = block.matrix if len(rows) == len(block.present) else block.matrix[rows]
    return np.asarray(matrix @ query, np.float32).ravel()


def _reasons(parts: Mapping[str, Floats], row: int, score: float) -> tuple[Reason, ...]:
    """What each block adds to the mean; the last takes what rounding left."""
    named = [
        Reason("block", float(values[row]) / len(parts), member=name)
        for name, values in parts.items()
    ]
    last = score - sum(reason.value for reason in named[:-1])
    return (*named[:-1], Reason("block", last, member=named[-1].member))
