"""A normal distribution over the weights of features: what a policy believes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from palate.arrays import Doubles
from palate.errors import BadInput
from palate.tables.offers import Offers


@dataclass(frozen=True, eq=False)
class Belief:
    """Weights are normal around a mean.

    Attributes:
        mean: float64 [d + 1]; the last is the constant's.
        half: float64 [d + 1, d + 1], whose product with its transpose is the covariance.
    """

    mean: Doubles
    half: Doubles

    @classmethod
    def of(cls, precision: Doubles, products: Doubles, variance: float = 1.0) -> Belief:
        """Around precision^-1 products, with covariance variance * precision^-1.

        Args:
            precision: float64 [d + 1, d + 1], positive definite.
            products: float64 [d + 1].
            variance: Of a reward around its expectation.
        """
        lower = linalg.cholesky(precision, lower=True)
        mean = linalg.cho_solve((lower, True), products)
        # L^-T: its product with its transpose is (L L')^-1
        half = linalg.solve_triangular(lower, np.eye(len(products)), lower=True, trans="T")
        return cls(mean, np.sqrt(variance) * half)

    def wider(self, times: float) -> Belief:
        """The same around the same mean, with so many times the standard deviations."""
        return self if times == 1 else Belief(self.mean, times * self.half)

    def expected(self, X: NDArray[Any]) -> Doubles:
        """float64 [...], of features X [..., d] of candidates."""
        return np.asarray(X @ self.mean[:-1] + self.mean[-1], np.float64)

    def error(self, X: NDArray[Any]) -> Doubles:
        """float64 [...], standard deviation of what is expected of candidates with X [..., d]."""
        along = X @ self.half[:-1] + self.half[-1]
        return np.asarray(np.sqrt(np.einsum("...j,...j->...", along, along)))

    def difference(self, X: NDArray[Any]) -> tuple[Doubles, Doubles]:
        """float64 [n], float64 [n]: mean and standard deviation of differences X [n, d] of two
        mixtures of candidates, in which the constant goes away.
        """
        along = X @ self.half[:-1]
        return np.asarray(X @ self.mean[:-1]), np.sqrt(np.einsum("ij,ij->i", along, along))

    def samples(self, rng: np.random.Generator, n: int, each: int) -> NDArray[np.float32]:
        """float32 [n, d, each], weights as they may be, without the constant's: it is the same for
        all candidates of a round. Which one is best does not hang on more digits.
        """
        z = rng.standard_normal((n, each, len(self.mean)), np.float32)
        drawn = z @ self.half[:-1].T.astype(np.float32) + self.mean[:-1].astype(np.float32)
        return np.ascontiguousarray(drawn.transpose(0, 2, 1))


def features_of(offers: Offers, width: int | None, where: str) -> NDArray[np.float32]:
    """float32 [n, m, d], features of what is offered; zeros for what is not allowed.

    Args:
        offers: The offers.
        width: Which d was learnt from; None: any.
        where: Name of the policy.

    Raises:
        BadInput: There are none, of another width, or numbers that are not finite.
    """
    if offers.features is None:
        raise BadInput(
            "offers without features",
            where=where,
            allowed="features [n, m, d]: the policy learns over them",
            next_step="give features, or choose policy.softmax.v1, which goes by scores",
        )
    checked_width(offers.features.shape[2], width, where)
    open_ = offers.open
    X = offers.features if open_.all() else np.where(open_[:, :, None], offers.features, 0)
    if not np.isfinite(X).all():
        raise BadInput(
            "features that are no finite numbers",
            where=where,
            allowed="finite numbers for all candidates that are allowed",
        )
    return np.asarray(X, np.float32)


def checked_width(found: int, width: int | None, where: str) -> int:
    """The number of features, if it is the one that was learnt from.

    Raises:
        BadInput: It is another.
    """
    if width is not None and found != width:
        raise BadInput(
            f"{found} features",
            where=where,
            allowed=f"{width}, as in what was learnt from",
            next_step="give the features that it learnt from, or let it learn again",
        )
    return found
