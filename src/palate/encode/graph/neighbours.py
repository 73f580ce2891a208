"""The entities of each item, so that products of rows count what two items share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from numpy.typing import NDArray
from scipy import sparse

from palate.arrays import Matrix
from palate.encode.graph.base import EntityEncoder
from palate.encode.graph.entities import Edges, EntitySettings
from palate.part_state import PartState


@dataclass(frozen=True)
class NeighboursSettings(EntitySettings):
    """Settings of `graph.neighbours.v1`."""


class Neighbours(EntityEncoder[NeighboursSettings]):
    """One column an entity: the product of two rows counts the neighbours that two items share,
    weighed by relation and rarity.

    Under `model.text_kernel.v2` it recommends what has the same director, author or brand as the
    history; a model of trees can ask for an entity by name. For what is related over more than one
    item use `graph.pagerank.v1`; for a short dense row `graph.walks.v1`.

    Args:
        settings: See `NeighboursSettings`.

    Cost: linear in the number of edges.

    >>> import numpy as np, polars as pl
    >>> from palate.tables import Catalogue, Vocabulary
    >>> films = pl.DataFrame({"by": [["Mann"], ["Mann", "Kar-wai"], ["Kar-wai"], []]})
    >>> shop = Catalogue(Vocabulary.of("abcd"), films)
    >>> part = Neighbours(NeighboursSettings(fields=("by",), rarity=0))
    >>> block = part.fit(shop, np.arange(4, dtype=np.int32)).encode(shop)
    >>> block.columns, (block.matrix @ block.matrix.T).toarray()[1].tolist()
    (('Kar-wai', 'Mann'), [1.0, 2.0, 1.0, 0.0])
    """

    Settings = NeighboursSettings
    name: ClassVar[str] = "graph.neighbours.v1"

    def learn(self, edges: Edges) -> None:
        """Nothing beyond the entities."""

    def rows(self, edges: Edges) -> Matrix:
        """Sparse [n_items, n_entities]."""
        known = self.entities_
        X = edges.matrix(known.weights(self.settings), len(known.nodes))
        return sparse.csr_matrix(X @ sparse.diags(known.rareness(self.settings.rarity)))

    def columns(self) -> tuple[str, ...]:
        """The entities."""
        return self.entities_.nodes.ids

    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """None."""
        return {}

    def take_up(self, kept: PartState) -> None:
        """Nothing."""
