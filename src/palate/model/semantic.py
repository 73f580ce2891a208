"""Which items explain which by content alone: the ridge autoencoder of a feature block, as two
factors.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from palate.arrays import Doubles, Floats, Matrix, dense
from palate.model.gram import inverted


@dataclass(frozen=True)
class Semantic:
    """C = L R' with nought on its diagonal.

    Attributes:
        L: float32 [n_items, r].
        R: float32 [n_items, r], dense or CSR.
        own: float64 [n_items], what L R' has on its diagonal.
    """

    L: Floats
    R: Matrix
    own: Doubles

    def times(self, P: Floats) -> tuple[Floats, Doubles]:
        """P L as float32 [n_items, r], and the diagonal of P C as float64 [n_items], for P
        [n_items, n_items].
        """
        PL = P @ self.L
        if sparse.issparse(self.R):
            along = np.asarray(self.R.multiply(PL).sum(axis=1), np.float64).ravel()
        else:
            along = np.asarray(np.einsum("nr,nr->n", PL, self.R), np.float64)
        return PL, along - np.diagonal(P) * self.own


def semantic(E: Matrix, l2: float) -> Semantic:
    """C = -P / diag(P) column by column, diagonal 0, with P = (E E' + l2 I)^-1, for content rows
    `E` [n_items, d].

    This is EASE with the d features in place of users: column j holds how item j is best rebuilt
    from the content of the others. By Woodbury's identity only a [d, d] matrix is inverted where d
    < n_items.

    Args:
        E: float32 [n_items, d], dense or CSR.
        l2: Ridge, > 0.

    Cost: n_items d^2 multiplications, or n_items^3 where d >= n_items.
    """
    n_items, d = E.shape
    if d < n_items:
        G = _product(E.T, E)
        G[np.diag_indices_from(G)] += np.float32(l2)
        L = np.asarray(E @ inverted(G, "raise l2_content"), np.float32)
        own = _along(L, E)
        return Semantic(L, _over(E, 1 - own), own / (1 - own))
    # With more features than items the items' own inner products are the smaller matrix: E M E' = I
    # - l2 P.
    G = _product(E, E.T)
    G[np.diag_indices_from(G)] += np.float32(l2)
    L = inverted(G, "raise l2_content")
    L *= np.float32(-l2)
    L[np.diag_indices_from(L)] += 1
    own = np.diagonal(L).astype(np.float64)
    return Semantic(
        L, _over(sparse.identity(n_items, np.float32, format="csr"), 1 - own), own / (1 - own)
    )


def _product(A: Any, B: Any) -> Floats:
    # scipy's and numpy's products have no type in common.
    return dense(A @ B)


def _along(L: Floats, E: Matrix) -> Doubles:
    if sparse.issparse(E):
        return np.asarray(E.multiply(L).sum(axis=1), np.float64).ravel()
    return np.asarray(np.einsum("nd,nd->n", L, E), np.float64)


def _over(E: Matrix, x: Doubles) -> Matrix:
    """The rows of `E` [n, d] divided by `x` [n]."""
    if sparse.issparse(E):
        return sparse.csr_matrix(sparse.diags(1 / x) @ E, dtype=np.float32)
    return np.asarray(E / x[:, None], np.float32)
