"""What all generators of lists are set by."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le, Lt, MinLen

from palate.gradient.loop import Schedule


@dataclass(frozen=True)
class GeneratorSettings:
    """Candidates, size of the network, and how the likelihood is learnt."""

    members: tuple[str, ...] = ()
    """The model that finds the candidates; empty: the first of the recipe."""
    candidates: Annotated[int, Ge(2)] = 100
    """Best items of the member that a list is made of."""
    length: Annotated[int, Ge(1)] = 10
    """Items of a list; what follows is in the member's order."""
    block: str = ""
    """Block of content, so that items without events can be listed; empty: behaviour alone."""
    radius: Annotated[float, Ge(0)] = 1.0
    """With `block`: how far behaviour may move an item's vector away from its content."""
    reader: Literal["attention", "lstm"] = "attention"
    """What reads a history and the list so far: self-attention, or an LSTM."""
    width: Annotated[int, Ge(2)] = 64
    """Numbers of an item's vector."""
    window: Annotated[int, Ge(1)] = 50
    """Newest events of a history that are read."""
    dropout: Annotated[float, Ge(0), Lt(1)] = 0.2
    """Share of numbers dropped while the likelihood is learnt."""
    negatives: Annotated[int, Ge(1)] = 256
    """Items drawn evenly for each batch, which the next item must beat."""
    temperature: Annotated[float, Gt(0)] = 1.0
    """What logits are divided by where lists are sampled: above 1 they differ more."""
    trust: Annotated[tuple[Annotated[float, Ge(0)], ...], MinLen(1)] = (0.0, 0.5, 1.0, 2.0, 4.0)
    """Weights tried for what the member says of a candidate beside the network."""
    follow: Annotated[tuple[Annotated[float, Ge(0), Le(1)], ...], MinLen(1)] = (1.0,)
    """Weights tried for what the list so far changes about what is expected next: 1: as if its
    items had been taken; 0: not at all, so that a list is the best items one by one. Where there
    are several, NDCG on validation cases chooses, which counts items and not what a list brings."""
    validation_cases: Annotated[int, Ge(1)] = 1000
    """Most validation cases that stop training and choose the weight."""
    likelihood: Schedule = field(default_factory=lambda: Schedule(epochs=60, patience=5))
    """How long and how fast the likelihood is learnt."""


@dataclass(frozen=True)
class RealListSettings(GeneratorSettings):
    """What is learnt from lists that people made, after the likelihood."""

    real_lists: Annotated[int, Ge(1)] = 2000
    """Most users whose newest training events are such a list."""
    schedule: Schedule = field(
        default_factory=lambda: Schedule(epochs=10, batch=64, rate=3e-4, patience=3)
    )
    """How long and how fast it learns after the likelihood."""
