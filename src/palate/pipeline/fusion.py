"""The fusion of the headline, as numbers that can be read: R = a Z_ID + b Z_text + c."""

from __future__ import annotations

from palate.runs.documents import Coefficient, Fusion, Gate
from palate.stages import EnsembleScorer, Scorer


def fusion_facts(scorer: Scorer) -> Fusion | None:
    """The formula with its weights; None for a scorer that fuses nothing."""
    if not isinstance(scorer, EnsembleScorer):
        return None
    reading = scorer.reading()
    coefficients = [
        Coefficient(name, weight, "" if weight else "left out: no clear gain")
        for name, weight in reading.weights.items()
    ]
    prior = Coefficient("popularity", reading.prior, "c, the same for every user")
    gate = tuple(Gate(count, weight) for count, weight in reading.gate.items())
    return Fusion(reading.formula, (*coefficients, prior), gate)
