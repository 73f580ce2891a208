"""What figures are good for: evidence, weak evidence, or none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

Evidence: TypeAlias = Literal["ok", "weak", "refused"]


def judged(refusals: Sequence[str], doubts: Sequence[str]) -> tuple[Evidence, tuple[str, ...]]:
    """The verdict, and the reasons for it: of doubts nothing is said where there are refusals.

    >>> judged((), ("few rows",)), judged((), ())
    (('weak', ('few rows',)), ('ok', ()))
    """
    verdict: Evidence = "refused" if refusals else "weak" if doubts else "ok"
    return verdict, tuple(refusals or doubts)
