"""Yes or no, row by row: accuracy, precision, recall, F1, AUC and log loss, with intervals over
users.

Each measure comes with every row's influence on it, so that intervals and paired differences are
one formula: rows of one user are summed before anything is called independent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from palate.arrays import Doubles, Mask
from palate.errors import BadInput
from palate.inference import cluster_codes, estimate, skewness
from palate.tables.estimate import Estimate

Aim: TypeAlias = Literal["accuracy", "f1"]

MEASURES = ("accuracy", "precision", "recall", "f1", "auc", "logloss")
SMALLEST = 1e-7


@dataclass(frozen=True, eq=False)
class Reading:
    """A measure over some rows.

    Attributes:
        value: The measure; NaN where it is not defined (no positive row, or one class only).
        influence: float64 [n_rows], by how much each row moves it, to first order; sums to 0.
    """

    value: float
    influence: Doubles


def readings(
    label: NDArray[Any], probability: Doubles, threshold: float = 0.5
) -> dict[str, Reading]:
    """Every measure of `MEASURES`.

    Args:
        label: 0 or 1 [n_rows], n_rows >= 1.
        probability: float64 [n_rows], within 0 and 1.
        threshold: Rows of at least this probability count as a yes. Choose it on validation rows.

    Raises:
        BadInput: No rows, labels other than 0 and 1, or probabilities that are none.

    Cost: one sort.

    >>> found = readings(np.array([1, 1, 0, 0]), np.array([0.9, 0.4, 0.6, 0.1]))
    >>> [round(found[m].value, 3) for m in ("accuracy", "precision", "recall", "f1", "auc")]
    [0.5, 0.5, 0.5, 0.5, 0.75]

    Obuchowski, Nonparametric analysis of clustered ROC curve data, Biometrics 1997 (the interval of
    the AUC).
    """
    right = _checked(label, probability)
    said = probability >= threshold
    hits = (said & right).astype(np.float64)
    n = np.ones(len(right))
    kept = np.clip(probability, SMALLEST, 1 - SMALLEST)
    losses = -np.where(right, np.log(kept), np.log1p(-kept))
    return {
        "accuracy": _ratio((said == right).astype(np.float64), n),
        "precision": _ratio(hits, said.astype(np.float64)),
        "recall": _ratio(hits, right.astype(np.float64)),
        "f1": _ratio(2 * hits, said.astype(np.float64) + right),
        "auc": _auc(right, probability),
        "logloss": _ratio(losses, n),
    }


def clustered_reading(reading: Reading, user: NDArray[Any], level: float = 0.95) -> Estimate:
    """The measure with an interval that takes the rows of a user as one.

    Args:
        reading: One of `readings`.
        user: [n_rows], whose row each is.
        level: Share of such intervals that should hold the true value.
    """
    if np.isnan(reading.value):
        nan = float("nan")
        return Estimate(nan, nan, nan, nan, nan, len(np.unique(user)))
    sums = np.bincount(cluster_codes(user), weights=reading.influence)
    n = len(sums)
    variance = float(np.sum(sums**2)) * n / max(n - 1, 1)
    return estimate(reading.value, variance, n, level, skewness(sums - sums.mean()))


def difference(
    first: Reading, second: Reading, user: NDArray[Any], level: float = 0.95
) -> Estimate:
    """`second` less `first` over the same rows, paired: interval and p over users."""
    moved = Reading(second.value - first.value, second.influence - first.influence)
    return clustered_reading(moved, user, level)


def best_threshold(label: NDArray[Any], probability: Doubles, aim: Aim = "accuracy") -> float:
    """The threshold of the highest accuracy or F1 on validation rows; of equal ones the nearest to
    0.5.

    Args:
        label: 0 or 1 [n_rows], validation rows, never test rows.
        probability: float64 [n_rows].
        aim: What shall be highest.

    >>> best_threshold(np.array([0, 0, 1, 1]), np.array([0.1, 0.2, 0.3, 0.4]))
    0.25
    """
    right = _checked(label, probability)
    values, group = np.unique(probability, return_inverse=True)
    # cut c calls the values from c on a yes: the last cut calls none
    yes = np.bincount(group, weights=right, minlength=len(values))
    no = np.bincount(group, weights=~right, minlength=len(values))
    hits = yes.sum() - np.concatenate([[0.0], np.cumsum(yes)])
    false = no.sum() - np.concatenate([[0.0], np.cumsum(no)])
    quality = (
        hits + (no.sum() - false)
        if aim == "accuracy"
        else 2 * hits / np.maximum(hits + false + yes.sum(), 1)
    )
    middles = np.concatenate(
        [[values[0]], (values[1:] + values[:-1]) / 2, [np.nextafter(values[-1], 2)]]
    )
    best = np.flatnonzero(quality >= quality.max() - 1e-12)
    return float(middles[best[np.argmin(np.abs(middles[best] - 0.5))]])


def measured(
    label: NDArray[Any], probability: Doubles, threshold: float, user: NDArray[Any]
) -> Mapping[str, Estimate]:
    """Every measure with its interval over users; arguments as for `readings`."""
    return {
        name: clustered_reading(r, user)
        for name, r in readings(label, probability, threshold).items()
    }


def _checked(label: NDArray[Any], probability: Doubles) -> Mask:
    if len(label) == 0 or len(label) != len(probability):
        raise BadInput(
            f"{len(label)} labels and {len(probability)} probabilities", where="pointwise"
        )
    if not np.isin(label, (0, 1)).all():
        raise BadInput(
            "labels other than 0 and 1", where="pointwise.label", allowed="0 for no, 1 for yes"
        )
    if not ((probability >= 0) & (probability <= 1)).all():
        raise BadInput(
            "numbers that are no probabilities",
            where="pointwise.probability",
            allowed="0 to 1, finite",
        )
    return np.asarray(label, np.float64) > 0.5


def _ratio(part: Doubles, whole: Doubles) -> Reading:
    """sum(part) / sum(whole), by the delta method."""
    total = float(whole.sum())
    if total == 0:
        return Reading(float("nan"), np.zeros(len(part)))
    value = float(part.sum()) / total
    return Reading(value, np.asarray((part - value * whole) / total, np.float64))


def _auc(right: Mask, probability: Doubles) -> Reading:
    """Chance that a positive row stands above a negative one, ties counting half."""
    yes, no = probability[right], probability[~right]
    if not len(yes) or not len(no):
        return Reading(float("nan"), np.zeros(len(right)))
    below = _share_below(np.sort(no), yes)
    above = 1 - _share_below(np.sort(yes), no)
    value = float(below.mean())
    influence = np.zeros(len(right))
    influence[right] = (below - value) / len(yes)
    influence[~right] = (above - value) / len(no)
    return Reading(value, influence)


def _share_below(ascending: Doubles, wanted: Doubles) -> Doubles:
    left, right = (np.searchsorted(ascending, wanted, side) for side in ("left", "right"))
    return np.asarray((left + right) / 2 / len(ascending), np.float64)
