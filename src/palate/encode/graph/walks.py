"""Embeddings of entities by the walks that pass them, in closed form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Final

import numpy as np
from annotated_types import Ge, Gt
from numpy.typing import NDArray
from scipy import sparse

from palate.arrays import Doubles, Floats, Matrix, Sparse, inverse
from palate.encode.graph.base import EntityEncoder
from palate.encode.graph.entities import Edges, EntitySettings
from palate.encode.graph.steps import Steps, distributions, largest
from palate.part_state import PartState

_NEAREST: Final = 300
"""Entities that a walk from an entity is followed to in each round."""


@dataclass(frozen=True)
class WalksSettings(EntitySettings):
    """Settings of `graph.walks.v1`."""

    width: Annotated[int, Ge(1)] = 64
    """Numbers of an embedding; fewer where there are fewer entities."""

    window: Annotated[int, Ge(1)] = 3
    """How many items apart two entities of a walk may be to count as together."""

    negatives: Annotated[float, Gt(0)] = 1.0
    """Random entities against each that a walk passes: log(negatives) is taken off."""

    seed: int = 0
    """Seed of the decomposition's first directions."""


class Walks(EntityEncoder[WalksSettings]):
    """Embeddings of walks among items and entities; an item's row is the mean of its entities'.

    What DeepWalk and node2vec learn by walking at random has a closed form: the decomposition of
    the logarithm of how much oftener than by chance a walk passes both of two entities. It needs no
    walks, no epochs and no library, and gives the same numbers each time.

    Args:
        settings: See `WalksSettings`.

    Cost: `window` sparse products of entities, of which the 300 nearest stay, and a truncated
        decomposition; some seconds for 10,000 entities.

    Paper: J. Qiu et al., Network Embedding as Matrix Factorization, WSDM 2018.
    """

    Settings = WalksSettings
    name: ClassVar[str] = "graph.walks.v1"
    vectors_: Floats

    def learn(self, edges: Edges) -> None:
        """The entities' vectors, float32 [n_entities, width]."""
        known = self.entities_
        steps = Steps(edges.matrix(known.weights(self.settings), len(known.nodes)))
        self.vectors_ = _decomposed(self._surprise(steps), self.settings.width, self.settings.seed)

    def rows(self, edges: Edges) -> Matrix:
        """Dense [n_items, width]."""
        known = self.entities_
        X = edges.matrix(known.weights(self.settings), len(known.nodes))
        X = sparse.csr_matrix(X @ sparse.diags(known.rareness(self.settings.rarity)))
        return np.asarray(distributions(X) @ self.vectors_, np.float32)

    def columns(self) -> tuple[str, ...]:
        """None: directions have no names."""
        return ()

    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """The vectors."""
        return {"vectors": self.vectors_}

    def take_up(self, kept: PartState) -> None:
        """The vectors."""
        self.vectors_ = kept.array("vectors", np.float32, len(self.entities_.nodes), None)

    def _surprise(self, steps: Steps) -> Sparse:
        """float64 [n_entities, n_entities], log of how much oftener than by chance walks pass both;
        0 where they do not.
        """
        n, s = len(self.entities_.nodes), self.settings
        at = sparse.csr_matrix(sparse.identity(n))
        total = sparse.csr_matrix((n, n))
        for _ in range(s.window):
            at = largest(steps.round(at), _NEAREST)
            total = sparse.csr_matrix(total + at)
        degrees = steps.degrees()
        often: Any = sparse.csr_matrix(total @ sparse.diags(inverse(degrees)))
        often = sparse.csr_matrix((often + often.T) / 2)
        often.data = np.log(np.maximum(often.data * degrees.sum() / (s.window * s.negatives), 1.0))
        often.eliminate_zeros()
        return sparse.csr_matrix(often)


def _decomposed(M: Sparse, width: int, seed: int) -> Floats:
    """float32 [n, min(width, n)], left directions by the roots of their strengths."""
    from sklearn.utils.extmath import randomized_svd

    rank = min(width, M.shape[0])
    U, strengths, _ = randomized_svd(M, rank, n_iter=7, random_state=seed % 2**32)
    made: Doubles = U * np.sqrt(strengths)
    return np.asarray(made, np.float32)
