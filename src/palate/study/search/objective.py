"""Fits a candidate on the training part and measures it on validation cases; it never sees a test
part.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import polars as pl

from palate import ranks, store
from palate.encode.fitted import FittedBlock
from palate.errors import BadRecipe, Refused
from palate.fit.blocks import Encoding
from palate.fit.context import context_of
from palate.fit.fitted import FittedTable
from palate.progress import Stopwatch
from palate.recipe.metrics import is_list_metric, metric
from palate.recipe.recipe import Recipe
from palate.registry import PartSpec
from palate.seeding import generator
from palate.stages import FitContext, Scorer, UserEncoder
from palate.tables import Cases, Catalogue, Dataset, FeatureTable, Interactions, Training

KEPT_MODELS = 8
JUDGING = 100_000
"""Steps of judging are counted from here on, behind those of training."""

Report = Callable[[int, float], None]
"""Receives (step, value) as the value becomes known; may stop the trial by an exception of its own.
"""


@dataclass(frozen=True, eq=False)
class SearchObjective:
    """Everything that a candidate is fitted on and measured by.

    Attributes:
        catalogue: All items.
        train: The training part.
        choosing: Validation cases that models choose weights and stop by.
        judging: The other validation cases, in random order.
        metric: What is measured.
        seed: Seed of the models.
        people: What is known of the users.
    """

    catalogue: Catalogue
    train: Interactions
    choosing: Cases
    judging: Cases
    metric: str
    seed: int
    people: pl.DataFrame | None = None
    _blocks: dict[str, FittedBlock] = field(default_factory=dict)
    _models: OrderedDict[str, Scorer] = field(default_factory=OrderedDict)

    @classmethod
    def of(
        cls, recipe: Recipe, data: Dataset, share: float, most: int, label: str
    ) -> SearchObjective:
        """Split the data as the recipe says and part its validation cases.

        Raises:
            BadRecipe: The metric looks at whole lists.
            Refused: There are too few validation cases.
        """
        if is_list_metric(label):
            raise BadRecipe(
                f'"{label}" cannot be searched for',
                where="search.metric",
                allowed="ndcg@10, recall@10 ...",
            )
        split = recipe.split.build().split(data.interactions, recipe.seed)
        cases = split.validation
        order = generator(recipe.seed, "search", "judging").permutation(len(cases))
        n = round(share * len(cases))
        if n < 2 or len(cases) - n < 2:
            raise Refused(
                f"a search needs validation cases on both sides, and there are {len(cases)}",
                where="split",
                next_step="choose a split that keeps a larger validation part",
            )
        choosing, judging = cases.take(np.sort(order[n:])), cases.take(order[: min(n, most)])
        known = (data.catalogue, split.train, choosing, judging)
        return cls(*known, label, recipe.seed, data.users)

    def value(self, recipe: Recipe, model: str, report: Report) -> float:
        """The metric of one model of the recipe over the judging cases; `report` hears of it as it
        becomes known.
        """
        scorer = self._scorer(recipe, model, report)
        found: Any = metric(self.metric)
        values: list[Any] = []
        chunk = recipe.evaluate.chunk
        for step, start in enumerate(range(0, len(self.judging), chunk)):
            part = self.judging.take(np.arange(start, min(start + chunk, len(self.judging))))
            positions = ranks.positions(scorer.score(part.histories), part.seen, part.targets)
            values.append(found.per_case(positions))
            if start + chunk < len(self.judging):
                report(JUDGING + step, float(np.nanmean(np.concatenate(values))))
        return float(np.nanmean(np.concatenate(values)))

    def _scorer(self, recipe: Recipe, model: str, report: Report | None = None) -> Scorer:
        key = store.digest(_identity(recipe, model))
        if key not in self._models:
            spec = recipe.models[model]
            members = {m: self._scorer(recipe, m) for m in recipe.graph.members(model)}
            tracker = None if report is None else _Watching(report)
            reads = recipe.graph.own_blocks(model)
            fitted = self._fitted(recipe) if reads else FittedTable(self.catalogue)
            training = Training(self.train, fitted.features, self.choosing, self.people)
            users = _users(recipe, model)
            context = context_of(users, recipe.blocks, fitted, training, self.seed)
            self._models[key] = spec.build().fit(
                training, replace(context, members=members, tracker=tracker)
            )
        self._models.move_to_end(key)
        scorer = self._models[key]
        while len(self._models) > KEPT_MODELS:
            self._models.popitem(last=False)
        return scorer

    def _fitted(self, recipe: Recipe) -> FittedTable:
        made = {}
        for name in recipe.blocks:
            needed = recipe.graph.block_graph.closure(name)
            key = store.digest({n: recipe.blocks[n].resolved() for n in needed})
            if key not in self._blocks:
                nothing = FeatureTable(self.catalogue.items)
                training = Training(self.train, nothing, self.choosing, self.people)
                own = {n: recipe.blocks[n] for n in needed}
                self._blocks[key] = (
                    Encoding(own, self.catalogue, training, FitContext(seed=self.seed), Stopwatch())
                    .all()
                    .blocks[name]
                )
            found = self._blocks[key]
            made[name] = replace(found, block=replace(found.block, name=name))
        return FittedTable(self.catalogue, made)


@dataclass
class _Watching:
    """Hands the rows of a learning model on to what may cut the trial short."""

    report: Report
    step: int = 0

    def row(self, values: Mapping[str, float | None]) -> None:
        value = values.get("metric")
        if value is not None and self.step < JUDGING:
            self.report(self.step, float(value))
        self.step += 1


def _users(recipe: Recipe, model: str) -> dict[str, PartSpec[UserEncoder]]:
    """The user encoders that the model reads."""
    return {name: recipe.users[name] for name in recipe.graph.users_of(model)}


def _identity(recipe: Recipe, model: str) -> dict[str, Any]:
    """All that decides what a fitted model is: its settings, its members', and the blocks that it
    may read.
    """
    spec = recipe.models[model]
    blocks = (
        {n: b.resolved() for n, b in recipe.blocks.items()}
        if recipe.graph.own_blocks(model)
        else {}
    )
    return {
        "spec": spec.resolved(),
        "members": [[m, _identity(recipe, m)] for m in recipe.graph.members(model)],
        "blocks": blocks,
        "users": {n: user.resolved() for n, user in _users(recipe, model).items()},
    }
