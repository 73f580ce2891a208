"""The only place where training data meets test data: one split, every model fitted, every model
ranked.

Nothing but `rank` ever sees `split.test`: encoders and geometry get the training rows, adaptation
and models get `Training`, which has no test part in it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import partial

from palate.budget import Budget
from palate.choose.choice import Chosen, choose
from palate.choose.validation import Fitted
from palate.data.order import order_of
from palate.data.splits.liked import Liked
from palate.encode.fitted import FittedBlock
from palate.evaluate.leaks import knowing_models, leaks
from palate.evaluate.ranking import Ranked, rank_together
from palate.fit.blocks import Encoding
from palate.fit.context import context_of
from palate.fit.fitted import FittedTable
from palate.fit.tracking import Tracking, tracking
from palate.pipeline.variations import Variation, affordable, variations
from palate.pipeline.within_budget import AFTER_ENCODING, over_time, with_fewer_users
from palate.progress import Stopwatch, Tracker
from palate.recipe.graph import ModelGraph
from palate.recipe.recipe import Recipe
from palate.registry import spec
from palate.runs.choice_rows import Choice
from palate.stages import FitContext, Scorer, UserEncoder
from palate.tables import Dataset, FeatureTable, Finding, Rankings, Split, TargetRanks, Training
from palate.tables.slice_names import SliceName
from palate.tables.variant import Variant

NEW_ITEMS = SliceName("new items").name
"""Slice of the cases that ask for items which training never saw, in a trial of their own."""


@dataclass(frozen=True)
class Outcome:
    """What one model answered to the test cases.

    Attributes:
        variant: The model of the recipe, and what was changed about it.
        ranks: Where the targets came.
        rankings: The first k items of each case.
        fit_seconds: Wall time of fitting it (its members not counted).
        score_seconds: Wall time of ranking all items for all test cases, members not counted that
            were ranked before.
    """

    variant: Variant
    ranks: TargetRanks
    rankings: Rankings
    fit_seconds: float
    score_seconds: float


@dataclass(frozen=True)
class Trial:
    """Everything that one repetition found out.

    Attributes:
        recipe: What was done: the recipe, with models in place of what it left to choose.
        split: How the log was split.
        features: The blocks, fitted on the training part.
        scorers: The fitted models of the recipe.
        outcomes: What each of them answered, controls and ablations too.
        findings: What the blocks and the leak check say.
        users: The fitted encoders of histories.
        blocks: The blocks with the fitted parts behind them.
        scope: The slice that all its cases belong to; empty where the slices are those of the
            split.
        choice: How the models were chosen; None where the recipe names them.
        combined: What the combinations of the ablation table answered, where the recipe asks for
            it.
        curves: Model or block -> how its training went, row by row.
        left_out: What was left out for want of time, in sentences.
    """

    recipe: Recipe
    split: Split
    features: FeatureTable
    scorers: Mapping[str, Scorer]
    outcomes: tuple[Outcome, ...]
    findings: tuple[Finding, ...]
    scope: str = ""
    combined: tuple[Outcome, ...] = ()
    curves: Mapping[str, Sequence[Mapping[str, float | None]]] = field(default_factory=dict)
    users: Mapping[str, UserEncoder] = field(default_factory=dict)
    blocks: Mapping[str, FittedBlock] = field(default_factory=dict)
    choice: Choice | None = None
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class _Made:
    """A fitted model, and the seconds that it took."""

    scorer: Scorer
    seconds: float


def new_items(recipe: Recipe, data: Dataset, seed: int, watch: Stopwatch, k: int) -> Trial:
    """The same with a share of the items withheld wholly, and everything but ablations fitted again
    without them.

    Args:
        recipe: What to do; `evaluate.new_items` says how many items, for the test and for
            validation each.
        data: The cleaned data.
        seed: Seed of this repetition.
        watch: Times the stages.
        k: Length of the kept lists.
    """
    share = recipe.evaluate.new_items
    # what counts as liked holds for new items too
    own = recipe.split.resolved()
    liked = {f.name: own[f.name] for f in fields(Liked) if own.get(f.name) is not None}
    cold = spec(
        {"part": "split.cold_items.v1", "share": share, "validation_share": share, **liked},
        "splitter",
    )
    cold_recipe = replace(
        recipe,
        name=f"{recipe.name}-new-items",
        split=cold,
        evaluate=replace(recipe.evaluate, ablations=False, ablation_table=False),
    )
    return replace(run_trial(cold_recipe, data, seed, watch, k), scope=NEW_ITEMS)


def run_trial(
    recipe: Recipe,
    data: Dataset,
    seed: int,
    watch: Stopwatch,
    k: int,
    budget: Budget | None = None,
) -> Trial:
    """Split, encode, fit and rank once.

    Args:
        recipe: What to do.
        data: The cleaned data.
        seed: Seed of this repetition.
        watch: Times the stages.
        k: Length of the kept lists.
        budget: The time; its last tenth belongs to the report. None: no limit.
    """
    with tracking(recipe.track, recipe.name, watch.progress) as tracked:
        trial = _trial(recipe, data, seed, watch, k, tracked, budget or Budget(math.inf))
    return replace(trial, curves={name: rows for name, rows in tracked.curves.items() if rows})


def _trial(
    recipe: Recipe,
    data: Dataset,
    seed: int,
    watch: Stopwatch,
    k: int,
    tracked: Tracking,
    budget: Budget,
) -> Trial:
    with watch.stage("split"):
        split = recipe.split.build().split(data.interactions, seed)
    encoding = _encoding(recipe, data, split, seed, watch, tracked)
    table = encoding.all()
    features = table.features
    with watch.stage("leak check"):
        findings = _findings(split, table, data, seed)
    spent, budget = budget.spent, budget.with_at_least(AFTER_ENCODING)
    slow = over_time(spent, recipe) if budget.spent < spent else ()
    training = Training(split.train, features, split.validation, data.users)
    context = context_of(recipe.users, recipe.blocks, table, training, seed)
    chosen = _chosen(recipe, data, training, context, watch, budget)
    recipe = chosen.recipe if chosen else recipe
    ready = chosen.fitted if chosen else {}
    fitted, seconds = _fitted_models(recipe, training, context, watch, tracked, ready)
    made = {Variant(name): _Made(fitted[name], seconds[name]) for name in recipe.models}
    beside, spared = affordable(recipe, variations(recipe, table, encoding), seconds, budget)
    made |= _varied(recipe, beside, training, context, table, fitted, watch)
    combined = {variant for variant in made if variant.kind == "combination"}
    # models hold what they read of the controls' rows
    del encoding, beside
    recipe, left_out = spared.recipe, (*slow, *spared.sentences)
    spared = with_fewer_users(recipe, split, partial(_ranks, made, k=k, recipe=recipe), budget)
    recipe, left_out = spared.recipe, (*left_out, *spared.sentences)
    split = _of_some_users(split, recipe)
    outcomes = _ranked(made, split, k, recipe, watch)
    return Trial(
        recipe,
        split,
        features,
        fitted,
        tuple(o for o in outcomes if o.variant not in combined),
        findings,
        users=context.users,
        blocks=table.blocks,
        combined=tuple(o for o in outcomes if o.variant in combined),
        choice=chosen.choice if chosen else None,
        left_out=left_out,
    )


def _of_some_users(split: Split, recipe: Recipe) -> Split:
    """The split with the test users that the recipe asks for, the same in every repetition."""
    most = recipe.evaluate.users
    examined = split.test if most is None else split.test.of_some_users(most, recipe.seed)
    if examined is split.test:
        return split
    said = f"{most:,} of {split.test.n_users():,} test users are examined, drawn by seed."
    return replace(split, test=examined, notes=(*split.notes, said))


def _encoding(
    recipe: Recipe, data: Dataset, split: Split, seed: int, watch: Stopwatch, tracked: Tracking
) -> Encoding:
    nothing = FeatureTable(data.catalogue.items)
    training = Training(split.train, nothing, split.validation, data.users)
    context = FitContext(seed=seed)
    return Encoding(recipe.blocks, data.catalogue, training, context, watch, tracked.of)


def _chosen(
    recipe: Recipe,
    data: Dataset,
    training: Training,
    context: FitContext,
    watch: Stopwatch,
    budget: Budget,
) -> Chosen | None:
    """The models, chosen on the validation cases; None where the recipe names them all."""
    if recipe.choose is None:
        return None
    ordered = order_of(data.interactions).real
    found = choose(recipe, training, context, watch, ordered=ordered, whole=budget)
    for sentence in found.choice.sentences:
        watch.progress.say(sentence)
    return found


def _findings(split: Split, table: FittedTable, data: Dataset, seed: int) -> tuple[Finding, ...]:
    """What the blocks and the leak check say."""
    log, features = data.interactions, table.features
    of_blocks = [f for block in features.blocks.values() for f in block.findings]
    known = [k for block in table.blocks.values() if (k := block.knowledge()) is not None]
    return (*of_blocks, *leaks(split, features, log, seed), *knowing_models(split, log, known))


def _fitted_models(
    recipe: Recipe,
    training: Training,
    context: FitContext,
    watch: Stopwatch,
    tracked: Tracking,
    ready: Mapping[str, Fitted],
) -> tuple[dict[str, Scorer], dict[str, float]]:
    """Every model of the recipe, members first, and the seconds that each took; those that are
    `ready` are taken as they are.
    """
    fitted = {name: one.scorer for name, one in ready.items()}
    seconds = {name: one.seconds for name, one in ready.items()}
    left = [name for name in recipe.graph.order() if name not in fitted]
    with watch.stage("fit", len(left)) as advance:
        for done, name in enumerate(left, start=1):
            fitted[name], seconds[name] = _fit(
                name, recipe.graph, training, context, fitted, tracked.of(name)
            )
            advance(done, None)
    return fitted, seconds


def _fit(
    name: str,
    graph: ModelGraph,
    training: Training,
    context: FitContext,
    members: Mapping[str, Scorer],
    tracker: Tracker | None = None,
) -> tuple[Scorer, float]:
    start = time.perf_counter()
    own = {m: members[m] for m in graph.members(name)}
    scorer = (
        graph.models[name].build().fit(training, replace(context, members=own, tracker=tracker))
    )
    return scorer, time.perf_counter() - start


def _varied(
    recipe: Recipe,
    beside: Sequence[Variation],
    training: Training,
    context: FitContext,
    table: FittedTable,
    fitted: Mapping[str, Scorer],
    watch: Stopwatch,
) -> dict[Variant, _Made]:
    """What is fitted beside the recipe's models."""
    made = {}
    for variation in beside:
        variant = variation.variant
        with watch.stage(f"refit {variant.name}"):
            changed = replace(training, features=variation.fitted.features)
            again = context
            # other variants leave the blocks that users read as they are
            if variant.role == "control":
                again = context_of(
                    recipe.users,
                    recipe.blocks,
                    variation.fitted,
                    changed,
                    context.seed,
                    meant=table,
                )
            made[variant] = _Made(*_refit(variation, changed, again, fitted))
    return made


def _refit(
    variation: Variation, training: Training, context: FitContext, fitted: Mapping[str, Scorer]
) -> tuple[Scorer, float]:
    """Fit again what the variation touches; members that it leaves alone are taken as they are."""
    scorers = dict(fitted)
    spent = 0.0
    for name in variation.graph.order():
        if name in variation.refit:
            scorers[name], seconds = _fit(name, variation.graph, training, context, scorers)
            spent += seconds
    return scorers[variation.measured], spent


def _ranked(
    made: Mapping[Variant, _Made], split: Split, k: int, recipe: Recipe, watch: Stopwatch
) -> list[Outcome]:
    """All models in one pass over the test cases; the seconds of each stand among the stages."""
    with watch.stage("rank", len(split.test)) as advance:
        found = _ranks(made, split, k, recipe, lambda done: advance(done, None))
    outcomes = []
    for variant, one in made.items():
        own = found[variant]
        watch.note(f"rank {variant.name}", own.seconds)
        outcomes.append(Outcome(variant, own.ranks, own.lists, one.seconds, own.seconds))
    return outcomes


def _ranks(
    made: Mapping[Variant, _Made],
    split: Split,
    k: int,
    recipe: Recipe,
    progress: Callable[[int], None] | None = None,
) -> dict[Variant, Ranked]:
    scorers = {variant: one.scorer for variant, one in made.items()}
    return rank_together(scorers, split.test.open("rank"), k, recipe.evaluate.chunk, progress)
