"""EASE: the linear autoencoder in closed form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from annotated_types import Ge, Gt, Le, Lt
from scipy import sparse

from palate.arrays import Floats, Longs, Rows, Sparse, inverse
from palate.capabilities import Bounded, Costed, Described
from palate.model.gram import DenseItems, check_memory, gram, inverted
from palate.model.history_weights import ALL_ALIKE, HistoryWeights
from palate.model.item_item import IdItemItem, dense_work
from palate.model.similarity import Both, Placed, Similarity, Thin, Whole
from palate.model.sparse_products import product
from palate.model.strongest import strongest_unsorted
from palate.tables import Training
from palate.work import LogSize, Work


@dataclass(frozen=True)
class EaseSettings:
    """Strength of the ridge and the query."""

    l2: Annotated[float, Gt(0)] = 250.0
    """Ridge added to the diagonal of X'X; more for sparser data. 50 to 1,000 covers most
    catalogues."""
    dropout: Annotated[float, Ge(0), Lt(1)] = 0.0
    """Trained as if each event were left out with this probability: raises the ridge of item i by
    n_i p / (1 - p)."""
    user_power: Annotated[float, Ge(0), Le(1)] = 0.0
    """A user of n items counts (mean n / n)^user_power in X'X, so that long histories do not speak
    for all."""
    query: HistoryWeights = ALL_ALIKE
    """How much each event of a history counts; fade = 2 to 10 makes the model follow the latest
    events."""
    memory_gib: Annotated[float, Gt(0)] = 8.0
    """Largest memory that the dense matrices may take, in GiB."""


class Ease(IdItemItem[EaseSettings], Described, DenseItems, Bounded):
    """B that best rebuilds the user-item matrix from itself with nothing on its diagonal, in closed
    form.

    With X [n_users, n_items] binary and P = (X'X + l2 I)^-1, more on the diagonal with `dropout`: B
    = -P / diag(P) column by column, diagonal 0. The strongest simple model where users have long
    histories; for short ones and order see `model.cooccurrence.v1`, above some 25,000 items too (B
    is dense).

    Args:
        settings: See `EaseSettings`.

    Cost: n_items^3 multiplications once, 4 n_items^2 bytes.

    Steck, Embarrassingly Shallow Autoencoders for Sparse Data, WWW 2019; for `dropout` Steck,
    Autoencoders that don't overfit towards the Identity, NeurIPS 2020.
    """

    does: ClassVar[str] = "learns for each pair of items how much one speaks for the other."
    Settings = EaseSettings

    @classmethod
    def bounded(cls, settings: EaseSettings, n_items: int) -> tuple[str, Mapping[str, Any]] | None:
        """Version 2, which solves the most frequent items together, where B would not fit."""
        if cls.matrices * 4 * n_items**2 <= settings.memory_gib * 2**30:
            return None
        own = asdict(settings)
        return "model.ease.v2", {key: own[key] for key in ("l2", "dropout", "user_power", "query")}

    def learn(self, training: Training) -> Similarity:
        """B [n_items, n_items]."""
        log = training.log
        check_memory(log.n_items, self.matrices, self.settings.memory_gib)
        X = levelled(log.matrix(), self.settings.user_power)
        return Whole(_solved_together(X, self.settings.l2, _noise(self.settings.dropout)))


@dataclass(frozen=True)
class EaseV2Settings:
    """Strength of the ridge, how many items are solved together, and the query."""

    l2: Annotated[float, Gt(0)] = 100.0
    """Ridge added to the diagonal of X'X. 30 to 500 covers most catalogues."""
    most: Annotated[int, Ge(1)] = 6_000
    """So many of the most frequent items are solved together; the others are paired one by one."""
    neighbours: Annotated[int, Ge(1)] = 100
    """How many pairs of a candidate are kept where they are paired one by one."""
    dropout: Annotated[float, Ge(0), Lt(1)] = 0.0
    """Trained as if each event were left out with this probability: raises the ridge of item i by
    n_i p / (1 - p)."""
    user_power: Annotated[float, Ge(0), Le(1)] = 0.0
    """A user of n items counts (mean n / n)^user_power in X'X, so that long histories do not speak
    for all."""
    query: HistoryWeights = ALL_ALIKE
    """How much each event of a history counts; fade = 2 to 10 makes the model follow the latest
    events."""


class EaseV2(IdItemItem[EaseV2Settings], Costed, Described):
    """EASE for catalogues of any size: the most frequent items in closed form, the others pair by
    pair.

    Among the `most` frequent items B is that of `model.ease.v1`. A pair with another item has
    B[i, j] = (X'X)[i, j] / ((X'X)[i, i] + l2), which is what EASE finds for two items alone; of
    these the `neighbours` largest of each candidate stay. With fewer than `most` items it is
    version 1.

    Args:
        settings: See `EaseV2Settings`.

    Cost: most^3 multiplications and 8 most^2 bytes while it learns, 4 most^2 afterwards; for the
        others as `model.item_knn.v2`.

    Steck, Embarrassingly Shallow Autoencoders for Sparse Data, WWW 2019.
    """

    does: ClassVar[str] = "learns for each pair of items how much one speaks for the other."
    Settings = EaseV2Settings

    @classmethod
    def work(cls, settings: EaseV2Settings, size: LogSize) -> Work:
        """The inverse of a matrix of the most frequent items."""
        return dense_work(size, settings.most, Ease.matrices)

    def learn(self, training: Training) -> Similarity:
        """B [n_items, n_items]."""
        s, counts = self.settings, training.log.item_counts()
        X = levelled(training.log.matrix(), s.user_power)
        noise = _noise(s.dropout)
        if len(counts) <= s.most:
            return Whole(_solved_together(X, s.l2, noise))
        # of equally frequent items the first ones, whatever the machine sorts by
        often = np.sort(np.argsort(-counts, kind="stable")[: s.most]).astype(np.int32)
        together = Placed(
            Whole(_solved_together(sparse.csr_matrix(X[:, often]), s.l2, noise)), often, len(counts)
        )
        return Both(Thin(_paired(X, s.l2, noise, often, s.neighbours)), together)


def _noise(dropout: float) -> float:
    """What dropout adds to X'X, as a share of its diagonal: in expectation, leaving entries out by
    chance p and dividing the rest by 1 - p adds p / (1 - p), so no mask is ever drawn.
    """
    return dropout / (1 - dropout)


def _solved_together(X: Sparse, l2: float, noise: float) -> Floats:
    """float32 [n, n], B of the columns of `X` [n_users, n], as `Ease` says it."""
    G = gram(X)
    G[np.diag_indices_from(G)] += np.float32(l2) + np.float32(noise) * np.diagonal(G)
    return without_diagonal(inverted(G, "raise l2"))


def _paired(X: Sparse, l2: float, noise: float, often: Rows, k: int) -> Sparse:
    """float32 CSR [n, n], B of the pairs of which one is not `often`, k numbers a column."""
    solved = np.zeros(X.shape[1], np.bool_)
    solved[often] = True
    own = np.asarray(X.multiply(X).sum(axis=0), np.float32).ravel()
    ridge = own * (1 + noise) + l2

    def then(G: Sparse, candidates: Longs) -> Sparse:
        """Of the candidates' rows."""
        candidate = np.repeat(candidates, np.diff(G.indptr))
        data = G.data.astype(np.float32) / ridge[G.indices]
        data[(G.indices == candidate) | (solved[G.indices] & solved[candidate])] = 0
        pairs = sparse.csr_matrix((data, G.indices, G.indptr), shape=G.shape)
        return strongest_unsorted(pairs, k)

    B = product(sparse.csr_matrix(X.T), X, then)
    return sparse.csr_matrix(B.T, dtype=np.float32)


def levelled(X: Sparse, power: float) -> Sparse:
    """`X` [n_users, n_items], each row times (mean row sum / row sum)^(power / 2)."""
    sums = np.asarray(X.sum(axis=1), np.float64).ravel()
    if power == 0 or not sums.any():
        return X
    # half of the power, because X'X takes every row twice
    factor = np.power(sums[sums > 0].mean() * inverse(sums), power / 2)
    return sparse.csr_matrix(sparse.diags(factor) @ X, dtype=np.float32)


def without_diagonal(P: Floats) -> Floats:
    """-P / diag(P) column by column with diagonal 0, in the memory of `P` [n, n]."""
    # diag(B) = 0 gives one multiplier a column, 1 / diag(P); what it adds beside -P / diag(P) lies
    # on the diagonal alone, which is set to zero. A copy, for P changes while it is divided.
    P /= -np.diagonal(P)[None, :].copy()
    np.fill_diagonal(P, 0.0)
    return P
