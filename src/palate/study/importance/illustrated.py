"""Which pictures there is time for, beside the answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from palate.budget import Budget
from palate.runs.importance_rows import ImportanceStudy, LeftOut, Words
from palate.runs.open import OpenedRun
from palate.study.importance.explanations import last_of_texts, people, reasons, swarm, words
from palate.tables import FeatureTable

DRAWING = 5.0
"""Seconds that are kept for drawing the report."""
SHARE = 0.1
"""The same as a share of the budget, at most."""
LOADING = 10.0
"""Seconds that a language model and its libraries may take to be read."""


def illustrated(
    study: ImportanceStudy,
    run: OpenedRun,
    features: FeatureTable,
    budget: Budget,
    yardstick: float,
) -> ImportanceStudy:
    """The study with what moves a ranker's scores, and words and reasons for a few people; each if
    it is expected to end in time.

    Args:
        study: The answers.
        run: The run.
        features: The content that is shown.
        budget: The time there is.
        yardstick: Seconds of the search for leaks. It looks at all blocks as the swarm does, on the
            same machine, be it busy or not.
    """
    names = run.recipe.graph.all_blocks(study.model)
    late = LeftOut("pictures", "no time was left for all of them")
    unfinished = (*study.left_out, late)

    def fits(expected: float) -> bool:
        return budget.fits(expected + min(DRAWING, SHARE * budget.seconds))

    if not fits(yardstick / 2):
        return replace(study, left_out=unfinished)
    scorer = run.scorer(study.model)
    shown = people(run, study.model, scorer)
    study = replace(study, reasons=reasons(run, scorer, shown))
    if not fits(2 * yardstick):
        return replace(study, left_out=unfinished)
    study = replace(study, swarm=swarm(run, features, names))
    if not fits(max(LOADING, 2 * yardstick)):
        return replace(study, left_out=unfinished)
    block = last_of_texts(run, names)
    if block is None:
        return study
    found, complete = in_time(words(run, block, shown), budget, fits)
    study = replace(study, words=found)
    return study if complete else replace(study, left_out=unfinished)


def in_time(
    each: Iterator[Words], budget: Budget, fits: Callable[[float], bool]
) -> tuple[tuple[Words, ...], bool]:
    """What there is time for, and whether that is all: the next one is expected to take as long as
    the longest one did.

    Args:
        each: Made one by one.
        budget: The clock.
        fits: Whether so many seconds are left.
    """
    found: list[Words] = []
    longest = 0.0
    while fits(longest):
        before = budget.spent
        one = next(each, None)
        if one is None:
            return tuple(found), True
        longest = max(longest, budget.spent - before)
        found.append(one)
    return tuple(found), False
