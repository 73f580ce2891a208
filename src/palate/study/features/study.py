"""A finished run -> a recipe whose second stage has the operators that help, found without a look
at the test.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from palate import store
from palate.budget import Budget
from palate.capabilities import Reranks, TakesOperators
from palate.errors import BadInput, Refused
from palate.model.operators.operator import DESCRIBED, Operator, menu
from palate.model.tree_growing import TreeRankerSettings
from palate.perturbation.problems import sample_cases
from palate.progress import Progress, Silent, Stopwatch
from palate.registry import part_class
from palate.report.page import PAGE, page_of
from palate.runs import files
from palate.runs.feature_rows import FeatureStudy, FeatureTry
from palate.runs.open import OpenedRun, open_run
from palate.runs.writer import replacing
from palate.study.features.featured_recipe import featured_recipe
from palate.study.features.proposer import proposer_of
from palate.study.features.search import Try, search
from palate.study.features.tries import Tries
from palate.study.selection.objective import split_by_user
from palate.tables import Cases

RANKER: Final = "ranked"
"""What the second stage is called in a recipe that had none."""
FEWEST: Final = 200
"""Cases of each half with a right candidate: with fewer no gain stands out from chance."""
_WRONG: Final = 40

Order = Callable[[Sequence[Operator], Sequence[str]], Sequence[Operator]]
"""Operators with descriptions of them -> those worth trying, the most promising first."""


@dataclass(frozen=True)
class Ranker:
    """The second stage that operators are for.

    Attributes:
        name: Of the model.
        settings: Its settings.
    """

    name: str
    settings: TreeRankerSettings


def features(
    folder: Path,
    out: Path,
    cases: int = 6000,
    progress: Progress | None = None,
    *,
    force: bool = False,
    budget: Budget | None = None,
    order: Order | str | None = None,
) -> FeatureStudy:
    """Try the operators that a run's fields allow, and write the recipe with those that help.

    Args:
        folder: A finished run.
        out: The recipe to write.
        cases: Most validation cases.
        progress: Receives the stages.
        force: Write over a file that is there.
        budget: The time there is; None: without end.
        order: Says which operators to try, and in which order; None: all of them, field by field.
            A text names a language model that says which are tried first: a block of attributes of
            the recipe, whose provider it is, or a part. It decides nothing else: every operator is
            tried and confirmed alike.

    Returns:
        What was tried, with its gain, and what is kept. The run's report shows it.

    Raises:
        BadInput: There is no run, `out` is there already, or no such provider.
        Refused: The run has no fields to compute of, no models that find candidates, or too few
            validation cases.
        MissingExtra: LightGBM is not installed.
    """
    if out.exists() and not force:
        raise BadInput(
            "the file is there already", where=str(out), next_step="use --force, or another --out"
        )
    budget = budget or Budget(math.inf)
    watch = Stopwatch(progress or Silent())
    with watch.stage("open the run"):
        run = open_run(folder)
    ranker = ranker_of(run)
    proposer = proposer_of(run.recipe, order) if isinstance(order, str) and order else None
    wanted = _menu(run, None if isinstance(order, str) else order)
    named: tuple[Operator, ...] = ()
    if proposer is not None:
        with watch.stage(f"{proposer.by} reads the menu"):
            named = proposer.named(wanted)
        wanted = (*named, *(one for one in wanted if one not in named))
    explore, confirm = _halves(run, ranker, cases, watch)
    with watch.stage("try operators"):
        tries, kept = search(explore, confirm, wanted, lambda: budget.left)
    study = _study(run, ranker, (explore, confirm), wanted, tries, kept, budget.spent)
    if proposer is not None:
        study = replace(
            study,
            proposed_by=proposer.by,
            proposed=tuple(one.name for one in named),
            sentence=f"{study.sentence} {proposed_sentence(proposer.by, named, kept)}",
        )
    store.write_text(
        out,
        featured_recipe(
            run.recipe, ranker.name, replace(ranker.settings, operators=kept), study.sentence
        ),
    )
    with watch.stage("draw the report"), replacing(folder, (files.FEATURES.name, PAGE)) as place:
        files.FEATURES.write(place, study)
        shown = files.read(run.folder)
        absent = {k: v for k, v in shown.absent.items() if k != files.FEATURES.name}
        page = page_of(replace(shown, features=study, absent=absent))
        store.write_text(place / PAGE, page.text)
    for sentence in page.warnings:
        watch.progress.say(sentence)
    return study


def ranker_of(run: OpenedRun) -> Ranker:
    """The run's second stage of trees without operators; a new one over its other models where it
    has none.

    Raises:
        Refused: There is no model that could find candidates.
    """
    models = run.recipe.models
    for name, spec in models.items():
        if issubclass(part_class(spec.name), TakesOperators):
            members = tuple(run.recipe.graph.members(name))
            return Ranker(name, replace(spec.settings, operators=(), members=members))
    members = tuple(
        name for name, spec in models.items() if not issubclass(part_class(spec.name), Reranks)
    )
    if not members:
        raise Refused(
            "the run has no models that could find candidates",
            where="models",
            next_step="add one to the recipe, such as model.item_knn.v2, and run it again",
        )
    return Ranker(RANKER, TreeRankerSettings(members=members))


def _menu(run: OpenedRun, order: Order | None) -> tuple[Operator, ...]:
    found = menu(run.features)
    if not found:
        raise Refused(
            "no block that a model of the run reads has fields to compute features of",
            where="blocks",
            next_step='add a block of "structured.fields.v1" and a "model.lambdamart.v1", which'
            " reads all blocks, and run the recipe again",
        )
    if order is None:
        return found
    return tuple(order(found, [f"{one.name}: {DESCRIBED[one.kind]}" for one in found]))


def _halves(run: OpenedRun, ranker: Ranker, most: int, watch: Stopwatch) -> tuple[Tries, Tries]:
    seed, settings = run.recipe.seed, ranker.settings
    # what is asked is whether a column helps: some wrong candidates a case show it as well as all
    settings = replace(settings, wrong=settings.wrong or _WRONG, rate=max(settings.rate, 0.1))
    members = {name: run.scorer(name) for name in settings.members}
    validation = sample_cases(run.split.validation, most, seed)
    (first, second), *_ = split_by_user(validation, seed, 2)

    def tries(cases: Cases) -> Tries:
        return Tries.of(settings, run.training(), members, cases, seed)

    with watch.stage("find candidates"):
        halves = tries(first), tries(second)
    fewest = min(map(len, halves))
    if fewest < FEWEST:
        raise Refused(
            f"only {fewest} validation cases of one half of the users have a right item among the"
            " candidates",
            where="split",
            allowed=f"{FEWEST} or more",
            next_step="raise candidates of the ranker, or choose a split with more of them",
        )
    return halves


def _study(
    run: OpenedRun,
    ranker: Ranker,
    halves: tuple[Tries, Tries],
    wanted: Sequence[Operator],
    tries: Sequence[Try],
    kept: Sequence[Operator],
    seconds: float,
) -> FeatureStudy:
    tried = {one.operator for one in tries}
    left_out = tuple(one.name for one in wanted if one not in tried)
    explored, confirmed = map(len, halves)
    return FeatureStudy(
        ranker.name,
        f"ndcg@{ranker.settings.k}",
        explored,
        confirmed,
        tuple(
            FeatureTry(t.operator.name, t.step, t.gain, t.error, t.p, t.kept, round(t.seconds, 2))
            for t in tries
        ),
        tuple(one.name for one in kept),
        left_out,
        sentence(len(tried), [one.name for one in kept], confirmed),
        round(seconds, 1),
    )


def proposed_sentence(by: str, named: Sequence[Operator], kept: Sequence[Operator]) -> str:
    """What the one who was to say what to try first said, and what came of that."""
    if not named:
        return f"{by} named none of the menu, so the order is the menu's."
    good = sum(one in kept for one in named)
    return f"{by} named {len(named)} to be tried first, of which {good} are among those kept."


def sentence(tried: int, kept: Sequence[str], cases: int) -> str:
    """What came of it."""
    if not kept:
        return (
            f"{tried} features were tried, and none stood the test on the other half of the"
            f" validation users ({cases:,} cases): nothing was found."
        )
    return (
        f"Of {tried} features that were tried, {len(kept)} raised the ranking on people who had no"
        f" say in the choice ({cases:,} cases): {', '.join(kept)}."
    )
