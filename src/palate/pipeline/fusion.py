"""Fusions as numbers that can be read: R = a Z_ID + b Z_text + c."""

from __future__ import annotations

from collections.abc import Mapping

from palate.recipe.graph import ModelGraph
from palate.runs.documents import Coefficient, Fusion, Gate
from palate.runs.rows import MemberWeight
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
    note = "how often an item was taken, the same for every user" if reading.prior else "not added"
    prior = Coefficient("popularity", reading.prior, note)
    gate = tuple(Gate(count, weight) for count, weight in reading.gate.items())
    return Fusion(reading.formula, (*coefficients, prior), gate)


def member_weights(graph: ModelGraph, scorers: Mapping[str, Scorer]) -> tuple[MemberWeight, ...]:
    """One row for each member of each model that adds up the scores of others."""
    return tuple(
        MemberWeight(model, member, weight, graph.all_blocks(member))
        for model, scorer in scorers.items()
        if isinstance(scorer, EnsembleScorer)
        for member, weight in scorer.reading().weights.items()
    )
