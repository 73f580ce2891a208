"""The rows of a run's blocks for the catalogue of now, of length 1, so that a product of two is the
cosine.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import final

from palate.arrays import l2_normalised
from palate.errors import Refused
from palate.runs.open import OpenedRun
from palate.serve.engine.block_rows import rows_now
from palate.serve.engine.encoding import Encoding
from palate.serve.engine.items import Items
from palate.serve.engine.view import View
from palate.tables import Block


@final
class Content:
    """Blocks that are compared by their cosines. Each is arranged when it is first asked for, and
    again when the content of items changes, not when a model learns.

    Several threads may ask at a time.

    Args:
        opened: The run.
        model: The model that answers.
        encoding: How encoders are asked for new items.
    """

    def __init__(self, opened: OpenedRun, model: str, encoding: Encoding) -> None:
        self._opened, self._model, self._encoding = opened, model, encoding
        self._whole = True
        self._lock = threading.Lock()
        self._of: Mapping[str, Block] | None = None
        self._rows: dict[str, Block] = {}

    def rows(self, view: View, names: Sequence[str]) -> dict[str, Block]:
        """Name -> block [n_items, d] with rows of length 1, or of 0 where there is no content."""
        grown = len(view.items.catalogue) > view.items.n_known
        content = view.blocks if grown else None  # another view may be of the same content
        with self._lock:
            if content is not self._of:
                self._rows, self._of, self._whole = {}, content, True
            for name in names:
                if name not in self._rows:
                    self._rows[name] = self._block(name, view.items)
            return {name: self._rows[name] for name in names}

    def lacks(self, view: View) -> bool:
        """Whether some items of this view could not be encoded for a block that was asked for."""
        return self._of is view.blocks and not self._whole

    @cached_property
    def of_texts(self) -> list[str]:
        """Blocks whose rows are made of one text each."""
        names = []
        for name, fitted in self._opened.fitted.blocks.items():
            try:
                fitted.parts.text_encoder(name)
            except Refused:
                continue
            names.append(name)
        return names

    @cached_property
    def of_model(self) -> list[str]:
        """Blocks that the model reads; of one that reads none, those that stand by themselves: what
        is fused of others says the same again.
        """
        read = list(self._opened.recipe.graph.all_blocks(self._model))
        blocks = self._opened.recipe.blocks
        return read or [name for name, block in blocks.items() if not block.fuses]

    def _block(self, name: str, items: Items) -> Block:
        block, encoded = rows_now(self._opened.fitted.blocks[name], items, self._encoding)
        self._whole = self._whole and encoded
        return Block(name, l2_normalised(block.matrix), block.present, block.origin)
