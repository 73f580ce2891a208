"""Free text against the catalogue: the query is encoded as the items' texts were, and compared with
them in every block of texts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import numpy as np

from palate.arrays import Floats, Mask, dense, l2_normalised
from palate.errors import Refused
from palate.ranks import top
from palate.runs.open import OpenedRun
from palate.serve.engine.answers import Listed, Reason
from palate.serve.engine.content import Content
from palate.serve.engine.view import View
from palate.tables import Block


@final
class Search:
    """The catalogue's blocks of texts, ready to be searched.

    An item's score is the mean of the cosines of the query with its rows, block by block; blocks of
    counted words and blocks of a language model stand beside each other, as the recipe has them.

    Args:
        opened: The run.
        content: Its blocks.
    """

    def __init__(self, opened: OpenedRun, content: Content) -> None:
        self._opened, self._content = opened, content

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
        items, names = view.items, self._content.of_texts
        if not names:
            raise Refused(
                "the run has no block of texts to search in",
                where="search",
                next_step="run a recipe with a block such as text.tfidf.v1",
            )
        parts = self._cosines(text, self._content.rows(view, names))
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


def _reasons(parts: Mapping[str, Floats], row: int, score: float) -> tuple[Reason, ...]:
    """What each block adds to the mean; the last takes what rounding left."""
    named = [
        Reason("block", float(values[row]) / len(parts), member=name)
        for name, values in parts.items()
    ]
    last = score - sum(reason.value for reason in named[:-1])
    return (*named[:-1], Reason("block", last, member=named[-1].member))
