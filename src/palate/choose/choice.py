"""Which models a recipe shall have, chosen on validation cases within a budget of time."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from palate.budget import Budget
from palate.choose.attempts import Attempts, Candidate
from palate.choose.fusing import (
    FEATURES,
    IDS,
    KERNELS,
    QUICKLY,
    RANKED,
    RISING,
    Fusing,
    ahead,
    promising,
)
from palate.choose.halving import Halving
from palate.choose.portfolio import Family, Portfolio, portfolio
from palate.choose.validation import Fitted, Validation
from palate.errors import BadRecipe, Refused
from palate.progress import Stopwatch
from palate.recipe.graph import unknown
from palate.recipe.recipe import Recipe
from palate.recipe.settings import ChooseSettings
from palate.registry import PartSpec, spec
from palate.runs.choice_rows import Choice
from palate.stages import FitContext, Scorer
from palate.tables import Training

EQUAL = 0.5
"""A model that is behind by less than so many standard errors of the paired difference is equally
good."""
OWN = 5
"""How simple a model of the recipe's own is taken to be."""
FEWEST = 20
"""Validation cases below which nothing can be chosen."""
SHARE = 0.45
"""Of what is left of the run's time: what is taken has to be fitted again without its features and
with controls, and ranked."""
UNLIMITED = 300.0
"""Seconds in which models are tried where neither the recipe nor the run sets a limit."""


@dataclass(frozen=True, eq=False)
class Chosen:
    """What came of a choice.

    Attributes:
        recipe: The recipe with the models that were chosen, each with its settings, and nothing
            left to choose.
        choice: What was tried.
        fitted: Models that the trial need not fit again.
    """

    recipe: Recipe
    choice: Choice
    fitted: dict[str, Fitted] = field(default_factory=dict)


def choose(
    recipe: Recipe,
    training: Training,
    context: FitContext,
    watch: Stopwatch,
    *,
    ordered: bool,
    whole: Budget | None = None,
) -> Chosen:
    """Try models of behaviour alone, fusions of the best, the same with what the items say.

    The models of behaviour alone come from `palate.choose.portfolio`. Their best few are blended
    with a popularity prior, chosen on one half of the validation cases and measured on the other;
    once more with a kernel for each block; and last by a second stage. Of equally good models the
    simplest is taken. What is taken depends on the training part and the validation cases alone.

    Args:
        recipe: With `choose` set; models that it names already are left in it.
        training: The training part with its features, and the validation cases.
        context: What models get when they are fitted.
        watch: Times the stages.
        ordered: Whether the events of a user have a real order.
        whole: What is left of the time of the run; None: no limit.
    """
    s = recipe.choose or ChooseSettings()
    whole = whole or Budget(math.inf)
    budget, attempts = Budget(seconds_of(s, whole)), Attempts()
    if len(training.validation) < FEWEST:
        return _nothing_to_choose_by(recipe, budget.seconds, len(training.validation))
    validation = Validation.of(training, context, recipe.evaluate.primary, s.cases)
    known = portfolio(training.log, ordered)
    for name, why in known.left_out:
        attempts.left_out(name, "", why)
    wanted = families(recipe, known, s.families)
    found = Halving(validation, wanted, budget, attempts, watch).best_of_each()
    if not found:
        raise Refused(
            "none of the models that were tried could be fitted",
            where="choose",
            allowed="; ".join(f"{row.model}: {row.why}" for row in attempts.rows),
            next_step="name models that suit the data in [models]",
        )
    found += rising_beside(found, wanted, validation, attempts)
    fusing = Fusing(validation, promising(found, s.members), budget, attempts, watch, whole)
    best, kept = _fused(fusing, found, list(training.features.blocks), s.second_stage, ordered)
    for one in kept:
        attempts.decide(one.row, "best" if one is best else "kept")
    choice = Choice(
        *(validation.label, round(budget.seconds, 1), round(budget.spent, 1), best.name),
        (
            *_sentences(
                best, kept, attempts, budget, recipe.budget.seconds or budget.seconds / SHARE
            ),
            *fusing.said,
        ),
        tuple(attempts.rows),
    )
    fitted = {c.name: c.fitted for c in kept if c.fitted is not None}
    return Chosen(_with(recipe, kept, best.name), choice, fitted)


def rising_beside(
    found: Sequence[Candidate],
    wanted: Sequence[Family],
    validation: Validation,
    attempts: Attempts,
) -> list[Candidate]:
    """What is on the rise, where it is in the portfolio and not among the models found: weak alone,
    but it finds candidates for a second stage, and takes no time.
    """
    family = next((one for one in wanted if one.name == RISING), None)
    if family is None or QUICKLY not in family.grid or any(one.name == RISING for one in found):
        return []
    one: PartSpec[Scorer] = spec({"part": family.part, **QUICKLY}, "scorer", RISING)
    measure = partial(validation.alone, one)
    tried = attempts.tried(RISING, one, "all", family.simplicity, measure)
    return [] if tried is None else [tried]


def seconds_of(s: ChooseSettings, whole: Budget) -> float:
    """How long models are tried.

    Args:
        s: What the recipe says.
        whole: What is left of the time of the run.
    """
    if math.isinf(whole.seconds):
        return UNLIMITED if s.seconds is None else s.seconds
    share = max(SHARE * whole.left, 0.0)
    return share if s.seconds is None else min(s.seconds, share)


def families(recipe: Recipe, known: Portfolio, only: Collection[str]) -> list[Family]:
    """What is tried: the portfolio, and the recipe's own models that are made of nothing else.

    A model of the recipe takes the place of the family of its name.

    Args:
        recipe: Its own models compete as they are.
        known: What suits the log.
        only: Names of families; empty: all of them.

    Raises:
        BadRecipe: There is no such family, or a model of the recipe has the name of a fusion.
    """
    graph = recipe.graph
    names = [family.name for family in known.families] + [name for name, _ in known.left_out]
    for name in only:
        if name not in names:
            raise unknown("family", name, "choose.families", names)
    for name in recipe.models:
        if name in (IDS, FEATURES, RANKED) or name.startswith(KERNELS):
            raise BadRecipe(
                f'"{name}" is what a model that is chosen would be called',
                where=f"models.{name}",
                next_step="give it another name",
            )
    own = [n for n in graph.models if not graph.members(n) and not graph.all_blocks(n)]
    chosen = [f for f in known.families if (not only or f.name in only) and f.name not in own]
    return [*chosen, *(_as_it_stands(n, graph.models[n]) for n in own)]


def _as_it_stands(name: str, one: PartSpec[Scorer]) -> Family:
    settings = {key: value for key, value in one.resolved().items() if key != "part"}
    return Family(name, one.name, (settings,), OWN)


def _fused(
    fusing: Fusing, found: Sequence[Candidate], blocks: list[str], second_stage: bool, ordered: bool
) -> tuple[Candidate, list[Candidate]]:
    """The best of the models and of their fusions, and all that belong in the recipe."""
    ids = fusing.ids()
    kernels = fusing.kernels(blocks, ordered=ordered)
    features = fusing.features(ids, kernels) if ids and kernels else None
    singles = sorted(found, key=lambda c: c.simplicity)
    best = simplest_of_the_best([*singles, *filter(None, (ids, features))])
    kept = [*singles, *kernels, *filter(None, (ids, features))]
    widest = features or ids
    ranked = fusing.ranked(widest, blocks, found) if widest and second_stage else None
    if ranked is not None and fusing.lead(ranked, best).clear:
        plain = fusing.plain(ranked, found)
        if plain is not None:
            return plain, [*kept, plain]
        # one fusion with features is enough: each has controls and references of its own to fit
        return ranked, [*(one for one in kept if one is not features), ranked]
    if ranked is not None:
        fusing.attempts.decide(ranked.row, "dropped", f"not clearly ahead of {best.name}")
    return best, kept


def simplest_of_the_best(candidates: Sequence[Candidate]) -> Candidate:
    """The simplest of those that are as good as the best.

    Args:
        candidates: Any that were judged on the same cases; simpler ones first where equally simple.
    """
    top = max(candidates, key=lambda c: c.value)
    for one in sorted(candidates, key=lambda c: c.simplicity):
        behind, error = ahead(top.values, one.values)
        if one is top or behind <= EQUAL * error:
            return one
    return top


def _with(recipe: Recipe, kept: Sequence[Candidate], best: str) -> Recipe:
    models: dict[str, PartSpec[Scorer]] = dict(recipe.models)
    models |= {c.name: c.spec for c in kept}
    evaluate = replace(recipe.evaluate, best=best)
    return replace(recipe, models=models, choose=None, evaluate=evaluate)


def _sentences(
    best: Candidate,
    others: Sequence[Candidate],
    attempts: Attempts,
    budget: Budget,
    whole: float,
) -> tuple[str, ...]:
    tried = [row for row in attempts.rows if row.value is not None]
    late = sum(row.outcome == "no time" for row in attempts.rows)
    said = [
        f"{len(tried)} models and settings were tried on validation cases within"
        f" {budget.spent:.0f} of {budget.seconds:.0f} s;"
        f" {best.name} was taken ({best.value:.4f})."
    ]
    top = max(others, key=lambda c: c.value)
    if top is not best:
        said.append(
            f"{top.name} has {top.value:.4f}, which is not clearly more: of equally good models the"
            " simpler is taken."
        )
    if late:
        more = max(1, math.ceil(2 * whole / 60))
        said.append(
            f"{late} more were not tried for want of time: give a larger budget, e.g. --budget"
            f" {more}m."
        )
    return tuple(said)


def _nothing_to_choose_by(recipe: Recipe, seconds: float, n_cases: int) -> Chosen:
    popularity: PartSpec[Scorer] = spec({"part": "model.popularity.v1"}, "scorer")
    neighbours: PartSpec[Scorer] = spec({"part": "model.item_knn.v2"}, "scorer")
    models = {**recipe.models, "popularity": popularity, "item-knn": neighbours}
    said = (
        f"There are {n_cases} validation cases, and a choice needs {FEWEST}: nothing was tried, and"
        " popularity is taken."
    )
    evaluate = replace(recipe.evaluate, best="popularity")
    chosen = replace(recipe, models=models, choose=None, evaluate=evaluate)
    found = Choice(recipe.evaluate.primary, round(seconds, 1), 0.0, "popularity", (said,))
    return Chosen(chosen, found)
