"""All that one answer is made of, as it is now; exchanged as a whole, so that no answer is made of
two states.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from palate.arrays import Ragged
from palate.capabilities import ScoresSome
from palate.growth import grown
from palate.recommend import ExhaustiveRecommender
from palate.runs.open import OpenedRun
from palate.serve.engine.block_rows import rows_now
from palate.serve.engine.encoding import Encoding
from palate.serve.engine.items import Items
from palate.serve.engine.list_settings import STANDARD, ListSettings
from palate.stages import Recommender, Scorer
from palate.tables import Block, FeatureTable, Histories, Request
from palate.two_stage import TwoStageRecommender

_LOG: Final = logging.getLogger("palate.serve")
_TOGETHER: Final = 16
MOST_NEW: Final = 1_000
"""New items, the latest ones, that are looked at whatever the model finds promising."""


@dataclass(frozen=True, eq=False)
class View:
    """The catalogue and the model over it.

    Attributes:
        items: The catalogue.
        scorer: The model, for all of its items.
        blocks: Rows of the blocks that the model reads, where items came since the run.
        encoded: Whether the content of all new items is in them.
        lists: How lists are made.
    """

    items: Items
    scorer: Scorer
    blocks: Mapping[str, Block]
    encoded: bool = True
    lists: ListSettings = STANDARD

    @property
    def recommender(self) -> Recommender:
        """The model's lists. Items that came since the run are looked at whatever the model finds
        promising: people want to see what is new.
        """
        n_items = len(self.items.catalogue)
        new = np.arange(self.items.n_known, n_items, dtype=np.int32)[-MOST_NEW:]
        whole = n_items <= self.lists.exhaustive_items
        retrieve = 0 if whole else self.lists.retrieve
        return TwoStageRecommender(self.scorer, n_items, retrieve, new)

    def over(self, scorer: Scorer) -> Recommender:
        """The lists of another model of all items."""
        return ExhaustiveRecommender(scorer, len(self.items.catalogue))


def view_of(
    opened: OpenedRun,
    model: str,
    items: Items,
    scorer: Scorer,
    encoding: Encoding,
    lists: ListSettings = STANDARD,
    recent: Sequence[Histories] = (),
) -> View:
    """A model for the catalogue as it is now; nothing is fitted.

    Args:
        opened: The run.
        model: The model's name.
        items: The catalogue.
        scorer: The model for the run's items, with what it has learnt since.
        encoding: How encoders are asked for new items.
        lists: How lists are made.
        recent: Histories that were requested lately, one case each: what a model works out when it
            first answers is worked out for them.

    Cost: the new items are encoded (what was encoded before comes from the cache), and the model's
        arrays are copied once with room for them.
    """
    if len(items.catalogue) == items.n_known:
        return _ready(View(items, scorer, {}, lists=lists), recent)
    policy = opened.recipe.policy
    of_policy = () if policy is None else policy.settings.blocks  # a policy sees new items too
    found = {
        name: rows_now(opened.fitted.blocks[name], items, encoding)
        for name in dict.fromkeys((*opened.recipe.graph.all_blocks(model), *of_policy))
    }
    blocks = {name: block for name, (block, _) in found.items()}
    larger = grown(scorer, FeatureTable(items.catalogue.items, blocks))
    encoded = all(encoded for _, encoded in found.values())
    return _ready(View(items, larger, blocks, encoded, lists), recent)


def _ready(view: View, recent: Sequence[Histories]) -> View:
    """The view, when its model has answered once: it is not left to people to wait for what a model
    arranges at first.
    """
    n_items = len(view.items.catalogue)
    if not n_items or not isinstance(view.scorer, ScoresSome):
        return view
    histories = [*recent, Histories.of_items(Ragged.of([[n_items - 1]]))]
    try:
        for start in range(0, len(histories), _TOGETHER):
            some = [Request(history) for history in histories[start : start + _TOGETHER]]
            view.recommender.recommend(some, 1)
    except Exception:  # whatever a model may raise: it is said where a list is wanted
        _LOG.exception("a model cannot answer")
    return view
