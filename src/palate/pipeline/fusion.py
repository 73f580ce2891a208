"""The fusion of the headline, as numbers that can be read: R = a Z_ID + b Z_text + c."""

from __future__ import annotations

from typing import Any

from palate.stages import EnsembleScorer, Scorer


def fusion_facts(scorer: Scorer) -> dict[str, Any] | None:
    """{formula, coefficients: [{name, value, note}], gate: [{count, weight}]}; None for a scorer
    that fuses nothing.
    """
    if not isinstance(scorer, EnsembleScorer):
        return None
    reading = scorer.reading()
    coefficients = [
        {"name": n, "value": w, "note": "" if w else "left out: no clear gain"}
        for n, w in reading.weights.items()
    ]
    coefficients.append(
        {"name": "popularity", "value": reading.prior, "note": "c, the same for every user"}
    )
    gate = [{"count": count, "weight": weight} for count, weight in reading.gate.items()]
    return {"formula": reading.formula, "coefficients": coefficients, "gate": gate}
