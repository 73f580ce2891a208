"""Trees with and without an operator, on cases that they were not grown on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from palate.arrays import Doubles, Floats
from palate.model.candidate_lists import Lists, lists_of
from palate.model.candidates import CASES_AT_ONCE, FADE
from palate.model.lambdamart import LambdaMart
from palate.model.operators.computed import ComputedOperators
from palate.model.operators.operator import Operator
from palate.model.tree_growing import TreeGrowing, TreeRankerSettings
from palate.model.tree_ranker import described_by
from palate.seeding import generator
from palate.stages import Scorer
from palate.tables import Cases, Histories, Training

OWN: Final = -1
"""In place of the number of a twin: the operator itself."""


@dataclass(eq=False)
class Tries:
    """Lists of candidates of some cases, and the NDCG of trees with more columns than they have.

    An operator's twin is computed of the same field with its values dealt out again among the
    items: it has all of the operator but the truth, so what trees gain by the operator alone is
    what they are ahead of trees with the twin.

    Attributes:
        lists: Candidates of the cases that have a right one among them.
        histories: Of these cases.
        growing: How trees are grown.
        training: The training part.
        seed: Of folds, trees and twins.
    """

    lists: Lists
    histories: Histories
    growing: TreeGrowing
    training: Training
    seed: int
    _columns: dict[tuple[Operator, int], Floats] = field(default_factory=dict)
    _known: dict[tuple[tuple[Operator, int], ...], Doubles] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        settings: TreeRankerSettings,
        training: Training,
        members: Mapping[str, Scorer],
        cases: Cases,
        seed: int,
    ) -> Tries:
        """Find the candidates.

        Args:
            settings: Of the ranker.
            training: The training part.
            members: Fitted models by name.
            cases: Some of the validation cases.
            seed: See `Tries`.
        """
        features = described_by(settings, training, members)
        lists = lists_of(features, cases)
        kept = np.flatnonzero(lists.right.any(axis=1))
        growing = TreeGrowing(
            settings, LambdaMart.objective, LambdaMart.purpose, features.directions()
        )
        return cls(lists.take(kept), cases.histories.take(kept), growing, training, seed)

    def __len__(self) -> int:
        return len(self.lists.items)

    def ndcg(self, operators: Sequence[tuple[Operator, int]]) -> Doubles:
        """float64 [n_cases], with these operators, each with the number of its twin or `OWN`."""
        wanted = tuple(operators)
        if wanted not in self._known:
            more = [self._column(*one)[:, :, None] for one in wanted]
            columns = np.concatenate([self.lists.columns, *more], axis=2)
            growing = replace(
                self.growing, directions=[*self.growing.directions, *([0] * len(wanted))]
            )
            lists = replace(self.lists, columns=columns)
            said, _ = growing.cross_validated(lists, self.seed)
            self._known[wanted] = lists.ndcg(said, self.growing.settings.k)
        return self._known[wanted]

    def _column(self, operator: Operator, twin: int) -> Floats:
        """float32 [n_cases, width], what the operator or a twin of it says of each candidate."""
        if (operator, twin) not in self._columns:
            log, features = self.training.log, self.training.features
            rng = generator(self.seed, "twin", operator.name, str(twin))
            order = None if twin == OWN else rng.permutation(log.n_items).astype(np.int32)
            computed = ComputedOperators.learn([operator], features, log, FADE, order)
            column = np.zeros(self.lists.items.shape, np.float32)
            for start in range(0, len(self), CASES_AT_ONCE):
                part = np.arange(start, min(start + CASES_AT_ONCE, len(self)))
                items = np.maximum(self.lists.items[part], 0)
                (column[part],) = computed.of(self.histories.take(part), items)
            self._columns[operator, twin] = column
        return self._columns[operator, twin]
