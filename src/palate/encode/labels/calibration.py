"""Probabilities that mean what they say: log-odds held against labels that the classifier did not
see.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np

from palate.arrays import Doubles
from palate.encode.attributes.local.zero_shot import sigmoid, softmax
from palate.tables.questions import QuestionKind

CalibrationMethod: TypeAlias = Literal["temperature", "isotonic", "none"]
"""One slope (and, for several labels, one offset) for all log-odds; a monotone function of the
probability; what the classifier says.
"""

_LEAST = 1e-4


def _none() -> Doubles:
    return np.empty(0)


@dataclass(frozen=True, eq=False)
class Calibration:
    """From log-odds to probabilities.

    Attributes:
        kind: `"label"`: the options share one; `"labels"`: each stands alone.
        slope: Log-odds are multiplied by it: the inverse of the temperature.
        offset: And this is added, for `"labels"`.
        before: float64 [m], ascending probabilities; empty where the slope is all.
        after: float64 [m], what each of them becomes; between them straight lines.
    """

    kind: QuestionKind
    slope: float = 1.0
    offset: float = 0.0
    before: Doubles = field(default_factory=_none)
    after: Doubles = field(default_factory=_none)

    def probabilities(self, margins: Doubles) -> Doubles:
        """float64 [n, k] of log-odds [n, k]; rows of `"label"` add up to one."""
        if self.kind == "labels":
            return self._mapped(sigmoid(self.slope * margins + self.offset))
        p = self._mapped(softmax(self.slope * margins))
        return p / p.sum(axis=1, keepdims=True) if len(self.before) else p

    def _mapped(self, p: Doubles) -> Doubles:
        if not len(self.before):
            return p
        return np.clip(np.interp(p, self.before, self.after), _LEAST, 1 - _LEAST)


def calibrated(
    kind: QuestionKind, method: CalibrationMethod, margins: Doubles, truth: Doubles
) -> Calibration:
    """The calibration that fits best.

    Args:
        kind: Of the question, `"label"` or `"labels"`.
        method: See `CalibrationMethod`.
        margins: float64 [n, k], of items that the classifier did not learn from.
        truth: float64 [n, k], their labels, or a teacher's probabilities.

    Guo, Pleiss, Sun, Weinberger, On calibration of modern neural networks, ICML 2017; Zadrozny and
    Elkan, Transforming classifier scores into accurate multiclass probability estimates, KDD 2002.
    """
    plain = Calibration(kind)
    if method == "none" or not len(margins):
        return plain
    if method == "temperature":
        return _slope(kind, margins, truth)
    from sklearn.isotonic import IsotonicRegression

    p = plain.probabilities(margins).ravel()
    found = IsotonicRegression(out_of_bounds="clip").fit(p, truth.ravel())
    return Calibration(
        kind,
        before=np.asarray(found.X_thresholds_, np.float64),
        after=np.asarray(found.y_thresholds_, np.float64),
    )


def log_loss(probabilities: Doubles, truth: Doubles, kind: QuestionKind) -> Doubles:
    """float64 [n], mean over the options for `"labels"`."""
    p = np.clip(probabilities, _LEAST, 1 - _LEAST)
    if kind == "label":
        return np.asarray(-(truth * np.log(p)).sum(axis=1))
    return np.asarray(-(truth * np.log(p) + (1 - truth) * np.log(1 - p)).mean(axis=1))


def _slope(kind: QuestionKind, margins: Doubles, truth: Doubles) -> Calibration:
    from scipy.optimize import minimize

    n_free = 2 if kind == "labels" else 1

    def made(x: Doubles) -> Calibration:
        return Calibration(kind, float(np.exp(x[0])), float(x[1]) if n_free == 2 else 0.0)

    def loss(x: Doubles) -> float:
        found = log_loss(made(x).probabilities(margins), truth, kind)
        # a weak pull to "as it is": a handful of labels, all of them right, would want infinity
        return float(found.sum() + 0.1 * (x**2).sum())

    bounds = [(-2.0, 2.0)] * n_free
    found = minimize(loss, np.zeros(n_free), method="L-BFGS-B", bounds=bounds)
    return made(np.asarray(found.x, np.float64))
