"""The section `[search]` of a recipe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from annotated_types import Ge, Gt, Lt


@dataclass(frozen=True)
class SearchSettings:
    """What is tried, and for how long."""

    trials: Annotated[int, Ge(1)] = 40
    """Recipes that are tried in all, resumed searches included."""
    patience: Annotated[int, Ge(0)] = 15
    """Stop after so many trials without a better one; 0: never before `trials`."""
    seconds: Annotated[float, Gt(0)] | None = None
    """Begin no further trial after so many seconds; None: no limit."""
    metric: str = ""
    """What shall be highest on the validation cases; empty: the primary metric of the recipe."""
    models: tuple[str, ...] = ()
    """Models of the recipe that compete; empty: the last one alone."""
    judge: Annotated[float, Gt(0), Lt(1)] = 0.5
    """Share of the validation cases that judge; models that choose weights or stop early do so on the others."""
    cases: Annotated[int, Ge(10)] = 4000
    """Most cases that judge, drawn by seed."""
    startup: Annotated[int, Ge(1)] = 8
    """Trials drawn at random before the search learns from those it has seen, and before any is cut short."""
    prune: bool = True
    """Whether a trial that stands below the median of the earlier ones at the same step is cut short."""
    space: Mapping[str, Any] = field(default_factory=dict)
    """Dotted recipe key -> a list of values, or a range {low, high, log, step}; and `blocks = "subset"`: any block that
    a model can do without may be left out."""
