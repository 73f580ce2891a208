"""How several models' scores were added up, as numbers that a person can read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class FusionReading:
    """R = a Z_ID + b Z_text + c, with the numbers put in.

    Attributes:
        formula: The whole on one line.
        weights: Member -> its weight, on scores that were brought to one scale; 0 means it was left
            out.
        prior: Weight of an item's popularity.
        gate: Training events of an item -> share of the features' weight that is left; empty if
            there is no gate.
    """

    formula: str
    weights: Mapping[str, float]
    prior: float = 0.0
    gate: Mapping[int, float] = field(default_factory=dict)


@dataclass(frozen=True)
class RuleReading:
    """How much a rule counts, in logits: 0 is nothing, the logarithm of 0.8 a fifth less likely.

    Attributes:
        rule: Its name.
        text: As it was written.
        said: What it says itself; minus infinity for "never".
        learnt: What it counts, after people were heard.
        error: Standard deviation of that; 0 where it was not learnt.
        cases: Validation cases that were heard.
    """

    rule: str
    text: str
    said: float
    learnt: float
    error: float
    cases: int
