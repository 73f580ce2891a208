"""Fits and measures choices of blocks on validation users that no weight was chosen on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import numpy as np

from palate.arrays import Doubles, Rows, dense
from palate.capabilities import Packs
from palate.evaluate.controls import permuted
from palate.fit.refit import refitted
from palate.inference import cluster_codes, clustered
from palate.perturbation.questions import CasesQuestion
from palate.recipe.graph import ModelGraph
from palate.registry import PartSpec, spec
from palate.seeding import generator
from palate.stages import FitContext, Scorer
from palate.study.selection.storage import STORED, Choice, Packed, Permuted, Storage, Stored
from palate.study.selection.time import Time
from palate.tables import Block, Cases, FeatureTable, Training
from palate.tables.estimate import Estimate

_Key: TypeAlias = frozenset[tuple[str, Storage]]

FOLDS = 5
"""Parts of the validation users."""


@dataclass(eq=False)
class SelectionObjective:
    """Fits and measures choices of blocks.

    Attributes:
        name: The model that is fitted: the one of the headline.
        graph: Who is made of what in the recipe.
        training: The training part.
        context: What else the models get, members aside.
        known: Fitted models that read no block.
        plain: What is left where every block is gone and the model with them.
        folds: Cases to choose weights on, and cases to measure on; no user is in both.
        measure: The metric over some cases.
        fixed: Blocks that cannot be stored in fewer bytes, as they are made further after their
            geometry.
        after_fit: Called after every fit.
        time: Hears how long a choice takes.
    """

    name: str
    graph: ModelGraph
    training: Training
    context: FitContext
    known: Mapping[str, Scorer]
    plain: Scorer
    folds: Sequence[tuple[Cases, Cases]]
    measure: Callable[[Cases], CasesQuestion]
    fixed: frozenset[str] = frozenset()
    after_fit: Callable[[], None] = lambda: None
    time: Time = field(default_factory=Time)
    _gains: dict[tuple[int, _Key], Doubles] = field(init=False, default_factory=dict)
    _parts: dict[tuple[str, _Key], Scorer] = field(init=False, default_factory=dict)
    _packed: dict[tuple[str, Packed], Block] = field(init=False, default_factory=dict)

    @property
    def blocks(self) -> tuple[str, ...]:
        """The blocks that can be chosen, in the order of the recipe."""
        read = self.graph.all_blocks(self.name)
        return tuple(b for b in self.training.features.blocks if b in read)

    @property
    def users(self) -> Rows:
        """int32 [n_cases], whose case each gain is."""
        return np.concatenate([self.measure(cases).cluster for _, cases in self.folds])

    def gains(self, choice: Choice) -> Doubles:
        """float64 [n_cases], the metric of every case, from a model whose weights were not chosen
        on its user.
        """
        features = self.features(choice)
        parts, before = [], self.time.budget.spent
        for i, (weights, cases) in enumerate(self.folds):
            key = (i, frozenset(choice.items()))
            if key not in self._gains:
                scorer = self._fitted(choice, features, weights)
                self._gains[key] = self.measure(cases).gains(scorer.score(cases.histories))
                self.after_fit()
            parts.append(self._gains[key])
        self.time.slowest = max(self.time.slowest, self.time.budget.spent - before)
        return np.concatenate(parts)

    def flattered(self, choice: Choice) -> float:
        """The metric over all cases by one model whose weights were chosen on most of them.

        Too good, but as much too good for every choice of as many blocks: enough to compare a block
        with its impostors, for a fit in place of one a fold.
        """
        weights, cases = self.folds[0]
        scorer = self._fitted(choice, self.features(choice), weights)
        self.after_fit()
        return float(
            np.mean(
                np.concatenate(
                    [self.measure(c).gains(scorer.score(c.histories)) for c in (weights, cases)]
                )
            )
        )

    def value(self, choice: Choice) -> Estimate:
        """The metric of a choice, with its interval over users."""
        return clustered(self.gains(choice), self.users)

    def loss(self, before: Choice, after: Choice) -> Estimate:
        """What the metric loses by going from one choice to another."""
        return clustered(self.gains(before) - self.gains(after), self.users)

    def features(self, choice: Choice) -> FeatureTable:
        """The chosen blocks, as they are after they were stored."""
        blocks = {
            name: b for name, b in self.training.features.blocks.items() if name not in self.blocks
        }
        return FeatureTable(
            self.training.features.items, blocks | {n: self.block(n, c) for n, c in choice.items()}
        )

    def block(self, name: str, storage: Storage) -> Block:
        """A block as it enters."""
        block = self.training.features.block(name)
        match storage:
            case Stored():
                return block
            case Permuted(draw):
                return replace(permuted(block, draw), name=name)
            case Packed(codec):
                if (name, storage) not in self._packed:
                    rows = np.unique(self.training.log.item).astype(np.int32)
                    packing = spec({"part": codec}, "block_transform").build().fit(block, rows)
                    self._packed[name, storage] = packing.transform(block)
                return self._packed[name, storage]

    def bytes_per_item(self, choice: Choice) -> float:
        """Bytes that the chosen blocks take, an item."""
        return sum(
            bytes_per_item(self.training.features.block(name), storage)
            for name, storage in choice.items()
        )

    def milliseconds_per_item(self, choice: Choice) -> float:
        """Milliseconds that it took to make the chosen blocks, an item."""
        seconds = sum(self.training.features.block(name).seconds for name in choice)
        return 1000 * seconds / max(len(self.training.features.items), 1)

    def _fitted(self, choice: Choice, features: FeatureTable, weights: Cases) -> Scorer:
        def fit(name: str, part: PartSpec[Scorer], members: Mapping[str, Scorer]) -> Scorer:
            mine = frozenset((b, choice[b]) for b in self.graph.all_blocks(name) if b in choice)
            scorer = part.build()
            reduced = replace(self.training, features=features, validation=weights)
            context = replace(self.context, members=members)
            if (
                members
                or scorer.uses_validation
                or any(isinstance(storage, Permuted) for _, storage in mine)
            ):
                return scorer.fit(reduced, context)
            if (name, mine) not in self._parts:
                self._parts[name, mine] = scorer.fit(reduced, context)
            return self._parts[name, mine]

        return refitted(self.name, self.graph, features, fit, self.known) or self.plain


def split_by_user(cases: Cases, seed: int, n: int = FOLDS) -> tuple[tuple[Cases, Cases], ...]:
    """The cases split by user into `n`: each part is measured on once, with weights chosen on the
    others.

    Not in halves: a blend takes a member up only if the cases it sees are evidence enough, and
    should see nearly as many here as it will in the end.
    """
    users = cases.histories.users
    codes = cluster_codes(
        np.where(users >= 0, users, int(users.max(initial=0)) + 1 + np.arange(len(users)))
    )
    place = (
        generator(seed, "select", "folds").permutation(int(codes.max(initial=-1)) + 1)[codes] % n
    )
    return tuple(
        (cases.take(np.flatnonzero(place != i)), cases.take(np.flatnonzero(place == i)))
        for i in range(n)
    )


def bytes_per_item(block: Block, storage: Storage = STORED) -> float:
    """Bytes of a block an item, as it is or packed by a codec."""
    if not isinstance(storage, Packed):
        return block.n_bytes / max(len(block.present), 1)
    part = spec({"part": storage.codec}, "block_transform").build()
    if not isinstance(part, Packs):
        return block.n_bytes / max(len(block.present), 1)
    return float(part.packed_bytes(dense(block.matrix[:2])))
