"""Translational embeddings: an item is where its entities are, its relations taken off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar

import numpy as np
from annotated_types import Ge, Gt
from numpy.typing import NDArray
from scipy import sparse

from palate.arrays import Doubles, Floats, Longs, Matrix, dense, l2_normalised
from palate.encode.graph.base import EntityEncoder
from palate.encode.graph.entities import Edges, EntitySettings
from palate.encode.graph.steps import distributions
from palate.part_state import PartState
from palate.seeding import generator


@dataclass(frozen=True)
class TranslationsSettings(EntitySettings):
    """Settings of `graph.translations.v1`."""

    width: Annotated[int, Ge(1)] = 64
    """Numbers of an embedding."""

    epochs: Annotated[int, Ge(1)] = 30
    """Passes over the edges of the training items."""

    margin: Annotated[float, Gt(0)] = 1.0
    """How much nearer the true entity has to be than a random one."""

    rate: Annotated[float, Gt(0)] = 0.1
    """First step of Adagrad."""

    batch: Annotated[int, Ge(1)] = 1024
    """Edges that are learnt from at a time."""

    seed: int = 0
    """Seed of the first vectors, the order of edges and the random entities."""


class Translations(EntityEncoder[TranslationsSettings]):
    """TransE: item + relation is near entity; an item's row is the mean of entity - relation over
    its edges.

    That mean is where the item would lie to be nearest to all its edges, so an item that came later
    gets a row like any other. Entities that stand in the same relations to the same items come to
    lie together. `graph.walks.v1` needs no training and looks further; this one tells relations
    apart.

    Args:
        settings: See `TranslationsSettings`.

    Cost: epochs times edges times width; half a minute for 35,000 edges on a core.

    Paper: A. Bordes et al., Translating Embeddings for Modeling Multi-relational Data, NIPS 2013.
    """

    Settings = TranslationsSettings
    name: ClassVar[str] = "graph.translations.v1"
    vectors_: Floats
    relations_: Floats

    def learn(self, edges: Edges) -> None:
        """The vectors of entities [n_entities, width] and relations [n_relations, width]."""
        shape = (edges.n_items, len(self.entities_.fields), len(self.entities_.nodes))
        learner = _Learner.drawn(shape, self.settings)
        rng = generator(self.settings.seed, "translations", "order")
        for _ in range(self.settings.epochs):
            order = rng.permutation(len(edges.item))
            for start in range(0, len(order), self.settings.batch):
                rows = order[start : start + self.settings.batch]
                learner.step(edges, rows, rng.integers(0, shape[2], len(rows)))
        self.relations_, self.vectors_ = learner.tables[1], dense(l2_normalised(learner.tables[2]))

    def rows(self, edges: Edges) -> Matrix:
        """Dense [n_items, width]."""
        known = self.entities_
        weights = known.weights(self.settings)
        to_entity = edges.matrix(weights, len(known.nodes))
        rare = known.rareness(self.settings.rarity)
        # the same weights on the relation of an edge as on its entity
        index = (edges.item, edges.relation)
        by_relation = sparse.csr_matrix(
            (weights[edges.relation] * rare[edges.entity], index),
            (edges.n_items, len(known.fields)),
        )
        to_entity = distributions(sparse.csr_matrix(to_entity @ sparse.diags(rare)))
        return np.asarray(
            to_entity @ self.vectors_ - distributions(by_relation) @ self.relations_, np.float32
        )

    def columns(self) -> tuple[str, ...]:
        """None: directions have no names."""
        return ()

    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """Both tables."""
        return {"vectors": self.vectors_, "relations": self.relations_}

    def take_up(self, kept: PartState) -> None:
        """Both tables."""
        self.vectors_ = kept.array("vectors", np.float32, len(self.entities_.nodes), None)
        width = self.vectors_.shape[1]
        self.relations_ = kept.array("relations", np.float32, len(self.entities_.fields), width)


@dataclass
class _Learner:
    """Vectors of items, relations and entities, and the sums of squared slopes of Adagrad.

    Attributes:
        settings: Margin and rate.
        tables: float32 [n_items, d], [n_relations, d] and [n_entities, d].
        squares: float32, of the same shapes.
    """

    settings: TranslationsSettings
    tables: tuple[Floats, Floats, Floats]
    squares: tuple[Floats, Floats, Floats] = field(init=False)

    def __post_init__(self) -> None:
        first, second, third = (np.full(t.shape, 1e-6, np.float32) for t in self.tables)
        self.squares = (first, second, third)

    @classmethod
    def drawn(cls, shape: tuple[int, int, int], settings: TranslationsSettings) -> _Learner:
        """Vectors of length one in random directions."""
        rng = generator(settings.seed, "translations", "vectors")
        drawn = [
            dense(l2_normalised(rng.normal(size=(n, settings.width)).astype(np.float32)))
            for n in shape
        ]
        return cls(settings, (drawn[0], drawn[1], drawn[2]))

    def step(self, edges: Edges, rows: Longs, wrong: Longs) -> None:
        """Move true entities nearer than `wrong` ones, where they are not by the margin.

        Args:
            edges: All of them.
            rows: int64 [n], which are learnt from.
            wrong: int64 [n], a random entity for each.
        """
        heads, relations, entities = self.tables
        item, relation, true = edges.item[rows], edges.relation[rows], edges.entity[rows]
        led = heads[item] + relations[relation]
        right, left = led - entities[true], led - entities[wrong]
        short = (right**2).sum(axis=1) + self.settings.margin > (left**2).sum(axis=1)
        moved = 2 * (right - left)[short]
        self._move(0, item[short], moved)
        self._move(1, relation[short], moved)
        self._move(2, true[short], -2 * right[short])
        self._move(2, wrong[short], 2 * left[short])

    def _move(self, table: int, rows: NDArray[Any], slopes: Floats) -> None:
        """One step of Adagrad; entities and items are brought back into the ball of radius one."""
        if not len(rows):
            return
        own, place = np.unique(rows, return_inverse=True)
        index = (place, np.arange(len(rows)))
        total = sparse.csr_matrix((np.ones(len(rows), np.float32), index)) @ slopes
        self.squares[table][own] += total**2
        vectors = self.tables[table][own] - self.settings.rate * total / np.sqrt(
            self.squares[table][own]
        )
        lengths: Doubles = np.sqrt((vectors**2).sum(axis=1, keepdims=True))
        self.tables[table][own] = vectors / np.maximum(lengths, 1.0) if table != 1 else vectors
