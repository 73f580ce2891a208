"""All that one answer is made of, as it is now; exchanged as a whole, so that no answer is made of
two states.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from palate.growth import grown
from palate.runs.open import OpenedRun
from palate.serve.engine.block_rows import rows_now
from palate.serve.engine.items import Items
from palate.stages import Scorer
from palate.tables import Block, FeatureTable


@dataclass(frozen=True, eq=False)
class View:
    """The catalogue and the model over it.

    Attributes:
        items: The catalogue.
        scorer: The model, for all of its items.
        blocks: Rows of the blocks that the model reads, where items came since the run.
        encoded: Whether the content of all new items is in them.
    """

    items: Items
    scorer: Scorer
    blocks: Mapping[str, Block]
    encoded: bool = True


def view_of(opened: OpenedRun, model: str, items: Items, scorer: Scorer) -> View:
    """A model for the catalogue as it is now; nothing is fitted.

    Args:
        opened: The run.
        model: The model's name.
        items: The catalogue.
        scorer: The model for the run's items, with what it has learnt since.

    Cost: the new items are encoded (what was encoded before comes from the cache), and the model's
        arrays are copied once with room for them.
    """
    if len(items.catalogue) == items.n_known:
        return View(items, scorer, {})
    found = {
        name: rows_now(opened.fitted.blocks[name], items)
        for name in opened.recipe.graph.all_blocks(model)
    }
    blocks = {name: block for name, (block, _) in found.items()}
    larger = grown(scorer, FeatureTable(items.catalogue.items, blocks))
    return View(items, larger, blocks, all(encoded for _, encoded in found.values()))
