"""What users of one variant did, as numbers that experiments compare."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from palate.arrays import Doubles
from palate.errors import BadInput


@dataclass(frozen=True)
class UserValues:
    """A metric of each user of a variant.

    Attributes:
        value: float64 [n_users]; of a ratio metric its numerator.
        count: float64 [n_users], the denominator of a ratio metric, such as lists that were shown;
            None: a mean over users.
        before: float64 [n_users], the same metric, or anything else that was known before the
            experiment began (CUPED); NaN where a user is new; None: nothing was.
    """

    value: Doubles
    count: Doubles | None = None
    before: Doubles | None = None

    def __post_init__(self) -> None:
        for name, column in (("count", self.count), ("before", self.before)):
            if column is not None and column.shape != self.value.shape:
                raise BadInput(
                    f"shape {column.shape}",
                    where=name,
                    allowed=f"that of value, {self.value.shape}",
                )

    def __len__(self) -> int:
        return len(self.value)

    def mean(self) -> float:
        """The metric; NaN without users."""
        total = len(self) if self.count is None else float(self.count.sum())
        return float(self.value.sum()) / total if total else float("nan")

    def parts(self) -> Doubles:
        """float64 [n_users], numbers whose mean is the metric and whose spread is that of its
        error: of a ratio what each user adds to it, to first order.

        Deng, Knoblich & Lu, Applying the delta method in metric analytics, KDD 2018.
        """
        if self.count is None or not len(self):
            return self.value
        mean = self.mean()
        return np.asarray(mean + (self.value - mean * self.count) / self.count.mean())


def adjusted(variants: list[UserValues]) -> list[Doubles]:
    """The parts of each variant less what was to be expected of its users before it began (CUPED):
    the same difference, with a variance smaller by the squared correlation.

    One slope for all variants, of deviations from the mean over all of them, so that nothing that a
    variant did gets into it. New users are taken for average ones.

    Args:
        variants: Of one experiment, all with `before` or all without.

    Deng, Xu, Kohavi & Walker, Improving the sensitivity of online controlled experiments by
    utilizing pre-experiment data, WSDM 2013.
    """
    parts = [one.parts() for one in variants]
    if any(one.before is None for one in variants):
        return parts
    before = [np.asarray(one.before, np.float64) for one in variants]
    known = np.concatenate(before)
    centre = float(np.nanmean(known)) if np.isfinite(known).any() else 0.0
    x = [np.where(np.isnan(b), centre, b) - centre for b in before]
    within = [(p - p.mean(), b - b.mean()) for p, b in zip(parts, x, strict=True) if len(p)]
    squares = sum(float(b @ b) for _, b in within)
    slope = sum(float(p @ b) for p, b in within) / squares if squares else 0.0
    return [p - slope * b for p, b in zip(parts, x, strict=True)]
