"""Free text against the catalogue: the query is encoded as the items' texts were, and compared with
them in every block of texts.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import final

import numpy as np

from palate.arrays import Floats, Mask, dense, l2_normalised
from palate.errors import Refused
from palate.ranks import top
from palate.runs.open import OpenedRun
from palate.serve.engine.answers import Listed, Reason
from palate.serve.engine.block_rows import rows_now
from palate.serve.engine.items import Items
from palate.serve.engine.view import View
from palate.tables import Block


@final
class Search:
    """The catalogue's blocks of texts, ready to be searched.

    An item's score is the mean of the cosines of the query with its rows, block by block; blocks of
    counted words and blocks of a language model stand beside each other, as the recipe has them.

    Args:
        opened: The run.
    """

    def __init__(self, opened: OpenedRun) -> None:
        self._opened = opened
        self._lock = threading.Lock()
        self._content: Mapping[str, Block] | None = None
        self._rows: Mapping[str, Block] = {}

    def find(self, text: str, view: View, chosen: Mask, k: int) -> tuple[Listed, ...]:
        """The k best of the chosen items.

        Args:
            text: The query.
            view: The catalogue.
            chosen: bool [n_items], those that may be listed.
            k: >= 1.

        Raises:
            Refused: The run has no block of texts.

        Cost: encoding the query, and one pass over the rows of each block.
        """
        items = view.items
        parts = self._cosines(text, self._rows_of(view))
        total = np.mean(np.stack(list(parts.values())), axis=0, dtype=np.float32)
        scores = np.where(chosen & (total > 0), total, -np.inf).astype(np.float32)
        found, best = top(scores[None, :], min(k, len(scores)))
        listed = [row for row in found[0].tolist() if row >= 0]
        return tuple(
            Listed(
                items.catalogue.items.ids[row],
                position,
                float(best[0, position - 1]),
                "search",
                title=items.title(row),
                reasons=_reasons(parts, row, float(best[0, position - 1])),
            )
            for position, row in enumerate(listed, start=1)
        )

    def _cosines(self, text: str, rows: Mapping[str, Block]) -> dict[str, Floats]:
        """Block -> float32 [n_items], cosine of the query with the rows."""
        found = {}
        for name, block in rows.items():
            vector, present = self._opened.fitted.blocks[name].encode([text])
            query = dense(l2_normalised(vector))[0] if present[0] else np.zeros(block.width)
            found[name] = np.asarray(block.matrix @ query.astype(np.float32), np.float32).ravel()
        return found

    def _rows_of(self, view: View) -> Mapping[str, Block]:
        with self._lock:
            if self._content is not view.blocks:  # another view may be of the same content
                self._rows = {name: self._block(name, view.items) for name in self._names()}
                self._content = view.blocks
            return self._rows

    def _block(self, name: str, items: Items) -> Block:
        block, _ = rows_now(self._opened.fitted.blocks[name], items)
        rows = l2_normalised(block.matrix)
        return Block(name, rows, block.present, block.origin)

    def _names(self) -> list[str]:
        """Blocks whose rows are made of one text each."""
        names = []
        for name, fitted in self._opened.fitted.blocks.items():
            try:
                fitted.parts.text_encoder(name)
            except Refused:
                continue
            names.append(name)
        if not names:
            raise Refused(
                "the run has no block of texts to search in",
                where="search",
                next_step="run a recipe with a block such as text.tfidf.v1",
            )
        return names


def _reasons(parts: Mapping[str, Floats], row: int, score: float) -> tuple[Reason, ...]:
    """What each block adds to the mean; the last takes what rounding left."""
    named = [
        Reason("block", float(values[row]) / len(parts), member=name)
        for name, values in parts.items()
    ]
    last = score - sum(reason.value for reason in named[:-1])
    return (*named[:-1], Reason("block", last, member=named[-1].member))
