"""What a block would look like, given the other blocks: the law that conditional permutation draws
from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Protocol, Self

import numpy as np
from annotated_types import Ge

from palate.arrays import Doubles
from palate.tables.importance_problem import Blocks

_WIDE = 1024
"""Blocks of more columns get their components from the products of rows."""
_ROWS = 3000
"""Rows that are looked at then."""


class Sampler(Protocol):
    """Learns E(block | other blocks)."""

    def fit(self, blocks: Blocks, name: str) -> Self:
        """Learn from the training inputs how block `name` follows from the others."""
        ...

    def expected(self, blocks: Blocks) -> Doubles:
        """float64 [n_units, d], the block's mean given the other blocks of the same units."""
        ...


@dataclass(frozen=True)
class RidgeSettings:
    """Width and flexibility of the conditional mean."""

    components: Annotated[int, Ge(1)] = 32
    """Blocks wider than this enter as so many principal components; the predicted block itself is
    never cut."""
    degree: Annotated[int, Ge(1)] = 2
    """Powers of each input up to this one: 1 for straight lines, 2 for bends too."""


@dataclass
class RidgeSampler:
    """Ridge from the other blocks' principal components, its strength chosen by generalised
    cross-validation.

    What is left over (the residual) is what the block says and the others do not; it is what
    changes hands. Right where residuals are about equally spread everywhere; the strength is chosen
    for the block as a whole. For single Gaussian columns this is the Gaussian sampler of fippy;
    unlike that one it also takes embeddings.

    Args:
        settings: See `RidgeSettings`.

    Cost: one eigendecomposition of (number of inputs)^3, and n_units x inputs x d multiplications.

    Blesch, Watson & Wright, Conditional feature importance for mixed data, AStA 2023; Golub, Heath
    & Wahba, Generalized cross-validation, Technometrics 1979.
    """

    settings: RidgeSettings = field(default_factory=RidgeSettings)

    def fit(self, blocks: Blocks, name: str) -> Self:
        """Learn from the training inputs how block `name` follows from the others."""
        self.inputs_ = {
            other: Components.of(X, self.settings.components)
            for other, X in blocks.items()
            if other != name
        }
        Z = self._powers(blocks)
        self.centre_, self.scale_ = Z.mean(axis=0), _spread(Z)
        Y = blocks[name]
        self.mean_ = Y.mean(axis=0)
        self.weights_ = ridge((Z - self.centre_) / self.scale_, Y - self.mean_)
        return self

    def expected(self, blocks: Blocks) -> Doubles:
        """float64 [n_units, d], the block's mean given the other blocks of the same units."""
        Z = (self._powers(blocks) - self.centre_) / self.scale_
        # far outside the training data a bent line flies off; nothing is known there, so it is held
        # at the rim
        return np.asarray(np.clip(Z, -6, 6) @ self.weights_ + self.mean_, np.float64)

    def _powers(self, blocks: Blocks) -> Doubles:
        n = len(next(iter(blocks.values())))
        Z = np.concatenate(
            [np.empty((n, 0)), *(part.of_rows(blocks[o]) for o, part in self.inputs_.items())],
            axis=1,
        )
        return np.concatenate([Z**power for power in range(1, self.settings.degree + 1)], axis=1)


@dataclass(frozen=True, eq=False)
class Components:
    """The leading principal components of a block, scaled to unit variance; the columns themselves
    where few.

    Attributes:
        centre: float64 [d].
        directions: float64 [d, m].
    """

    centre: Doubles
    directions: Doubles

    @classmethod
    def of(cls, X: Doubles, most: int) -> Components:
        """Learn them from `X` [n, d]; of more than 1,024 columns, from at most 3,000 rows."""
        centre = X.mean(axis=0)
        if X.shape[1] <= most:
            return cls(centre, np.diag(1 / _spread(X)))
        if X.shape[1] > _WIDE:
            return cls(centre, _of_rows_alike(X[:: -(-len(X) // _ROWS)] - centre, most))
        values, vectors = np.linalg.eigh((X - centre).T @ (X - centre) / len(X))
        lead = np.argsort(-values)[:most]
        lead = lead[values[lead] > 1e-12 * max(float(values.max()), 1e-300)]
        return cls(centre, vectors[:, lead] / np.sqrt(values[lead]))

    def of_rows(self, X: Doubles) -> Doubles:
        """float64 [n, m]."""
        return np.asarray((X - self.centre) @ self.directions, np.float64)


def _of_rows_alike(X: Doubles, most: int) -> Doubles:
    """float64 [d, m], the leading directions of centred `X` [n, d] by its rows' products: quicker
    where d is large.
    """
    values, vectors = np.linalg.eigh(X @ X.T / len(X))
    lead = np.argsort(-values)[:most]
    lead = lead[values[lead] > 1e-12 * max(float(values.max()), 1e-300)]
    # X = U s V^T gives V = X^T U / s with s^2 = n values; divided once more by sqrt(values) for
    # unit variance
    return np.asarray(X.T @ vectors[:, lead] / (np.sqrt(len(X)) * values[lead]), np.float64)


def ridge(Z: Doubles, Y: Doubles, strengths: Doubles | None = None) -> Doubles:
    """float64 [p, d], ridge weights from centred `Z` [n, p] to centred `Y` [n, d] at the best
    strength.

    The best is that of the least generalised cross-validation error over all columns, each in units
    of its spread.
    """
    n, p = Z.shape
    if p == 0:
        return np.zeros((0, Y.shape[1]))
    values, vectors = np.linalg.eigh(Z.T @ Z)
    values = np.maximum(values, 0.0)
    projected = vectors.T @ (Z.T @ Y)
    spread = np.maximum(np.einsum("ij,ij->j", Y, Y), 1e-300)
    best, least = 0.0, np.inf
    for strength in np.geomspace(1e-6, 1e3, 19) * n if strengths is None else strengths:
        kept = values / (values + strength)
        # |Y - ZW|^2 in the eigenbasis: |Y|^2 - sum of (2 kept - kept^2) u^2, u = projected /
        # sqrt(values)
        u2 = projected**2 / np.maximum(values, 1e-12 * max(float(values.max()), 1e-300))[:, None]
        rest = np.maximum(1 - np.sum((2 * kept - kept**2)[:, None] * u2, axis=0) / spread, 0.0)
        error = float(rest.mean()) / max(1 - kept.sum() / n, 1e-6) ** 2
        if error < least:
            best, least = float(strength), error
    return np.asarray(vectors @ (projected / (values + best)[:, None]), np.float64)


def _spread(X: Doubles) -> Doubles:
    """Standard deviation of each column; 1 for a constant one."""
    spread = X.std(axis=0)
    return np.asarray(np.where(spread > 1e-12, spread, 1.0), np.float64)


def expected_of(
    blocks: Mapping[str, Doubles], reference: Mapping[str, Doubles], name: str, sampler: Sampler
) -> Doubles:
    """float64 [n_units, d], the block's mean given the others, as learnt from the reference."""
    return sampler.fit(reference, name).expected(blocks)
