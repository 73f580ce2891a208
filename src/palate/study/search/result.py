"""What `search.json` says: how many trials, the best one, and what it does on the test part."""

from __future__ import annotations

from dataclasses import dataclass

from palate.runs.fields import Number, Text
from palate.runs.files import RunFile
from palate.study.search.trials import Finished


@dataclass(frozen=True)
class Tried:
    """How many trials there were, and how they ended."""

    all: int
    complete: int
    pruned: int
    failed: int


@dataclass(frozen=True)
class TestFigure:
    """The metric over the test users, with its 95 % interval."""

    __test__ = False

    value: Number
    low: Number
    high: Number


@dataclass(frozen=True)
class SearchResult:
    """`search.json`.

    Attributes:
        metric: What was searched for.
        tried: How many trials there were.
        search_seconds: Of all trials together.
        seconds: Of the search, as the clock saw it.
        model: The model of the best recipe.
        best: The best trial.
        as_it_stood: The trial of the recipe as it was given; None where that was not tried.
        trials: All of them, in the order they began.
        test: The best model on the test part; None before the best recipe was run.
        gap: By how much its validation figure flattered it.
    """

    metric: Text
    tried: Tried
    search_seconds: Number
    seconds: Number
    model: Text
    best: Finished
    as_it_stood: Finished | None
    trials: tuple[Finished, ...]
    test: TestFigure | None = None
    gap: Number = None


SEARCH = RunFile("search.json", SearchResult, "palate search writes it")
