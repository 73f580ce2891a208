"""The mean of a figure over users and how sure it is, also where all but a few users have zero.

Rubin's Bayesian bootstrap gives each user a random weight (Gamma(1), scaled to sum to one); the
mean under such weights says where the true mean lies. A sample with few hits hides what the users
that it missed would have given. So each end of an interval is read off with one user more, who has
the weight `UNSEEN` and is like those that were seen to have something: for 0/1 figures this is
nearly Jeffreys' interval of a share. Nothing is drawn: the distribution of the weighted mean comes
from its saddlepoint. Ends and p values are two readings of one curve and cannot disagree.

Rubin, The Bayesian bootstrap, Annals of Statistics 1981; Gaffke, Three test statistics for a
nonparametric one-sided hypothesis on the mean of a nonnegative variable, Mathematical Methods of
Statistics 2005 (the user more); Barndorff-Nielsen, Inference on full or partial parameters based on
the standardized signed log likelihood ratio, Biometrika 1986 (the signed root r*).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import special

from palate.arrays import Doubles

UNSEEN = 0.5
"""Weight of the user more, chosen by simulation: with 1/4 rare hits are missed, with 1 intervals
hold the truth too often."""
FEWEST = 5
"""With fewer users there is no interval: what so few say of the users' spread is a guess."""
_STEPS = 80
_CLOSE = 1e-9
_INSIDE = 1 - 1e-13


@dataclass(frozen=True, eq=False)
class UserMean:
    """Users' figures, each distinct one once, and who is added at either end.

    Attributes:
        value: float64 [n], distinct figures.
        count: float64 [n], how many users have each.
        below: What the user has who is added for the lower end.
        above: What the one has who is added for the upper end.
    """

    value: Doubles
    count: Doubles
    below: float
    above: float

    @classmethod
    def of_figures(
        cls, figures: Doubles, low: float, high: float, parts: Doubles | None = None
    ) -> UserMean:
        """Of figures that lie between two bounds, such as a metric.

        The user above is like those above `low` (the root of their mean square), the one below like
        those below `high`; where there are none, they stand at the far bound.

        Args:
            figures: float64 [n_users].
            low: Least figure that there can be.
            high: Greatest figure that there can be.
            parts: float64 [n_users], what users contribute to the mean where that is not their
                figure, because some of them count more than others.
        """
        over, under = (x[x != 0] for x in (figures - low, high - figures))
        above, below = low + typical(over, high - low), high - typical(under, high - low)
        return cls(*_distinct(figures if parts is None else parts), below, above)

    @classmethod
    def of_differences(
        cls, figures: Doubles, most: float = 0.0, parts: Doubles | None = None
    ) -> UserMean:
        """Of figures that are differences, zero for a user whom nothing changes for.

        The users added are like those for whom something does change (the root of their mean
        square), for the better and for the worse.

        Args:
            figures: float64 [n_users], the differences.
            most: How large a difference can be; taken where all are zero.
            parts: As in `of_figures`.
        """
        size = typical(figures[figures != 0], most)
        return cls(*_distinct(figures if parts is None else parts), -size, size)

    @property
    def n_users(self) -> int:
        """How many users there are."""
        return int(self.count.sum())

    def interval(self, level: float) -> tuple[float, float]:
        """Both ends; NaN with fewer than `FEWEST` users.

        Args:
            level: Share of such intervals that should hold the true mean.
        """
        n = self.n_users
        if n < FEWEST:
            return float("nan"), float("nan")
        root = float(special.stdtrit(n - 1, (1 + level) / 2)) * _widening(n)
        return self._with(self.below).quantile(-root), self._with(self.above).quantile(root)

    def p_value(self, at: float = 0.0) -> float:
        """Two-sided p of a true mean of `at`: below 1 - level just where the interval excludes it.

        NaN with fewer than `FEWEST` users.
        """
        if self.n_users < FEWEST:
            return float("nan")
        below, above = self.roots(at)
        return min(1.0, 2 * float(special.stdtr(self.n_users - 1, min(below, -above))))

    def roots(self, at: float = 0.0) -> tuple[float, float]:
        """How many standard errors, as Student's t counts them, the true mean `at` is away from the
        mean as seen from the lower end (negative where the mean is above it) and from the upper
        one. The interval ends where the first is -t, and where the second is t.
        """
        widening = _widening(self.n_users)
        below, above = self._with(self.below), self._with(self.above)
        return below.root_of(at) / widening, above.root_of(at) / widening

    def _with(self, figure: float) -> _Weighted:
        return _Weighted.of(np.append(self.value, figure), np.append(self.count, UNSEEN))


def _distinct(figures: Doubles) -> tuple[Doubles, Doubles]:
    value, count = np.unique(figures, return_counts=True)
    return value, count.astype(np.float64)


def typical(sizes: Doubles, otherwise: float, count: Doubles | None = None) -> float:
    """The root of the mean square of sizes [n], which `count` [n] users have each.

    Args:
        sizes: Those of users who have something.
        otherwise: What is typical where there is none.
        count: Of each size; None: one user.
    """
    return float(np.sqrt(np.average(sizes**2, weights=count))) if len(sizes) else otherwise


def _widening(n: int) -> float:
    # the weights give a mean the variance over n + 1, a sample's estimate is the one over n - 1
    return float(np.sqrt((n + 1) / (n - 1)))


@dataclass(frozen=True, eq=False)
class _Weighted:
    """A mean under gamma weights.

    The tilt is the one parameter of the saddlepoint: it fixes both a value of the mean and the
    signed root r* of that value, whose normal probability is that of a mean of at most this value.

    Attributes:
        x: float64 [n], the figures, less the middle.
        shape: float64 [n], the gamma shape of the weight of each.
        middle: The expected mean.
    """

    x: Doubles
    shape: Doubles
    middle: float

    @classmethod
    def of(cls, figures: Doubles, shape: Doubles) -> _Weighted:
        """Users with `figures` and weights of the gamma `shape`."""
        middle = float(shape @ figures / shape.sum())
        return cls(figures - middle, shape, middle)

    def quantile(self, root: float) -> float:
        """The mean whose signed root is `root`."""
        if np.ptp(self.x) <= _CLOSE * abs(self.middle):
            return self.middle
        deviation = self._deviation()
        start = root / np.sqrt(self.shape.sum()) / deviation
        return self.middle + self._solved(lambda at: at[1] - root, start, 1.0)[0]

    def root_of(self, mean: float) -> float:
        """The signed root of `mean`; infinite where no weights reach it."""
        t = mean - self.middle
        if not self.x.min() < t < self.x.max():
            at_end = np.ptp(self.x) <= _CLOSE * abs(mean) or t == 0
            return 0.0 if at_end else float(np.copysign(np.inf, t))
        deviation = self._deviation()
        return self._solved(lambda at: at[0] - t, t / deviation**2, deviation)[1]

    def _deviation(self) -> float:
        return float(np.sqrt(self.shape @ self.x**2 / self.shape.sum()))

    def _solved(
        self, miss: Callable[[tuple[float, float]], float], start: float, scale: float
    ) -> tuple[float, float]:
        """Mean and root where `miss`, which rises with the tilt, is zero: secants, held in a
        shrinking bracket.
        """
        # the tilts lie strictly between these
        low, high = _INSIDE / float(self.x.min()), _INSIDE / float(self.x.max())
        before, off_before = 0.0, miss(self._at(0.0))
        tilt = start if low < start < high else 0.9 * (high if start > 0 else low)
        at = self._at(tilt)
        for _ in range(_STEPS):
            off = miss(at)
            low, high = (tilt, high) if off < 0 else (low, tilt)
            if abs(off) <= _CLOSE * scale:
                break
            slope = (off - off_before) / (tilt - before) if tilt != before else 0.0
            before, off_before = tilt, off
            tilt = tilt - off / slope if slope else low
            if not low < tilt < high:
                tilt = (low + high) / 2
            at = self._at(tilt)
        return at

    def _at(self, tilt: float) -> tuple[float, float]:
        """The mean and the signed root r* at a tilt strictly between 1 / min(x) and 1 / max(x)."""
        weight = self.shape / (1 - tilt * self.x)
        mean = float(weight @ self.x / weight.sum())
        s = tilt / (1 - tilt * mean)
        c = 1 - s * (self.x - mean)
        e = (self.x - mean) / c
        curvature = float(self.shape @ e**2)
        r = float(np.copysign(np.sqrt(max(2 * float(self.shape @ np.log(c)), 0.0)), s))
        u = s * float(np.sqrt(curvature))
        if abs(u) < 1e-3:  # r and u are too alike to be divided: the limit of the line below
            return mean, r + float(self.shape @ e**3) / (3 * curvature**1.5)
        return mean, r + float(np.log(u / r)) / r
