"""All peers on one split: tuned on its validation cases within a budget, then asked the test
cases.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from peers.content_models import WEIGHTS, Hybrid, Words, standard
from peers.id_models import FAMILIES, Family, Liked, Model, liked, liked_from
from peers.two_stage import Facts, two_stage
from threadpoolctl import threadpool_limits

from palate.arrays import Doubles
from palate.evaluate.ranking import rank_scores
from palate.recipe.metrics import metric
from palate.tables import Cases, Catalogue, Training

METRIC = "ndcg@10"
TUNED_ON = 2000
"""Validation cases at most, drawn by seed."""


@dataclass(frozen=True, eq=False)
class Answer:
    """What one peer reached.

    Attributes:
        name: The peer.
        chosen: Its settings; empty where it was not run.
        validation: Mean of the metric over the validation cases.
        per_case: float64 [n_cases], the metric of every test case.
        tried: How many settings the budget allowed.
        seconds: Processor seconds of all of it.
        why: Why it was not run.
    """

    name: str
    chosen: str = ""
    validation: float = 0.0
    per_case: Doubles | None = None
    tried: int = 0
    seconds: float = 0.0
    why: str = ""


@dataclass
class Clock:
    """Processor seconds, so that neighbours on the machine take nothing from the budget."""

    budget: float

    def __post_init__(self) -> None:
        self.started = time.process_time()

    def used(self) -> float:
        """Since the start."""
        return time.process_time() - self.started

    def left(self) -> float:
        """Of the budget."""
        return self.budget - self.used()


@dataclass(frozen=True, eq=False)
class Tuned:
    """The best of a family."""

    name: str
    model: Model
    value: float
    chosen: Mapping[str, Any]
    tried: int
    seconds: float


def per_case(model: Model, cases: Cases) -> Doubles:
    """float64 [n_cases], all items ranked but those seen."""
    found = rank_scores(model.score, cases, 10)[0]
    return metric(METRIC).per_case(found)


def value(model: Model, cases: Cases) -> float:
    """The mean."""
    return float(np.nanmean(per_case(model, cases)))


def contest(
    training: Training, validation: Cases, test: Cases, catalogue: Catalogue, budget: float
) -> list[Answer]:
    """Every peer, tuned and asked.

    Args:
        training: What they are fitted on.
        validation: What settings are chosen on.
        test: The questions.
        catalogue: What is known of the items.
        budget: Processor seconds for tuning all peers of a set; each may use an equal share of what
            is left, and at least one setting of each is tried that could end in time.
    """
    clock = Clock(budget)
    answers, found = [], []
    with threadpool_limits(1):
        for i, family in enumerate(FAMILIES):
            share = clock.left() / (len(FAMILIES) + 2 - i)
            best = _tuned(family, training, validation, share, clock.left())
            if isinstance(best, str):
                answers.append(Answer(family.name, why=best))
                continue
            found.append(best)
            answers.append(_asked(best, test))
        found.sort(key=lambda tuned: -tuned.value)
        words = Words.of(catalogue)
        answers.append(_hybrid(found, words, validation, test))
        answers.append(_two_stage(found, words, training, catalogue, validation, test))
    return answers


def _tuned(
    family: Family, training: Training, validation: Cases, share: float, left: float
) -> Tuned | str:
    least = family.least_seconds(training)
    if least > left:
        return f"one fit takes more than the {left:.0f} s left"
    clock = Clock(max(share, 0.0))
    best: Tuned | None = None
    tried = 0
    for settings in family.grid:
        tried += 1
        before = clock.used()
        model = family.build(training, **settings)
        best = _better(best, family, model, settings, validation)
        if clock.left() < clock.used() - before:
            break
    assert best is not None
    threshold = liked_from(training.log)
    if threshold is not None and clock.left() > clock.used() / (2 * tried):
        settings = best.chosen
        model = Liked(family.build(liked(training, threshold), **settings), threshold)
        settings = {**settings, "events above": round(threshold, 2)}
        best = _better(best, family, model, settings, validation)
        tried += 1
    return Tuned(family.name, best.model, best.value, best.chosen, tried, clock.used())


def _better(
    best: Tuned | None,
    family: Family,
    model: Model,
    settings: Mapping[str, Any],
    validation: Cases,
) -> Tuned:
    found = value(model, validation)
    if best is not None and best.value >= found:
        return best
    return Tuned(family.name, model, found, settings, 0, 0.0)


def _asked(tuned: Tuned, test: Cases) -> Answer:
    clock = Clock(0)
    answers = per_case(tuned.model, test)
    return Answer(
        tuned.name,
        ", ".join(f"{key} {setting}" for key, setting in tuned.chosen.items()),
        tuned.value,
        answers,
        tuned.tried,
        tuned.seconds + clock.used(),
    )


def _hybrid(found: list[Tuned], words: Words | None, validation: Cases, test: Cases) -> Answer:
    """The best two models of ids, each with words at every weight."""
    name = "hybrid, TF-IDF"
    if words is None:
        return Answer(name, why="no words in the catalogue")
    clock = Clock(0)
    trials = []
    for ids in found[:2]:
        sums = np.zeros((len(WEIGHTS), len(validation)))
        for start in range(0, len(validation), 512):
            part = validation.take(np.arange(start, min(start + 512, len(validation))))
            first, second = (standard(model.score(part.histories)) for model in (ids.model, words))
            for row, weight in enumerate(WEIGHTS):
                fused = first + weight * second
                ranked = rank_scores(lambda _, fused=fused: fused, part, 10)[0]
                sums[row, start : start + len(part)] = metric(METRIC).per_case(ranked)
        means = np.nanmean(sums, axis=1)
        trials += [(float(m), w, ids) for m, w in zip(means, WEIGHTS, strict=True)]
    best, weight, ids = max(trials, key=lambda trial: trial[0])
    chosen = {"ids": ids.name, "weight": weight}
    tuned = Tuned(name, Hybrid(ids.model, words, weight), best, chosen, len(trials), clock.used())
    return _asked(tuned, test)


def _two_stage(
    found: list[Tuned],
    words: Words | None,
    training: Training,
    catalogue: Catalogue,
    validation: Cases,
    test: Cases,
) -> Answer:
    """Candidates of the best three models of ids and popularity."""
    name = "LightGBM, two stages"
    clock = Clock(0)
    members = found[:3]
    members += [tuned for tuned in found[3:] if tuned.name == "popularity"]
    try:
        model = two_stage(
            [tuned.model for tuned in members],
            words,
            Facts.of(training.log, catalogue),
            validation,
        )
    except ValueError as reason:
        return Answer(name, why=str(reason))
    chosen = {"candidates of": "; ".join(tuned.name for tuned in members)}
    tuned = Tuned(name, model, value(model, validation), chosen, 1, clock.used())
    return _asked(tuned, test)
