"""Personalised PageRank: which entities a walk that starts at an item visits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Final

from annotated_types import Ge, Gt, Lt
from numpy.typing import NDArray
from scipy import sparse

from palate.arrays import Matrix, Sparse
from palate.encode.graph.base import EntityEncoder
from palate.encode.graph.entities import Edges, EntitySettings
from palate.encode.graph.steps import Steps, distributions, largest
from palate.part_state import PartState

_ROWS_AT_ONCE: Final = 512
_SPARE: Final = 8
"""Times the entities of a finished row that a walk may be at between two rounds."""


@dataclass(frozen=True)
class PageRankSettings(EntitySettings):
    """Settings of `graph.pagerank.v1`."""

    go_on: Annotated[float, Gt(0), Lt(1)] = 0.5
    """Probability that a walk goes on to another item after each entity, in place of starting
    again."""

    rounds: Annotated[int, Ge(1)] = 3
    """Longest walk: so many other items in a row."""

    keep: Annotated[int, Ge(1)] = 100
    """Entities of each item that stay, the most visited."""


class PageRank(EntityEncoder[PageRankSettings]):
    """Personalised PageRank of the entities for each item, the most visited ones.

    A walk starts at the item, goes to one of its entities, to another item that has it, to one of
    that one's entities, and so on; after each entity it starts again with probability 1 - `go_on`.
    So two items meet that share no entity but whose entities work together. Where sharing is all
    that counts, `graph.neighbours.v1` is cheaper.

    Args:
        settings: See `PageRankSettings`.

    Cost: `rounds` sparse products of the items with the graph, 512 items at a time.

    >>> import numpy as np, polars as pl
    >>> from palate.tables import Catalogue, Vocabulary
    >>> films = pl.DataFrame({"by": [["A"], ["A", "B"], ["B", "C"], ["C"]]})
    >>> shop = Catalogue(Vocabulary.of("abcd"), films)
    >>> part = PageRank(PageRankSettings(fields=("by",), rarity=0, rounds=1))
    >>> block = part.fit(shop, np.arange(4, dtype=np.int32)).encode(shop)
    >>> dict(zip(block.columns, block.matrix.toarray()[0].round(3).tolist()))
    {'A': 0.875, 'B': 0.125, 'C': 0.0}

    Paper: T. Haveliwala, Topic-sensitive PageRank, WWW 2002.
    """

    Settings = PageRankSettings
    name: ClassVar[str] = "graph.pagerank.v1"
    steps_: Steps

    def learn(self, edges: Edges) -> None:
        """The graph of the training items."""
        self.steps_ = Steps(self._weighted(edges))

    def rows(self, edges: Edges) -> Matrix:
        """Sparse [n_items, n_entities]."""
        start = distributions(self._weighted(edges))
        strips = [
            self._walked(start[first : first + _ROWS_AT_ONCE])
            for first in range(0, start.shape[0], _ROWS_AT_ONCE)
        ]
        visits = sparse.vstack(strips) if strips else start
        rare = sparse.diags(self.entities_.rareness(self.settings.rarity))
        return sparse.csr_matrix(visits @ rare)

    def columns(self) -> tuple[str, ...]:
        """The entities."""
        return self.entities_.nodes.ids

    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """The graph."""
        return self.steps_.arrays()

    def take_up(self, kept: PartState) -> None:
        """The graph."""
        self.steps_ = Steps.load(kept, len(self.entities_.nodes))

    def _weighted(self, edges: Edges) -> Sparse:
        return edges.matrix(self.entities_.weights(self.settings), len(self.entities_.nodes))

    def _walked(self, start: Sparse) -> Sparse:
        s = self.settings
        at, visits = start, start * (1 - s.go_on)
        for number in range(1, s.rounds + 1):
            at = largest(self.steps_.round(at), _SPARE * s.keep)
            # a walk of the longest kind ends where it is
            ends = 1 - s.go_on if number < s.rounds else 1.0
            visits = visits + at * (s.go_on**number * ends)
        return largest(sparse.csr_matrix(visits), s.keep)
