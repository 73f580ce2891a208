"""Fusions as numbers that can be read: R = a Z_ID + b Z_text + c."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from palate.capabilities import FollowsRules
from palate.recipe.graph import ModelGraph
from palate.runs.documents import Coefficient, Fusion, Gate
from palate.runs.rows import MemberWeight, RuleWeight
from palate.stages import EnsembleScorer, Scorer
from palate.tables.fusion import RuleReading

_SURE: Final = 1.96
"""Standard deviations of a 95 % interval."""


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


def rule_weights(scorers: Mapping[str, Scorer]) -> tuple[RuleWeight, ...]:
    """One row for each rule of each model that follows rules."""
    return tuple(
        _rule_weight(model, one)
        for model, scorer in scorers.items()
        if isinstance(scorer, FollowsRules)
        for one in scorer.rule_readings()
    )


def _rule_weight(model: str, one: RuleReading) -> RuleWeight:
    return RuleWeight(
        model,
        one.rule,
        one.text,
        said=math.exp(one.said),
        counts=math.exp(one.learnt),
        low=math.exp(one.learnt - _SURE * one.error),
        high=math.exp(one.learnt + _SURE * one.error),
        cases=one.cases,
    )


def member_weights(graph: ModelGraph, scorers: Mapping[str, Scorer]) -> tuple[MemberWeight, ...]:
    """One row for each member of each model that adds up the scores of others."""
    return tuple(
        MemberWeight(model, member, weight, graph.all_blocks(member))
        for model, scorer in scorers.items()
        if isinstance(scorer, EnsembleScorer)
        for member, weight in scorer.reading().weights.items()
    )
