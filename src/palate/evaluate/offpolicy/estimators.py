"""Estimators of a policy's value: each is a function of means over the rounds of a log.

That form is all that intervals need: their error follows from the gradient (the delta method), and
drawing users again draws the means again.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from palate.arrays import Doubles
from palate.evaluate.offpolicy.logged import WeightedRounds

Means: TypeAlias = Doubles
"""float64 [..., k], means of an estimator's columns."""


class ValueEstimator(ABC):
    """What a policy would bring in each round, estimated."""

    needs_model: bool = False
    has_error: bool = True
    """Whether its spread over rounds is that of its error."""

    @abstractmethod
    def columns(self, rounds: WeightedRounds) -> Doubles:
        """float64 [n, k], what is averaged."""

    @abstractmethod
    def value(self, means: Means) -> Doubles:
        """float64 [...], the estimate from means [..., k]."""

    @abstractmethod
    def gradient(self, means: Means) -> Doubles:
        """float64 [k], of the estimate by each mean, for means [k]."""


@dataclass(frozen=True)
class Averaged(ValueEstimator):
    """The mean of one column: unbiased where the column is."""

    column: Callable[[WeightedRounds], Doubles]
    needs_model: bool = False
    has_error: bool = True

    def columns(self, rounds: WeightedRounds) -> Doubles:
        """The column."""
        return self.column(rounds)[:, None]

    def value(self, means: Means) -> Doubles:
        """Its mean."""
        return np.asarray(means[..., 0])

    def gradient(self, means: Means) -> Doubles:
        """One."""
        return np.ones(1)


@dataclass(frozen=True)
class SelfNormalised(ValueEstimator):
    """`base` + mean of `column` / mean weight: biased a little, and bounded by the rewards."""

    column: Callable[[WeightedRounds], Doubles]
    base: Callable[[WeightedRounds], Doubles] | None = None
    needs_model: bool = False

    def columns(self, rounds: WeightedRounds) -> Doubles:
        """The column, the weight, and the base."""
        base = np.zeros(len(rounds)) if self.base is None else self.base(rounds)
        return np.stack([self.column(rounds), rounds.weight, base], axis=1)

    def value(self, means: Means) -> Doubles:
        """Their ratio and the base; NaN where no weight is above 0."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(means[..., 2] + means[..., 0] / means[..., 1])

    def gradient(self, means: Means) -> Doubles:
        """Of a ratio."""
        top, weight, _ = means
        return np.array([1 / weight, -top / weight**2, 1.0])


class BestControl(ValueEstimator):
    """IPS less the best multiple of (mean weight - 1), whose mean is known to be 0.

    The multiple is Cov(w r, w) / Var(w): of all of its kind the least variance; SNIPS is one of
    them (its multiple is its own estimate).
    """

    def columns(self, rounds: WeightedRounds) -> Doubles:
        """w r, w, w^2 r, w^2."""
        w, r = rounds.weight, rounds.reward
        return np.stack([w * r, w, w * w * r, w * w], axis=1)

    def value(self, means: Means) -> Doubles:
        """The estimate."""
        return np.asarray(means[..., 0] - _multiple(means) * (means[..., 1] - 1))

    def gradient(self, means: Means) -> Doubles:
        """To first order: the multiple is multiplied with what is nearly 0."""
        return np.array([1.0, -float(_multiple(means)), 0.0, 0.0])


def _multiple(means: Means) -> Doubles:
    top = means[..., 2] - means[..., 0] * means[..., 1]
    spread = means[..., 3] - means[..., 1] ** 2
    return np.asarray(np.divide(top, spread, out=np.zeros_like(top), where=spread > 1e-15))


def weighted_reward(rounds: WeightedRounds) -> Doubles:
    """float64 [n], w r."""
    return rounds.weight * rounds.reward


def weighted_surprise(rounds: WeightedRounds) -> Doubles:
    """float64 [n], w (r - q)."""
    return rounds.weight * (rounds.reward - rounds.expected)


def model_value(rounds: WeightedRounds) -> Doubles:
    """float64 [n], v."""
    return rounds.value


def doubly_robust(rounds: WeightedRounds) -> Doubles:
    """float64 [n], v + w (r - q)."""
    return rounds.value + weighted_surprise(rounds)


def switched(most: float) -> Averaged:
    """DR that trusts the model alone where a weight is above `most` (Switch-DR)."""

    def column(rounds: WeightedRounds) -> Doubles:
        return rounds.value + np.where(rounds.weight <= most, weighted_surprise(rounds), 0.0)

    return Averaged(column, needs_model=True)


def clipped(most: float) -> Averaged:
    """IPS with no weight above `most`."""
    return Averaged(lambda rounds: np.minimum(rounds.weight, most) * rounds.reward)


def shrunk(factor: float) -> Averaged:
    """DR with weights w factor / (w^2 + factor), which never grow beyond half the root of it
    (DRos): 0 is the model alone, infinity plain DR.
    """

    def column(rounds: WeightedRounds) -> Doubles:
        w = rounds.weight
        smaller = w if np.isinf(factor) else w * factor / (w * w + factor)
        return rounds.value + smaller * (rounds.reward - rounds.expected)

    return Averaged(column, needs_model=True)


BEYOND_THE_LOG: Final = Averaged(lambda rounds: doubly_robust(rounds) - rounds.reward)
"""What the target brings beyond the policy at work: DR (IPS without a model) less the rewards."""

ESTIMATORS: Final[dict[str, ValueEstimator]] = {
    "ips": Averaged(weighted_reward),
    "snips": SelfNormalised(weighted_reward),
    "beta_ips": BestControl(),
    "dm": Averaged(model_value, needs_model=True, has_error=False),
    "dr": Averaged(doubly_robust, needs_model=True),
    "sndr": SelfNormalised(weighted_surprise, model_value, needs_model=True),
}
"""By name, without those that are tuned (`palate.evaluate.offpolicy.tuning`).

- ips: inverse propensity scoring, unbiased (Horvitz & Thompson, JASA 1952)
- snips: self-normalised (Swaminathan & Joachims, NeurIPS 2015)
- beta_ips: with the best additive control (Gupta et al., RecSys 2024)
- dm: direct method: the model alone; as biased as the model is, by how much is not known, so that
  it has no interval
- dr: doubly robust: right where either propensities or model are (Dudik et al., ICML 2011)
- sndr: the same, self-normalised (Thomas & Brunskill, ICML 2016)
"""
