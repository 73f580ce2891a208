"""What encoders of entities have in common: authors write what is learnt of the edges, and the
rows.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Generic, Self, TypeVar, cast, final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from palate import config
from palate.arrays import Mask, Matrix, Rows
from palate.capabilities import ReadsFields
from palate.encode.content import digest_of_rows
from palate.encode.graph.entities import Edges, Entities, EntitySettings
from palate.part_state import PartState, fitted, state_of
from palate.store import Artefact, digest
from palate.tables import Block, Catalogue, Origin, Vocabulary

S = TypeVar("S", bound=EntitySettings)


class EntityEncoder(ReadsFields, ABC, Generic[S]):
    """Base of the encoders whose rows depend on an item's entities alone.

    Items without a known entity are absent.

    Args:
        settings: The part's `Settings`; the default ones if None.
    """

    Settings: ClassVar[type[Any]]
    name: ClassVar[str]
    entities_: Entities

    def __init__(self, settings: S | None = None) -> None:
        self.settings: S = settings if settings is not None else cast(S, self.Settings())

    @abstractmethod
    def learn(self, edges: Edges) -> None:
        """Learn from the edges of the training items; `entities_` is there already."""

    @abstractmethod
    def rows(self, edges: Edges) -> Matrix:
        """[n_items, d] of any items; each row of its own edges alone."""

    @abstractmethod
    def columns(self) -> tuple[str, ...]:
        """Names of the d columns; none where they have no meaning."""

    @abstractmethod
    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """What `learn` learnt."""

    @abstractmethod
    def take_up(self, kept: PartState) -> None:
        """What `arrays` gave, instead of `learn`."""

    @final
    def fit(self, catalogue: Catalogue, rows: Rows) -> Self:
        """Learn entities, and what is made of them, from the items `rows` alone.

        Raises:
            BadRecipe: There is no such field, none holds entities, or all are too rare.
        """
        self.entities_ = Entities.learn(catalogue, rows, self.settings)
        own = np.unique(rows)
        trained = Catalogue(Vocabulary.of(catalogue.items.names(own)), catalogue.fields[own])
        self.learn(self.entities_.edges(trained))
        read = {"fields": self.entities_.digest(trained), "rows": digest_of_rows(rows)}
        self.fitted_on_ = digest(read)
        return self

    @final
    def encode(self, catalogue: Catalogue) -> Block:
        """float32 [n_items, d], sparse or dense."""
        entities: Entities = fitted(self, "entities_")
        edges = entities.edges(catalogue)
        present: Mask = np.bincount(edges.item, minlength=len(catalogue)) > 0
        data = {"fields": entities.digest(catalogue), "fitted_on": self.fitted_on_}
        origin = Origin(
            part=self.name,
            fields=entities.fields,
            settings=config.resolved(self.settings),
            data=digest(data),
        )
        rows = _float32(self.rows(edges))
        return Block(self.name.removesuffix(".v1"), rows, present, origin, self.columns())

    @final
    def state(self) -> Artefact:
        """The entities, and what was learnt of them.

        Raises:
            Refused: The encoder has not been fitted.
        """
        entities: Artefact = fitted(self, "entities_").state()
        facts = {**entities.facts, "fitted_on": self.fitted_on_}
        return state_of(self, {**entities.arrays, **self.arrays()}, facts, elsewhere=("fields",))

    @final
    def load(self, state: Artefact) -> Self:
        """Take up what `state` gave, instead of `fit`.

        Raises:
            BadInput: It is the state of another part or other settings, or is not whole.
        """
        kept = PartState.of(self, state)
        self.entities_ = Entities.load(kept)
        self.fitted_on_ = kept.fact("fitted_on", str)
        self.take_up(kept)
        return self


def _float32(X: Matrix) -> Matrix:
    if not sparse.issparse(X):
        return np.asarray(X, np.float32)
    made = sparse.csr_matrix(X, dtype=np.float32)
    made.eliminate_zeros()
    made.sort_indices()
    return made
