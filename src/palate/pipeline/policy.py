"""The policy of a finished run, away from the service: what it would have shown, and how likely."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from palate.acting import LearnsFromRewards
from palate.arrays import Doubles, Floats, Rows
from palate.errors import Refused
from palate.fit.offered import OfferedFeatures
from palate.recommend import ExhaustiveRecommender
from palate.runs import files
from palate.runs.open import OpenedRun
from palate.seeding import generator
from palate.stages import Policy, Scorer
from palate.store import Artefact
from palate.tables import Histories, Request


@dataclass(frozen=True, eq=False)
class Shares:
    """What a policy would show first.

    Attributes:
        items: int32 [m], what it chooses from, best score first.
        probabilities: float64 [m].
    """

    items: Rows
    probabilities: Doubles


@final
class RunPolicy:
    """A run's `[policy]` over its model, as the service has it.

    Args:
        opened: The run.
        model: The model; empty: the one that the recipe names, or that of the headline.
        learnt: What the policy learnt, as its `state()` gave it; None: nothing yet.

    Raises:
        Refused: The run has no policy.
        BadInput: It has no such model, or `learnt` does not belong to the policy.
    """

    def __init__(self, opened: OpenedRun, model: str = "", learnt: Artefact | None = None) -> None:
        recipe = opened.recipe.policy
        if recipe is None:
            raise Refused(
                "the run has no policy",
                where=str(opened.folder),
                next_step="add a section [policy] to its recipe and run it again",
            )
        self._recipe, self._seed = recipe, opened.recipe.seed
        self.model = model or recipe.settings.model or opened.rows(files.SUMMARY).best_model
        self._scorer: Scorer = opened.scorer(self.model)
        self._n_items = len(opened.data.catalogue)
        blocks = {name: opened.fitted.blocks[name].block for name in recipe.settings.blocks}
        self._features = OfferedFeatures.of(recipe, blocks)
        self._rows: Floats = self._features.rows(blocks, self._n_items)
        self.policy: Policy = recipe.part.build()
        if learnt is not None and isinstance(self.policy, LearnsFromRewards):
            self.policy = self.policy.load(learnt)

    def shares(
        self, histories: Histories, exclude_seen: bool = True, among: Rows | None = None
    ) -> list[Shares]:
        """What it would show first after each history.

        Args:
            histories: [n_cases].
            exclude_seen: Whether items of the history are left out.
            among: int32, the only items that may be shown; None: all.
        """
        found = []
        best = ExhaustiveRecommender(self._scorer, self._n_items)
        rng = generator(self._seed, "policy of a run")
        for case in range(len(histories)):
            history = histories.one(case)
            seen = history.items.values
            excluded = seen if exclude_seen else np.zeros(0, np.int32)
            request = Request(history, candidates=among, exclude=excluded)
            k = min(self._recipe.settings.candidates, self._n_items)
            lists = best.recommend([request], k)
            there = lists.items[0] >= 0
            items, scores = lists.items[0][there], lists.scores[0][there]
            offers = self._features.offers(self._rows, seen, items, scores)
            found.append(Shares(items, self.policy.probabilities(offers, rng)[0]))
        return found
