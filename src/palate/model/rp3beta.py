"""RP3beta: random walks of three steps over users and items, popular ends held back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge
from scipy import sparse

from palate.arrays import Longs, Sparse, inverse
from palate.capabilities import Costed, Described
from palate.model.history_weights import ALL_ALIKE, HistoryWeights
from palate.model.item_item import IdItemItem, sparse_work
from palate.model.similarity import Similarity, Thin
from palate.model.sparse_products import product
from palate.model.strongest import strongest_unsorted
from palate.tables import Training
from palate.work import LogSize, Work


@dataclass(frozen=True)
class Rp3betaSettings:
    """Walk, popularity and neighbourhood."""

    alpha: Annotated[float, Ge(0)] = 0.5
    """Power of the chances of a step: at 1 those of rare items and short histories are so high that
    single users decide."""
    beta: Annotated[float, Ge(0)] = 0.3
    """Divides by how often the candidate occurs to this power: 0 favours popular items, 1 rare
    ones."""
    neighbours: Annotated[int, Ge(1)] = 100
    """How many nearest items each candidate listens to."""
    normalised: bool = False
    """Whether what an item of the history gives to all candidates adds up to 1."""
    query: HistoryWeights = ALL_ALIKE
    """How much each event of a history counts."""


class Rp3beta(IdItemItem[Rp3betaSettings], Costed, Described):
    """Score = chance that a walk from the user to an item of the history, to one of its users and
    on to an item of theirs ends at the candidate, over the candidate's popularity.

    B[i, j] = sum over users u of both of (1 / (n_i n_u))^alpha, divided by n_j^beta. Sparse, learnt
    in one product, and often the strongest of the neighbourhood models; see `model.item_knn.v2`
    for the classic, `model.ease.v2` where histories are long.

    Args:
        settings: See `Rp3betaSettings`.

    Cost: sum over users of history length squared; k n_items numbers kept.

    Paudel, Christoffel, Newell and Bernstein, Updatable, Accurate, Diverse, and Scalable
    Recommendations for Interactive Applications, TiiS 2017.
    """

    does: ClassVar[str] = (
        "items that are reached from the history over people who took the same; popular "
        "ones are held back."
    )
    Settings = Rp3betaSettings

    @classmethod
    def work(cls, settings: Rp3betaSettings, size: LogSize) -> Work:
        """Each user's items meet each other."""
        return sparse_work(size, size.pairs, settings.neighbours)

    def learn(self, training: Training) -> Similarity:
        """B [n_items, n_items], k numbers a column."""
        s = self.settings
        B = _walks(training.log.matrix(), s)
        if s.normalised:
            sums = np.asarray(B.sum(axis=1), np.float64).ravel()
            B = sparse.csr_matrix(sparse.diags(inverse(sums)) @ B, dtype=np.float32)
        return Thin(B)


def _walks(X: Sparse, s: Rp3betaSettings) -> Sparse:
    """float32 CSR [n_items, n_items], the largest chances of each candidate; diagonal 0."""
    n_user, n_item = (np.asarray(X.sum(axis=axis), np.float64).ravel() for axis in (1, 0))
    left, right = inverse(n_item) ** s.alpha, inverse(n_item) ** s.beta

    def then(G: Sparse, candidates: Longs) -> Sparse:
        """Of the candidates' rows."""
        candidate = np.repeat(candidates, np.diff(G.indptr))
        data = G.data * left[G.indices] * right[candidate]
        data[G.indices == candidate] = 0
        walks = sparse.csr_matrix((data, G.indices, G.indptr), shape=G.shape)
        return strongest_unsorted(walks, s.neighbours)

    steps = sparse.csr_matrix(sparse.diags(inverse(n_user) ** s.alpha) @ X, dtype=np.float64)
    # from the candidate to the history: the same chances, a candidate's in one row
    B = product(sparse.csr_matrix(X.T, dtype=np.float64), steps, then)
    return sparse.csr_matrix(B.T, dtype=np.float32)
