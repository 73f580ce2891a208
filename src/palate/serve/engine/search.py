"""Free text against the catalogue: the query is encoded as the items' texts were, and compared with
them in every block of texts.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import partial
from typing import Final, final

import numpy as np

from palate.arrays import Floats, Mask, dense, l2_normalised
from palate.errors import Refused
from palate.ranks import top
from palate.runs.open import OpenedRun
from palate.serve.engine.answers import Listed, Reason
from palate.serve.engine.content import Content
from palate.serve.engine.encoding import Encoding
from palate.serve.engine.view import View
from palate.serve.refusals import Unavailable
from palate.tables import Block

_LOG: Final = logging.getLogger("palate.serve")


@final
class Search:
    """The catalogue's blocks of texts, ready to be searched.

    An item's score is the mean of the cosines of the query with its rows, block by block; blocks of
    counted words and blocks of a language model stand beside each other, as the recipe has them.

    Args:
        opened: The run.
        content: Its blocks.
        encoding: How encoders are asked.
    """

    def __init__(self, opened: OpenedRun, content: Content, encoding: Encoding) -> None:
        self._opened, self._content, self._encoding = opened, content, encoding

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
        found_items = tuple(
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
        return found_items, len(parts) == len(names)

    def _cosines(self, text: str, rows: Mapping[str, Block]) -> dict[str, Floats]:
        """Block -> float32 [n_items], cosine of the query with the rows."""
        found = {}
        for name, block in rows.items():
            try:
                vector, present = self._encoding.ask(name, partial(self._encoded, name, text))
            except Exception:  # whatever an encoder may raise: the other blocks have their say
                _LOG.warning("a query is not encoded for the block %s", name, exc_info=True)
                continue
            query = dense(l2_normalised(vector))[0] if present[0] else np.zeros(block.width)
            found[name] = np.asarray(block.matrix @ query.astype(np.float32), np.float32).ravel()
        if not found:
            raise Unavailable(
                "the encoders of all texts are away",
                where="search",
                next_step="try again later",
            )
        return found

    def _encoded(self, name: str, text: str) -> tuple[Floats, Mask]:
        return self._opened.fitted.blocks[name].encode([text])


def _reasons(parts: Mapping[str, Floats], row: int, score: float) -> tuple[Reason, ...]:
    """What each block adds to the mean; the last takes what rounding left."""
    named = [
        Reason("block", float(values[row]) / len(parts), member=name)
        for name, values in parts.items()
    ]
    last = score - sum(reason.value for reason in named[:-1])
    return (*named[:-1], Reason("block", last, member=named[-1].member))
