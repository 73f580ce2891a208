"""The fusion of the headline, as numbers that can be read: R = a Z_ID + b Z_text + c."""

from __future__ import annotations

from typing import Any

from palate.stages import Fused, Scorer


def fusion_facts(scorer: Scorer) -> dict[str, Any] | None:
    """{formula, coefficients: [{name, value, note}], gate: [{count, weight}]}; None for a scorer that fuses nothing."""
    return dict(scorer.reading()) if isinstance(scorer, Fused) else None
