"""How well a classifier agrees with labels that it did not learn from, with intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from palate import inference
from palate.arrays import Doubles, Mask
from palate.tables.estimate import Estimate
from palate.tables.questions import QuestionKind


@dataclass(frozen=True, eq=False)
class Counted:
    """What F1 is made of, item by item.

    Attributes:
        hits: float64 [n], twice the options that were rightly said.
        size: float64 [n], options that were said, and options that hold.
    """

    hits: Doubles
    size: Doubles

    @property
    def f1(self) -> float:
        """Micro-F1; 1 where there is nothing to say."""
        whole = float(self.size.sum())
        return float(self.hits.sum()) / whole if whole else 1.0

    def influence(self) -> Doubles:
        """float64 [n], what each item adds to the error of F1, a ratio of sums."""
        mean = float(self.size.mean()) if len(self.size) else 0.0
        return (self.hits - self.f1 * self.size) / mean if mean else np.zeros(len(self.hits))


def chosen_options(kind: QuestionKind, p: Doubles) -> Mask:
    """bool [n, k] of probabilities [n, k]: the likeliest option; of several labels all that are as
    likely as not, or else the likeliest.
    """
    best = np.zeros(p.shape, np.bool_)
    best[np.arange(len(p)), p.argmax(axis=1)] = True
    if kind == "label":
        return best
    likely = p >= 0.5
    return np.where(likely.any(axis=1, keepdims=True), likely, best)


def counted(kind: QuestionKind, p: Doubles, truth: Doubles) -> Counted:
    """Of probabilities and labels, both float64 [n, k]."""
    said, true = chosen_options(kind, p), truth >= 0.5
    both = (said & true).sum(axis=1)
    return Counted(2.0 * both, (said.sum(axis=1) + true.sum(axis=1)).astype(np.float64))


def agreement(found: Counted, level: float = 0.95) -> Estimate:
    """Micro-F1 with its interval, between 0 and 1; items are the independent units."""
    return _bounded(_estimated(found.f1, found.influence(), level), 0.0)


def gained(later: Counted, earlier: Counted, level: float = 0.95) -> Estimate:
    """How much higher F1 is, on the same items."""
    difference = later.influence() - earlier.influence()
    return _bounded(_estimated(later.f1 - earlier.f1, difference, level), -1.0)


def _estimated(value: float, influence: Doubles, level: float) -> Estimate:
    n = len(influence)
    variance = float((influence**2).sum()) / max(n - 1, 1) / max(n, 1)
    return inference.estimate(value, variance, n, level)


def _bounded(found: Estimate, least: float) -> Estimate:
    low, high = (float(np.clip(x, least, 1.0)) for x in (found.low, found.high))
    return Estimate(found.value, low, high, found.p, found.error, found.n_users, level=found.level)
