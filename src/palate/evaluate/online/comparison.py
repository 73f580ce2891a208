"""The comparison of two variants, or of one with each other one, at any look."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy import special

from palate.arrays import Doubles
from palate.errors import BadInput
from palate.evaluate.online.sequences import ConfidenceSequence
from palate.evaluate.online.users import UserValues, adjusted

FEWEST = 20
"""Users of a variant below which nothing is said: the spread is not known well enough."""


@dataclass(frozen=True)
class Difference:
    """How far a variant is from the first one, at a look.

    Attributes:
        value: Mean of the variant less that of the first one.
        low: Lower end of an interval that holds at all looks together; -inf while users are few.
        high: Upper end.
        p: Always valid: below alpha just where the interval leaves 0 out.
        saved: Share of the variance that what was known before took away (CUPED).
    """

    value: float
    low: float
    high: float
    p: float
    saved: float = 0.0


def differences(
    variants: list[UserValues], alpha: float = 0.05, planned: int = 10_000
) -> list[Difference]:
    """Each variant but the first against the first, as of now.

    Args:
        variants: What the users of each did, the first one the base.
        alpha: Chance that any interval, of any variant, at any look, misses.
        planned: Users of a pair for which the sequence is tuned, before it began.

    Raises:
        BadInput: Fewer than two variants.
    """
    if len(variants) < 2:
        raise BadInput(f"{len(variants)} variants", where="variants", allowed="two or more")
    plain, better = [one.parts() for one in variants], adjusted(variants)
    sequence = ConfidenceSequence(alpha / (len(variants) - 1), planned)
    return [
        _difference(sequence, better[0], better[i], _saved(plain, better, i))
        for i in range(1, len(variants))
    ]


def _difference(
    sequence: ConfidenceSequence, first: Doubles, other: Doubles, saved: float
) -> Difference:
    a, b = len(first), len(other)
    value = float(other.mean() - first.mean()) if a and b else math.nan
    if min(a, b) < FEWEST:
        return Difference(value, -math.inf, math.inf, 1.0)
    n = a + b
    # the variance of the difference, as that of a mean over n users
    variance = n * (float(first.var(ddof=1)) / a + float(other.var(ddof=1)) / b)
    half = float(sequence.half_width(variance, n))
    p = float(sequence.p_value(value, variance, n))
    return Difference(value, value - half, value + half, p, saved)


def _saved(plain: list[Doubles], better: list[Doubles], i: int) -> float:
    was, now = _error(plain[0], plain[i]), _error(better[0], better[i])
    return 1 - now / was if was > 0 else 0.0


def _error(first: Doubles, other: Doubles) -> float:
    """Variance of the difference of two means."""
    return sum(float(one.var(ddof=1)) / len(one) for one in (first, other) if len(one) > 1)


def sample_ratio(users: list[int], shares: list[float]) -> float:
    """Chance of such numbers of users, or less likely ones, if the split is right (Pearson's test).
    Below .001 something drops users of one variant, and no figure is to be believed.

    Args:
        users: Of each variant.
        shares: That each should have, adding up to 1.

    >>> round(sample_ratio([5000, 5050], [0.5, 0.5]), 2)
    0.62
    """
    total = sum(users)
    if not total:
        return 1.0
    wanted = [share * total for share in shares]
    # scipy.stats would take as long to import as all else of a service
    squares = sum((n - w) ** 2 / w for n, w in zip(users, wanted, strict=True))
    return float(special.chdtrc(len(users) - 1, squares))


def planned_users(smallest: float, variance: float, alpha: float = 0.05, power: float = 0.8) -> int:
    """Users of two equal variants together, so that a difference is found at the latest then.

    The interval of a confidence sequence that is tuned for that number is half as wide again as
    that of one look, so that it takes twice the users at the latest; most differences that matter
    are larger than the smallest that does, and are found sooner.

    Args:
        smallest: The smallest difference that matters, above 0.
        variance: Of one user's value.
        alpha: See `ConfidenceSequence`.
        power: Chance that a difference of that size is found by then.

    Raises:
        BadInput: A difference that is not above 0.
    """
    if smallest <= 0:
        raise BadInput(f"a difference of {smallest:g}", where="smallest", allowed="above 0")
    z = float(special.ndtri(power))
    n = 4.0
    while n < 1e12:
        half = float(ConfidenceSequence(alpha, max(int(n), 1)).half_width(4 * variance, n))
        if half + z * math.sqrt(4 * variance / n) <= smallest:
            return math.ceil(n)
        n *= 1.02
    raise BadInput(
        f"a difference of {smallest:g} is never found", where="smallest", allowed="a larger one"
    )


def naive_p(first: Doubles, other: Doubles) -> float:
    """Two-sided p of one look alone (Welch, normal): what is wrong at every further look."""
    error = math.sqrt(first.var(ddof=1) / len(first) + other.var(ddof=1) / len(other))
    z = abs(float(other.mean() - first.mean())) / error if error else 0.0
    return float(2 * special.ndtr(-z))
