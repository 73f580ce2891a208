"""Refit a model of a recipe: the model as a function of its feature blocks.

Two kinds of answer: the model as it was fitted, given other content (what does it use?), and the
model fitted again without some of the content (what would be lost?).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from palate.arrays import Doubles, Floats, Longs, Matrix, dense
from palate.perturbation.questions import CasesQuestion
from palate.recipe.graph import ModelGraph
from palate.registry import PartSpec
from palate.stages import FitContext, NewItems, Scorer
from palate.store import Artefact
from palate.tables import Block, FeatureTable, Histories, Training
from palate.tables.importance_problem import Blocks, Predictor

Fit: TypeAlias = Callable[[str, PartSpec[Scorer], Mapping[str, Scorer]], Scorer]
"""Fits a model, given its name, its part and its fitted members."""

SPARSE = 0.1
"""A block that was sparse is kept so as long as fewer of its numbers than this share are not
zero."""
CACHED = 256 * 1024**2
"""Bytes of scores that a model keeps for the next question."""


@dataclass(frozen=True, eq=False)
class Unit:
    """What importance is estimated for as one thing: a block, a field or a column of it.

    Attributes:
        block: The block.
        columns: int64 [m], its columns; None: all.
    """

    block: str
    columns: Longs | None = None

    def of(self, matrix: Matrix) -> Doubles:
        """float64 [n_items, m], the unit's numbers."""
        chosen = matrix if self.columns is None else matrix[:, self.columns]
        return dense(chosen).astype(np.float64)


@dataclass(frozen=True, eq=False)
class Model:
    """One model of a recipe, with all it is made of.

    Attributes:
        name: Its name.
        graph: Who is made of what in the recipe.
        training: What they were fitted on.
        context: What else they got, members aside.
        scorers: The fitted ones, by name: this one and its members, near and far.
        plain: A model without features, for when nothing else is left.
    """

    name: str
    graph: ModelGraph
    training: Training
    context: FitContext
    scorers: Mapping[str, Scorer]
    plain: Scorer

    def given(self, features: FeatureTable, changed: frozenset[str]) -> Scorer:
        """The model as it was fitted, with other content in the blocks `changed`.

        Weights of a blend stay; members that read the content take it up. A model that learns from
        its features (a neural one) has to be fitted again for it.
        """
        return self._given(self.name, features, changed)

    def without(self, features: FeatureTable, changed: frozenset[str]) -> Scorer:
        """The model fitted again with what is left in `features`; members that have lost all their
        blocks are gone.
        """
        known = {
            n: s for n, s in self.scorers.items() if not changed & set(self.graph.all_blocks(n))
        }

        def fit(name: str, spec: PartSpec[Scorer], members: Mapping[str, Scorer]) -> Scorer:
            return spec.build().fit(
                replace(self.training, features=features), replace(self.context, members=members)
            )

        return refitted(self.name, self.graph, features, fit, known) or self.plain

    def _given(self, name: str, features: FeatureTable, changed: frozenset[str]) -> Scorer:
        if not changed & set(self.graph.all_blocks(name)):
            return self.scorers[name]
        members = {m: self._given(m, features, changed) for m in self.graph.members(name)}
        part = self.graph.models[name].build()
        if members and not changed & set(self.graph.own_blocks(name)):
            return part.load(self.scorers[name].state(), members)
        return part.fit(
            replace(self.training, features=features), replace(self.context, members=members)
        )


def refitted(
    name: str,
    graph: ModelGraph,
    features: FeatureTable,
    fit: Fit,
    known: Mapping[str, Scorer],
) -> Scorer | None:
    """A model made again from what is left in `features`, members first.

    A member that has lost all its blocks is gone, and a blend of which one member is left is that
    member.

    Args:
        name: The model.
        graph: Who is made of what in the recipe.
        features: The blocks that are left.
        fit: Fits a model: its name, its part with what is left in its settings, its fitted members.
        known: Models that need not be fitted.

    Returns:
        The scorer; None where nothing is left of it.
    """
    gone = [b for b in graph.all_blocks(name) if b not in features.blocks]
    remaining = graph.without(gone)
    target = remaining.became.get(name)
    if target is None:
        return None
    made: dict[str, Scorer] = {}
    for model in remaining.graph.closure(target):
        members = {m: made[m] for m in remaining.graph.members(model)}
        made[model] = known.get(model) or fit(model, remaining.graph.models[model], members)
    return made[target]


class CachedScorer(Scorer):
    """A scorer that keeps its answers for cases that it will be wanted again and again.

    Args:
        scorer: Any fitted scorer.
        known: Those cases; the same objects must be given.
        most: Bytes of answers that are kept, at most.
    """

    uses_validation: ClassVar[bool] = False

    @property
    def new_items(self) -> NewItems:
        """The scorer's."""
        return self.scorer.new_items

    def __init__(self, scorer: Scorer, known: Sequence[Histories] = (), most: int = CACHED) -> None:
        self.scorer, self.known, self.most = scorer, tuple(known), most
        self._wanted_again = {id(one) for one in self.known}
        self._kept: dict[int, Floats] = {}

    def fit(self, training: Training, context: FitContext = FitContext()) -> Self:
        """The same around the scorer fitted again."""
        return type(self)(self.scorer.fit(training, context), self.known, self.most)

    def score(self, histories: Histories) -> Floats:
        """float32 [n_cases, n_items]."""
        if id(histories) not in self._wanted_again:
            return self.scorer.score(histories)
        if id(histories) in self._kept:
            return self._kept[id(histories)]
        scores = self.scorer.score(histories)
        if scores.nbytes + sum(kept.nbytes for kept in self._kept.values()) <= self.most:
            self._kept[id(histories)] = scores
        return scores

    def state(self) -> Artefact:
        """All that was learnt."""
        return self.scorer.state()

    def load(self, state: Artefact, members: Mapping[str, Scorer]) -> Self:
        """The same around the loaded scorer."""
        return type(self)(self.scorer.load(state, members), self.known, self.most)


@dataclass(eq=False)
class Answers:
    """The metric of some cases, from any content of the units; scores are never kept.

    Attributes:
        model: The model.
        features: The content as it is.
        units: Name -> unit.
        chunks: The cases, as many at once as may be scored together, with the metric over them.
    """

    model: Model
    features: FeatureTable
    units: Mapping[str, Unit]
    chunks: Sequence[CasesQuestion]
    _kept: dict[frozenset[str], Doubles] = field(init=False, default_factory=dict)

    @cached_property
    def blocks(self) -> dict[str, Doubles]:
        """Name -> float64 [n_items, m], the content of each unit."""
        return {
            name: unit.of(self.features.block(unit.block).matrix)
            for name, unit in self.units.items()
        }

    def __call__(self, blocks: Blocks, /) -> NDArray[Any]:
        """float64 [n_cases], the metric of the fitted model with this content."""
        changed = {name for name, X in blocks.items() if X is not self.blocks[name]}
        if not changed:
            return self._cached(
                frozenset(self.units), lambda: self.model.given(self.features, frozenset())
            )
        touched = frozenset(self.units[name].block for name in changed)
        table = self.features
        for block in touched:
            mine = {
                n: X for n, X in blocks.items() if n in changed and self.units[n].block == block
            }
            table = table.replaced(self._filled(block, mine))
        return self.gains(self.model.given(table, touched))

    def learner(self, names: tuple[str, ...], /) -> Predictor:
        """The model fitted again with the named units only; it ignores what content it is called
        with.
        """
        kept = frozenset(names)

        def answer(blocks: Blocks, /) -> NDArray[Any]:
            return self._cached(kept, lambda: self._fitted(kept))

        return answer

    def _fitted(self, kept: frozenset[str]) -> Scorer:
        gone = [name for name in self.units if name not in kept]
        blocks = dict(self.features.blocks)
        for block in dict.fromkeys(self.units[name].block for name in gone):
            lost = [self.units[name].columns for name in gone if self.units[name].block == block]
            cut = None if any(columns is None for columns in lost) else self._cut(block, lost)
            if cut is None:
                del blocks[block]
            else:
                blocks[block] = cut
        touched = frozenset(self.units[name].block for name in gone)
        return self.model.without(FeatureTable(self.features.items, blocks), touched)

    def _cut(self, name: str, lost: list[Longs | None]) -> Block | None:
        """The block without some columns; None where none is left."""
        block = self.features.block(name)
        gone = np.concatenate([columns for columns in lost if columns is not None])
        left = np.setdiff1d(np.arange(block.width), gone)
        names = tuple(block.columns[j] for j in left) if block.columns else ()
        return replace(block, matrix=block.matrix[:, left], columns=names) if len(left) else None

    def _filled(self, name: str, parts: Mapping[str, Doubles]) -> Block:
        block = self.features.block(name)
        (unit, X), *_ = parts.items()
        if self.units[unit].columns is not None:
            X = dense(block.matrix).astype(np.float64)
            for unit, values in parts.items():
                X[:, self.units[unit].columns] = values
        full: Floats = np.asarray(X, np.float32)
        if sparse.issparse(block.matrix) and np.count_nonzero(full) < SPARSE * full.size:
            return replace(block, matrix=sparse.csr_matrix(full))
        return replace(block, matrix=full)

    def gains(self, scorer: Scorer) -> Doubles:
        """float64 [n_cases], the metric of a scorer, chunk by chunk."""
        return np.concatenate([c.gains(scorer.score(c.cases.histories)) for c in self.chunks])

    def _cached(self, kept: frozenset[str], fit: Callable[[], Scorer]) -> Doubles:
        if kept not in self._kept:
            self._kept[kept] = self.gains(fit())
        return self._kept[kept]
