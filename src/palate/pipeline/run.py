"""One run, from a recipe to a run directory."""

from __future__ import annotations

import dataclasses
import datetime
import math
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import palate
from palate import execute, seeding
from palate.budget import Budget
from palate.capabilities import SplitsAtRandom
from palate.data.checks import check
from palate.data.describe import describe
from palate.data.titles import titles
from palate.evaluate.leaks import KNOWING
from palate.pipeline import measure as results
from palate.pipeline.ablation import ablation_rows
from palate.pipeline.attribute_summary import attribute_summaries
from palate.pipeline.block_importance import importance_rows
from palate.pipeline.catalogue_map import catalogue_map
from palate.pipeline.examples import examples
from palate.pipeline.fusion import fusion_facts, member_weights, rule_weights
from palate.pipeline.reading import DataOfRecipe, data_of
from palate.pipeline.sizes import fitting
from palate.pipeline.slate_study import check_slate, slate_study
from palate.pipeline.trial import Trial, new_items, run_trial
from palate.pipeline.validation import model_findings, validated
from palate.progress import Progress, Silent, Stopwatch
from palate.recipe.extras import check_extras
from palate.recipe.metrics import length
from palate.recipe.people import user_fields_read
from palate.recipe.recipe import Recipe
from palate.report.cards import DATA_SHEET, MODEL_CARD, cards
from palate.report.headline import summary as summary_of
from palate.report.headline import with_findings
from palate.report.page import PAGE, page_of
from palate.report.pictures import Pictures
from palate.runs import files
from palate.runs.artefacts import write_features, write_log, write_models, write_users
from palate.runs.documents import Data, Map, Protocol, PublishedFigure, Summary
from palate.runs.rows import Stage, Step, Validated
from palate.runs.writer import RunWriter
from palate.tables import Dataset, Finding, Training

_EMPTY: Map | None = Map()

KEPT_LIST = 100
"""Length of the recommendation lists kept of every model; metrics at a larger k raise it."""


def run(
    recipe: Recipe, folder: Path, data: Dataset | None = None, progress: Progress | None = None
) -> Path:
    """Do everything that the recipe says and write the run directory.

    Args:
        recipe: What to do.
        folder: The run directory. It is written beside and put there as a whole when it is
            complete; an earlier run that lies there stays as it is until then.
        data: Data that is in memory already; else what the recipe names is read.
        progress: Receives the stages.

    Returns:
        The run directory.

    Raises:
        MissingExtra: Libraries that the recipe needs are not installed; nothing was read.
        PalateError: Bad input, an unmet requirement, or a result that would not be evidence.
    """
    budget = Budget(recipe.budget.seconds or math.inf)
    watch = Stopwatch(progress or Silent())
    check_extras(recipe)
    with watch.stage("read"):
        of_recipe = data_of(recipe, data)
        cleaned = of_recipe.cleaned
        for guess in (*of_recipe.raw.guesses, *recipe.reasons):
            watch.progress.say(guess)
    with watch.stage("check data"):
        splitter = recipe.split.build()
        at_random = isinstance(splitter, SplitsAtRandom) and splitter.at_random
        findings = check(cleaned, at_random=at_random)
        for finding in findings:
            if finding.severity == "error":  # said at once: what follows may end for this reason
                watch.progress.say(f"error: {finding.message}. Next: {finding.advice}")
        if recipe.slate is not None:
            check_slate(recipe.slate, cleaned.catalogue, bool(recipe.blocks))
        recipe, replaced = fitting(recipe, cleaned.interactions.n_items)
        for sentence in (_size(recipe, cleaned), *replaced):
            watch.progress.say(sentence)
    # An unreadable source ends before this line, so that nothing is begun for it.
    with RunWriter(folder) as writer:
        _fill(writer, recipe, of_recipe, findings, watch, budget, replaced)
        # all that the page shows is written: what it says of the folder holds a moment later
        found = files.read(writer.folder)
        shown = dataclasses.replace(found, name=folder.resolve().name, unfinished="")
        page = page_of(shown)
        writer.text(PAGE, page.text)
        documents = cards(shown)
        writer.text(MODEL_CARD, documents.model)
        writer.text(DATA_SHEET, documents.data)
        if page.warnings and shown.summary is not None:
            warnings = (*shown.summary.warnings, *page.warnings)
            writer.write(files.SUMMARY, dataclasses.replace(shown.summary, warnings=warnings))
        writer.finish()
    return folder


def _size(recipe: Recipe, data: Dataset) -> str:
    """How much there is, and how long it may take."""
    log, seconds = data.interactions, recipe.budget.seconds
    size = f"{len(log):,} events of {log.n_users:,} users with {log.n_items:,} items"
    if seconds is None:
        return f"{size}; palate run --dry-run says what each step takes"
    return f"{size}; the run may take {seconds:.0f} s, and says what it leaves out for want of time"


def _fill(
    writer: RunWriter,
    recipe: Recipe,
    of_recipe: DataOfRecipe,
    findings: Sequence[Finding],
    watch: Stopwatch,
    budget: Budget,
    replaced: Sequence[str],
) -> None:
    """Everything but the page."""
    cleaned = of_recipe.cleaned
    trials = _trials(recipe, cleaned, watch, budget)
    first = trials[0]
    recipe = first.recipe
    writer.text("recipe.toml", recipe.toml_for_anywhere())
    if first.choice is not None:
        writer.write(files.CHOICE, first.choice)
    with watch.stage("look at validation cases"):
        split = first.split
        training = Training(split.train, first.features, split.validation, cleaned.users)
        validation = validated(recipe, first.scorers, training, recipe.seed)
        broken = model_findings(recipe, validation)
    findings = (*findings, *first.findings, *broken)
    writer.write(files.DATA, _about(recipe, of_recipe, findings, first))
    with watch.stage("measure"):
        summary = _write_tables(writer, recipe, trials, validation)
    if first.curves:
        curves = {name: tuple(map(Step.of, rows)) for name, rows in first.curves.items()}
        writer.write(files.CURVES, curves)
    with watch.stage("explain"):
        undrawn = _write_explained(writer, recipe, cleaned, first, summary)
    if recipe.slate is not None:
        with watch.stage("put lists together"):
            best = summary.best_model
            study = slate_study(recipe.slate, cleaned.catalogue, first, best, recipe.seed)
            writer.write(files.SLATES, study)
    summary = with_findings(summary, findings)
    leaking = [f for f in first.findings if f.code in KNOWING]
    blocks = first.features.blocks.values()
    absent = [f for block in blocks for f in block.findings if f.severity == "warning"]
    warnings = (
        *(f.message for f in (*leaking, *absent, *broken)),
        *replaced,
        *first.left_out,
        *undrawn,
    )
    writer.write(files.SUMMARY, dataclasses.replace(summary, warnings=warnings))
    with watch.stage("write artefacts"):
        write_features(writer, first.blocks)
        write_models(writer, recipe, first.scorers)
        write_users(writer, first.users)
        people = user_fields_read(recipe, cleaned.users)
        write_log(writer, dataclasses.replace(cleaned, users=people), first.split)
    writer.write(files.TIMINGS, tuple(Stage(**row) for row in watch.rows))


def _trials(recipe: Recipe, data: Dataset, watch: Stopwatch, budget: Budget) -> list[Trial]:
    k = max([KEPT_LIST, *map(length, recipe.evaluate.metrics)])
    seeds = [
        recipe.seed,
        *(seeding.seed_of(recipe.seed, "repetition", i) for i in range(1, recipe.evaluate.seeds)),
    ]
    n_trials = len(seeds) * (2 if recipe.evaluate.new_items else 1)
    trials = [run_trial(recipe, data, seeds[0], watch, k, budget.part(1 / n_trials))]
    recipe = trials[0].recipe  # models are chosen once
    wanted = [(False, seed) for seed in seeds[1:]]
    if recipe.evaluate.new_items:
        wanted += [(True, seed) for seed in seeds]
    if wanted:
        work = execute.executor(recipe.execute.kind, recipe.execute.workers, recipe.execute.address)
        with watch.stage(
            "repeat, and withhold items" if recipe.evaluate.new_items else "repeat", len(wanted)
        ) as advance:
            for done, trial in enumerate(
                work.map(partial(_repetition, recipe, data, k), wanted), start=1
            ):
                trials.append(trial)
                advance(done, None)
    return trials


def _repetition(recipe: Recipe, data: Dataset, k: int, wanted: tuple[bool, int]) -> Trial:
    cold, seed = wanted
    recipe = dataclasses.replace(recipe, name=f"{recipe.name}-seed-{seed}")
    trial = (new_items if cold else run_trial)(recipe, data, seed, Stopwatch(), k)
    # only the answers travel back from a worker; models and features of repetitions are not kept
    return dataclasses.replace(
        trial,
        scorers={},
        users={},
        blocks={},
        features=dataclasses.replace(trial.features, blocks={}),
    )


def _write_tables(
    writer: RunWriter, recipe: Recipe, trials: Sequence[Trial], validation: Sequence[Validated]
) -> Summary:
    """Measure what the trials found, and write the tables; the summary of them."""
    measures = results.measured(trials, recipe)
    leaderboard = results.leaderboard(measures, recipe)
    comparisons = results.comparisons(measures, recipe)
    importance = importance_rows(recipe, comparisons, trials[0].features)
    writer.write(files.LEADERBOARD, leaderboard)
    writer.write(files.COMPARISONS, comparisons)
    writer.write(files.IMPORTANCE, importance)
    writer.write(files.VALIDATION, tuple(validation))
    weights = member_weights(recipe.graph, trials[0].scorers)
    writer.write(files.WEIGHTS, weights)
    rules = rule_weights(trials[0].scorers)
    if rules:
        writer.write(files.RULES, rules)
    ablation = ablation_rows(trials, recipe)
    if ablation is not None:
        writer.write(files.ABLATION, ablation)
    tables = (leaderboard, comparisons, importance, validation, weights)
    made = summary_of(recipe, *tables, trials[0].findings)
    return _with_origin(made, recipe)


def _with_origin(summary: Summary, recipe: Recipe) -> Summary:
    """The summary, and when and by what it was made."""
    published = recipe.protocol
    bars = tuple(PublishedFigure(b.model, b.metric, b.value, b.source) for b in published.bars)
    return dataclasses.replace(
        summary,
        name=recipe.name,
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        palate_version=palate.__version__,
        repetitions=recipe.evaluate.seeds,
        protocol=Protocol(published.name, published.description, bars),
    )


def _write_explained(
    writer: RunWriter, recipe: Recipe, data: Dataset, trial: Trial, summary: Summary
) -> tuple[str, ...]:
    """Lists with reasons, the map and the fusion, where there are any; what could not be drawn."""
    pictures = Pictures()
    lists = examples(recipe, data, trial, summary.best_model)
    if lists is not None:
        writer.write(files.RECOMMENDATIONS, lists)
    name = "the map of the catalogue"
    drawn = pictures.draw(name, lambda: catalogue_map(recipe, data, trial), _EMPTY)
    if drawn is not None:
        writer.write(files.MAP, dataclasses.replace(drawn, note=pictures.reasons.get(name, "")))
    names = titles(data.catalogue, recipe.report.title_field)
    counts = trial.split.train.item_counts()
    answered = attribute_summaries(trial.blocks, data.catalogue, names, counts)
    if answered:
        writer.write(files.ATTRIBUTES, answered)
    fusion = fusion_facts(trial.scorers[summary.fusion or summary.best_model])
    if fusion is not None:
        writer.write(files.FUSION, fusion)
    return tuple(pictures.warned)


def _about(
    recipe: Recipe,
    data: DataOfRecipe,
    findings: Sequence[Finding],
    trial: Trial,
) -> Data:
    """What `data.json` says."""
    split = trial.split
    parts = {
        "part": recipe.split.name,
        "train": len(split.train),
        "validation": len(split.validation),
        "test": len(split.test),
        "withheld": len(split.withheld),
        "notes": split.notes,
    }
    return files.DATA.parse(
        {
            **describe(data.cleaned),
            "name": recipe.data.set or recipe.name,
            "cleaning": data.cleaning,
            "guesses": (*data.raw.guesses, *recipe.reasons),
            "findings": [dataclasses.asdict(f) for f in findings],
            "split": parts,
            "sources": dict(data.raw.sources),
        }
    )
