"""The policy of one model: draws its lists, and is exchanged when it has learnt."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, final

import numpy as np

from palate.acting import LearnsFromRewards
from palate.arrays import Floats
from palate.errors import PalateError
from palate.fit.offered import OfferedFeatures
from palate.policy.drawn import drawn_lists
from palate.recipe.policy import PolicyRecipe
from palate.seeding import generator
from palate.serve.engine.answers import Listed, ListRequest
from palate.serve.engine.deployed import DeployedModel
from palate.serve.engine.items import Items
from palate.serve.engine.view import View
from palate.serve.served.feature_rows import block_of
from palate.stages import Policy
from palate.store import Artefact, digest
from palate.tables.rewards import Rewards

_LOG: Final = logging.getLogger("palate.serve")


@dataclass(frozen=True, eq=False)
class DrawnItems:
    """A list as it was drawn.

    Attributes:
        items: In order, with their propensities.
        drawn: Ids of those that were drawn: all but pinned ones.
        features: float32 [n_drawn, d].
    """

    items: tuple[Listed, ...]
    drawn: tuple[str, ...]
    features: Floats


@final
class LivePolicy:
    """Draws the lists of one model. Several threads may ask at a time; one lets it learn.

    Args:
        model: The model.
        recipe: Its run's `[policy]`.

    Attributes:
        key: Of model, settings and features: what was learnt under another one is of no use.
    """

    def __init__(self, model: DeployedModel, recipe: PolicyRecipe) -> None:
        self._model, self.recipe = model, recipe
        blocks = {name: model.opened.fitted.blocks[name].block for name in recipe.settings.blocks}
        self._features = OfferedFeatures.of(recipe, blocks)
        self._policy: Policy = recipe.part.build()
        self._rows: tuple[Items, Floats] | None = None
        made_of = [json.loads(json.dumps(recipe.resolved())), model.model]
        self.key = digest([*made_of, self._features.digest()])

    @property
    def learns(self) -> bool:
        """Whether it learns from rewards."""
        return isinstance(self._policy, LearnsFromRewards)

    def load(self, state: Artefact) -> None:
        """Take up what it learnt before."""
        if isinstance(self._policy, LearnsFromRewards):
            self._policy = self._policy.load(state)

    def learn(self, rewards: Rewards) -> Artefact | None:
        """Learn, and give what is known now; None where it does not learn."""
        if not isinstance(self._policy, LearnsFromRewards):
            return None
        try:
            learnt = self._policy.updated(rewards)
        except PalateError:  # amounts for a model of clicks, say: it goes on as it is
            _LOG.exception("%d rewards cannot be learnt from", len(rewards))
            return None
        self._policy = learnt
        return learnt.state()

    def drawn(
        self, wanted: ListRequest, pool: Sequence[Listed], request: str, before: int
    ) -> DrawnItems:
        """A list out of what may be shown: pinned items first, as they stand, and the others drawn.

        Nothing may change it afterwards. What is drawn follows from the run's seed and the id of
        the request alone, so that it can be drawn again.

        Args:
            wanted: What was requested.
            pool: Items that may be shown, all of them, best first.
            request: The answer's id.
            before: Items on earlier pages.
        """
        view, policy = self._model.view, self._policy
        pinned = [one for one in pool if one.source == "pinned"][: wanted.k]
        open_ = [one for one in pool if one.source != "pinned"]
        known = [one for one in open_ if view.items.row(one.item) is not None]
        rows = view.items.rows([one.item for one in known])
        k = min(wanted.k - len(pinned), len(known))
        if k < 1:
            return DrawnItems(_placed(pinned, [1.0] * len(pinned), before), (), _none())
        scores = np.array([one.score for one in known], np.float32)
        history = self._model.wanted_history(wanted).items.values
        features = self._rows_of(view)
        taken = history[history < len(features)]  # an item may have come since the view was made
        offers = self._features.offers(features, taken, rows, scores)
        rng = generator(self._model.opened.recipe.seed, "policy", request)
        lists = drawn_lists(policy, offers, k, rng)
        columns = lists.columns[0][lists.columns[0] >= 0]
        chosen = [known[column] for column in columns.tolist()]
        p = [1.0] * len(pinned) + lists.propensities[0][: len(columns)].tolist()
        seen = offers.features
        kept = _none() if seen is None else np.ascontiguousarray(seen[0][columns])
        items = _placed([*pinned, *chosen], p, before)
        return DrawnItems(items, tuple(one.item for one in chosen), kept)

    def reward_of(self, action: str) -> float:
        """What an action is worth."""
        rewards = self.recipe.settings.rewards
        if rewards:
            return float(rewards.get(action, 0.0))
        return 0.0 if action in self._model.histories.leave_out else 1.0

    def _rows_of(self, view: View) -> Floats:
        known = self._rows
        if known is None or known[0] is not view.items:
            blocks = {
                name: block_of(view, self._model.opened, name)
                for name in self.recipe.settings.blocks
            }
            rows = self._features.rows(blocks, len(view.items.catalogue))
            known = self._rows = (view.items, rows)
        return known[1]


def _placed(items: Sequence[Listed], p: Sequence[float], before: int) -> tuple[Listed, ...]:
    return tuple(
        Listed(one.item, n, one.score, one.source, share, one.title, one.reasons)
        for n, (one, share) in enumerate(zip(items, p, strict=True), start=before + 1)
    )


def _none() -> Floats:
    return np.zeros((0, 0), np.float32)
