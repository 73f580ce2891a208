"""Whether a difference is a gain, a loss, or no evidence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

Row = Mapping[str, Any]
Verdict = Literal["keep", "no evidence", "harmful"]

LEVEL = 0.05
"""Corrected p values below this count as clear."""


def verdict(row: Row) -> Verdict:
    """`keep` if the whole interval of the gain lies above zero, `harmful` if below, else `no
    evidence`.

    The p value, corrected for all comparisons of the same purpose, must agree.
    """
    if row["p_adjusted"] is None or row["p_adjusted"] >= LEVEL:
        return "no evidence"
    if row["low"] > 0:
        return "keep"
    return "harmful" if row["high"] < 0 else "no evidence"
