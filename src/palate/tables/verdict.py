"""Whether a difference is a gain, a loss, or no evidence: one value, and all that decides it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from palate.tables.block_question import CONDITIONAL, DROPPED, PERMUTED, SHARED_OUT

Answer: TypeAlias = Literal["keep", "replaceable", "no evidence", "harmful"]
"""`keep`: a clear gain. `harmful`: a clear loss. `replaceable`: it is used, but nothing shows that
the others could not stand in. `no evidence`: nothing was found; with few users that is no proof of
uselessness."""

Method: TypeAlias = Literal["paired comparison", "control", "all methods"]
"""How it was decided."""

LEVEL = 0.05
"""Corrected p values of at most this count as clear where no other level was chosen."""
VANISHED = 0.01
"""A control that gains less than this share of its base has vanished."""
TINY = 0.001
"""A metric below this is no base for a share: twice almost nothing is almost nothing."""
OWN = (DROPPED, CONDITIONAL)
"""Methods that ask what a block has of its own; the first of them that has an answer decides."""
SHARED = (PERMUTED, SHARED_OUT)
"""Methods in which a copy looks as useful as its original."""


@dataclass(frozen=True)
class Verdict:
    """An answer with what it rests on.

    Attributes:
        method: How it was decided.
        answer: The one word.
        value: The difference, higher is better; None where it is not known.
        low: Lower end of its interval, corrected like `p`.
        high: Upper end.
        p: Its p value, corrected for all comparisons of the same purpose.
        level: The level that `p` was held against.
        least: Differences below this are too small to matter.
    """

    method: Method
    answer: Answer
    value: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    level: float = LEVEL
    least: float = 0.0

    @property
    def is_small(self) -> bool:
        """Whether the difference is too small to matter, be it clear or not."""
        return self.value is None or self.value < self.least


def of_difference(
    value: float | None,
    low: float | None,
    high: float | None,
    p: float | None,
    level: float = LEVEL,
) -> Verdict:
    """`keep` if the whole interval lies above zero, `harmful` if below, else `no evidence`.

    The corrected p value must agree: it is at most `level`. What has no interval or no p value
    (None or NaN) is no evidence.

    >>> of_difference(0.02, 0.01, 0.03, 0.001).answer, of_difference(0.02, 0.01, 0.03, 0.2).answer
    ('keep', 'no evidence')
    """
    value, low, high, p = (_known(x) for x in (value, low, high, p))
    answer: Answer = "no evidence"
    if low is not None and high is not None and p is not None and p <= level:
        answer = "keep" if low > 0 else "harmful" if high < 0 else "no evidence"
    return Verdict("paired comparison", answer, value, low, high, p, level)


def of_control(difference: Verdict, base: float | None) -> Verdict:
    """The same difference, of a model whose content means nothing, against its base.

    `keep` is bad news here: the control gains clearly, and by `VANISHED` of the base or more.

    Args:
        difference: What `of_difference` says of it.
        base: The metric of what it is compared with; None where it is not known.
    """
    least = VANISHED * max(base or 0.0, TINY)
    found = replace(difference, method="control", least=least)
    return replace(found, answer="no evidence") if found.is_small else found


def of_methods(found: Mapping[str, Verdict]) -> Verdict:
    """One verdict on a block from what each method found.

    The first of `OWN` that has an answer decides on `keep` and `harmful`: the same model without
    the block if that was fitted, conditional permutation only where it was not. No other question
    overrules it. `replaceable`: it finds neither, and another method finds a gain. A block that the
    model does not use at all is `no evidence`, whatever else was found. The numbers are those of
    the method that decided.

    >>> gain, nothing = of_difference(0.2, 0.1, 0.3, 0.01), of_difference(0.1, -0.1, 0.3, 0.4)
    >>> of_methods({"conditional permutation": gain, "drop and refit": nothing}).answer
    'replaceable'
    """
    known = [found[method] for method in (*OWN, *SHARED) if method in found]
    first = next(iter([*known, *found.values()]), of_difference(None, None, None, None))
    decides = next((found[method] for method in OWN if method in found), None)
    answer: Answer = "no evidence"
    if not is_unused(found):
        if decides is not None and decides.answer in ("keep", "harmful"):
            answer = decides.answer
        elif any(one.answer == "keep" for one in known):
            answer = "replaceable"
    return replace(first, method="all methods", answer=answer)


def is_unused(found: Mapping[str, Verdict]) -> bool:
    """Whether nothing at all changes when the block's values change hands: its weight is zero."""
    one = found.get(PERMUTED)
    return one is not None and one.value == one.low == one.high == 0.0


def _known(x: float | None) -> float | None:
    return None if x is None or math.isnan(x) else float(x)
