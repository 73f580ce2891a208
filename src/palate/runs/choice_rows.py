"""`choice.json`: which models were tried before the run, how they did, and what was taken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from palate.runs.fields import Number, Text, Texts

Rung: TypeAlias = Literal["sample", "all", "fusion", "second stage", "more cases"]
"""On what a model was tried: some users' events, all of them, as a fusion of models that were tried
before, or once more on more validation cases."""
Outcome: TypeAlias = Literal["best", "kept", "dropped", "failed", "not tried", "no time"]
"""`best` is what the run recommends with; `kept` models are in the run too, as its members or to be
compared with."""


@dataclass(frozen=True)
class Attempt:
    """One model with one choice of settings.

    Attributes:
        model: Its name in the recipe.
        part: The part.
        settings: What differs from the part's defaults, in words; `defaults` where nothing does.
        rung: On what it was tried.
        n_cases: Validation cases that judged it.
        value: The metric over those cases.
        error: Its standard error.
        seconds: Of fitting and judging.
        outcome: What became of it.
        why: Why, where that is not plain from the figures.
    """

    model: Text
    part: Text
    settings: Text
    rung: Rung
    n_cases: Number = None
    value: Number = None
    error: Number = None
    seconds: Number = None
    outcome: Outcome = "dropped"
    why: Text = ""


@dataclass(frozen=True)
class Choice:
    """The whole choice.

    Attributes:
        metric: What was compared, on validation cases.
        budget: Seconds that it was allowed.
        seconds: Seconds that it took.
        best: The model that was taken.
        sentences: What was found, in words.
        attempts: Everything that was tried, in order, and what was not.
    """

    metric: Text = ""
    budget: Number = None
    seconds: Number = None
    best: Text = ""
    sentences: Texts = ()
    attempts: tuple[Attempt, ...] = ()
