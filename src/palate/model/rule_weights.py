"""How much rules count: what they say themselves, corrected by what people did."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from palate.arrays import Doubles

_STEPS: Final = 100
_SMALL: Final = 1e-9


@dataclass(frozen=True, eq=False)
class Choices:
    """What was taken, and what might have been taken instead.

    Attributes:
        scores: float64 [n, m], a model's score of each candidate; the first is what was taken.
        hits: float64 [n, m, n_rules], 1 where a rule applies.
    """

    scores: Doubles
    hits: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RuleWeights:
    """What was learnt.

    Attributes:
        slope: What one unit of the model's score adds to the logits of being taken, above 0.
        sizes: float64 [n_rules], what each rule adds to them.
        errors: float64 [n_rules], standard deviations of the posterior.
    """

    slope: float
    sizes: Doubles
    errors: Doubles


def learnt(choices: Choices, said: Doubles, strength: float, unit: float) -> RuleWeights:
    """The most likely weights, given what was taken and what the rules say.

    The model is a choice among candidates, logits = slope x score + sum of the rules that apply.
    Each rule is a normal prior around what it says, as strong as `strength` choices would be: they
    say as much of it as so many average ones do. A rule that nothing speaks of keeps its size.

    Args:
        choices: n >= 0 of them.
        said: float64 [n_rules], logits as the rules have them.
        strength: >= 0, how many choices the rules weigh.
        unit: A usual difference of two scores, the slope's inverse where there are no choices.

    Returns:
        See `RuleWeights`.
    """
    n, least = len(choices.scores), 0.01 / unit
    if not n:
        return RuleWeights(1 / unit, said.copy(), np.zeros(len(said)))
    start = np.append(1 / unit, said)
    weak = np.append(_SMALL, np.full(len(said), np.inf))
    alone = _climbed(choices, start, start, weak)
    information = _information(choices, alone)
    tight = np.append(_SMALL, strength * information[1:] / n + _SMALL)
    found = _climbed(choices, np.append(alone[0], said), np.append(alone[0], said), tight)
    if found[0] < least:  # scores that say nothing must not turn the rules round
        held = np.append(np.inf, tight[1:])
        found = _climbed(choices, np.append(least, said), np.append(least, said), held)
    errors = 1 / np.sqrt(_information(choices, found)[1:] + tight[1:])
    return RuleWeights(float(found[0]), found[1:], errors)


def _climbed(choices: Choices, start: Doubles, centre: Doubles, tightness: Doubles) -> Doubles:
    """float64 [1 + n_rules], the top of the log posterior, by Newton's method with halved steps."""
    free = np.isfinite(tightness)
    at = start.copy()

    def height(point: Doubles) -> float:
        off = (point - centre)[free]
        return _log_likelihood(choices, point) - 0.5 * float(tightness[free] @ off**2)

    top = height(at)
    for _ in range(_STEPS):
        slope, curve = _derivatives(choices, at)
        slope = (slope - np.where(free, tightness, 0) * (at - centre))[free]
        curve = curve[np.ix_(free, free)] + np.diag(tightness[free])
        step = np.zeros(len(at))
        step[free] = np.linalg.lstsq(curve, slope, rcond=None)[0]
        at, gain = _uphill(height, at, step, top)
        top += gain
        if gain < 1e-10 * max(1.0, abs(top)):
            break
    return at


def _uphill(
    height: Callable[[Doubles], float], at: Doubles, step: Doubles, top: float
) -> tuple[Doubles, float]:
    """The point after the longest of the halved steps that rises, and how far it rises."""
    for halved in range(30):
        point = at + step * 0.5**halved
        rise = height(point) - top
        if rise > 0:
            return point, rise
    return at, 0.0


def _shares(choices: Choices, point: Doubles) -> Doubles:
    """float64 [n, m], probabilities of the candidates."""
    logits = point[0] * choices.scores + choices.hits @ point[1:]
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(shares / shares.sum(axis=1, keepdims=True), np.float64)


def _log_likelihood(choices: Choices, point: Doubles) -> float:
    return float(np.log(np.maximum(_shares(choices, point)[:, 0], 1e-300)).sum())


def _derivatives(choices: Choices, point: Doubles) -> tuple[Doubles, Doubles]:
    """Slope [p] of the log-likelihood, and its curvature [p, p], turned to be positive."""
    shares = _shares(choices, point)
    inputs = np.concatenate([choices.scores[:, :, None], choices.hits], axis=2)
    means = np.einsum("nm,nmp->np", shares, inputs)
    slope = (inputs[:, 0] - means).sum(axis=0)
    curve = np.einsum("nm,nmp,nmq->pq", shares, inputs, inputs) - means.T @ means
    return slope, curve


def _information(choices: Choices, point: Doubles) -> Doubles:
    """float64 [p], what the choices say of each weight."""
    return np.maximum(np.diag(_derivatives(choices, point)[1]), 0)
