"""The better the score, the likelier: softmax."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, final

import numpy as np
from annotated_types import Ge, Gt, Le

from palate.arrays import Doubles
from palate.policy.shares import mixed, uniform
from palate.tables.offers import Offers


@dataclass(frozen=True)
class SoftmaxSettings:
    """How sharp it is."""

    temperature: Annotated[float, Gt(0)] = 1.0
    """Scores are divided by it: near 0 the best alone is shown, at infinity all alike."""
    scaled: bool = True
    """Whether scores are first divided by their standard deviation among the candidates of the
    round, so that one temperature suits every model."""
    explore: Annotated[float, Ge(0), Le(1)] = 0.0
    """Share of rounds in which any candidate is as likely as another: no propensity is below
    explore / candidates."""


@final
class Softmax:
    """p proportional to exp(score / temperature).

    Never closed to anything, so that another policy can be evaluated from its log. Where the best
    matters most `policy.epsilon_greedy.v1` costs less.

    Args:
        settings: See `SoftmaxSettings`.
    """

    Settings = SoftmaxSettings

    def __init__(self, settings: SoftmaxSettings | None = None) -> None:
        self.settings = settings or SoftmaxSettings()

    def probabilities(self, offers: Offers, rng: np.random.Generator) -> Doubles:
        """float64 [n, m], 0 for what is not allowed; nothing is drawn."""
        open_, s = offers.open, self.settings
        scores = np.where(open_, offers.scores, 0).astype(np.float64)
        if s.scaled:
            scores = scores / _spread(scores, open_)
        scores = np.where(open_, scores / s.temperature, -np.inf)
        best = np.where(open_.any(axis=1), scores.max(axis=1, initial=-np.inf), 0.0)
        weight = np.exp(scores - best[:, None])
        total = weight.sum(axis=1, keepdims=True)
        share = np.divide(weight, total, out=np.zeros_like(weight), where=total > 0)
        return mixed(share, uniform(open_), s.explore)


def _spread(scores: Doubles, open_: np.ndarray) -> Doubles:
    """float64 [n, 1], standard deviation of the allowed scores of each round; 1 where it is 0."""
    n = np.maximum(open_.sum(axis=1, keepdims=True), 1)
    centred = np.where(open_, scores - scores.sum(axis=1, keepdims=True) / n, 0.0)
    deviation = np.sqrt((centred**2).sum(axis=1, keepdims=True) / n)
    return np.asarray(np.where(deviation > 0, deviation, 1.0))
