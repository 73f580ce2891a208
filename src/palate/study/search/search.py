"""Search a recipe's space on validation, then run the best recipe once: that run alone looks at the
test part.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import palate
from palate import config, execute, store
from palate.data.assemble import read
from palate.data.clean import clean
from palate.errors import BadRecipe, Refused
from palate.evaluate.slices import WHOLE
from palate.pipeline.run import run
from palate.progress import Progress, Silent, Stopwatch
from palate.recipe.extras import check_extras
from palate.recipe.recipe import Recipe
from palate.recipe.settings import SearchSettings
from palate.runs import files
from palate.study.search.objective import Report, SearchObjective
from palate.study.search.result import SEARCH, SearchResult, TestFigure, Tried
from palate.study.search.space import Candidate, Space
from palate.study.search.trials import Finished, Trials
from palate.tables import Dataset
from palate.tables.variant import Variant

BEST = "best.toml"


@dataclass(frozen=True)
class _Work:
    recipe: Recipe
    data: Dataset
    folder: Path
    digest: str
    until: float


def search(
    recipe: Recipe, folder: Path, data: Dataset | None = None, progress: Progress | None = None
) -> Path:
    """Find the best recipe of a space and run it.

    Trials are fitted on the training part and measured on a share of the validation cases; the test
    part is ranked once, by the best recipe, at the end. Trials lie in `search.db`: the same call
    goes on where a search was cut off. With `execute.kind = "processes"` trials run side by side,
    and which are tried depends on who is quicker.

    Args:
        recipe: With a section `[search]`.
        folder: Where search.json, best.toml, search.db and the run directory `best/` go.
        data: Data that is in memory already; else what the recipe names is read.
        progress: Receives the stages.

    Returns:
        The folder.

    Raises:
        BadRecipe: The space is not understood, or the folder holds another search.
        Refused: No trial came to its end.
        MissingExtra: Optuna is not installed.

    Cost: a fit of the model for each trial; blocks, and members whose settings stayed the same, are
        made once.

    Akiba et al., Optuna: a next-generation hyperparameter optimization framework, KDD 2019;
    Bergstra et al., Algorithms for hyper-parameter optimization, NeurIPS 2011.
    """
    start = time.monotonic()
    watch = Stopwatch(progress or Silent())
    if not recipe.models:
        raise BadRecipe(
            "this recipe leaves its models to be chosen, and a search is about named models",
            where="choose",
            next_step="palate run it, and search the recipe.toml of that run",
        )
    check_extras(recipe, "search")
    space = Space.of(recipe, recipe.search)
    folder.mkdir(parents=True, exist_ok=True)
    with watch.stage("read"):
        raw = data if data is not None else read(recipe.data, recipe.base)
        cleaned = clean(raw, recipe.clean)[0]
    trials = Trials(folder, _digest(recipe, cleaned), recipe.search, recipe.seed)
    try:
        trials.begin(space)
        with watch.stage("search", recipe.search.trials) as advance:
            _tried(recipe, cleaned, folder, start, trials, advance)
        best = trials.best()
        if best is None:
            why = next((t.why for t in trials.finished() if t.why), "every trial was cut short")
            raise Refused(f"no trial came to its end: {why}", where="search")
        chosen = trials.replayed(space, best.number)
        found = trials.finished()
    finally:
        trials.close()
    record = _found(recipe, found, best, chosen, time.monotonic() - start)
    # the run first: if it fails, all three stay those of the search before, and trials are kept
    run(_best_recipe(chosen), folder / "best", data, progress)
    store.write_text(folder / BEST, _best_recipe(chosen).toml_for_anywhere())
    SEARCH.write(folder, _tested(record, folder / "best"))
    return folder


def _tried(
    recipe: Recipe,
    data: Dataset,
    folder: Path,
    start: float,
    trials: Trials,
    advance: Callable[[int, int | None], None],
) -> None:
    """All trials that are still wanted, here or side by side."""
    limit = recipe.search.seconds
    until = math.inf if limit is None else start + limit
    if trials.enough():
        return
    if recipe.execute.kind == "inline":
        _try_all(trials, recipe, data, until, lambda done: advance(done, None))
        return
    work = _Work(recipe, data, folder, _digest(recipe, data), until)
    pool = execute.executor("processes", recipe.execute.workers)
    n_workers = recipe.execute.workers or execute.usable_cores()
    for _ in pool.map(partial(_try_aside, work), range(n_workers)):
        advance(len(trials.finished()), None)


def _try_aside(work: _Work, worker: int) -> int:
    """What one worker process does; the number of trials it saw finished."""
    trials = Trials(work.folder, work.digest, work.recipe.search, work.recipe.seed + worker)
    try:
        _try_all(trials, work.recipe, work.data, work.until, lambda _: None)
        return len(trials.finished())
    finally:
        trials.close()


def _try_all(
    trials: Trials, recipe: Recipe, data: Dataset, until: float, done: Callable[[int], None]
) -> None:
    s = recipe.search
    objective = SearchObjective.of(
        recipe, data, s.judge, s.cases, s.metric or recipe.evaluate.primary
    )

    def value(candidate: Candidate, report: Report) -> float:
        return objective.value(candidate.recipe, candidate.model, report)

    trials.run(Space.of(recipe, s), value, done, until)


def _best_recipe(chosen: Candidate) -> Recipe:
    return replace(chosen.recipe, name=f"{chosen.recipe.name}-best", search=SearchSettings())


def _digest(recipe: Recipe, data: Dataset) -> str:
    """Everything that a trial's value depends on; how long to search may change between two
    calls.
    """
    table = {k: v for k, v in recipe.resolved().items() if k not in ("report", "execute", "name")}
    lasting = ("metric", "models", "judge", "cases", "space")
    table["search"] = {k: v for k, v in config.resolved(recipe.search).items() if k in lasting}
    log = data.interactions
    about = [
        len(log),
        log.n_users,
        log.n_items,
        int(log.item.sum()),
        int(log.user.sum()),
        dict(data.sources),
    ]
    return store.digest([palate.__version__, table, about])


def _found(
    recipe: Recipe, trials: list[Finished], best: Finished, chosen: Candidate, seconds: float
) -> SearchResult:
    states = [t.state for t in trials]
    first = trials[0]
    return SearchResult(
        recipe.search.metric or recipe.evaluate.primary,
        Tried(
            len(trials), states.count("complete"), states.count("pruned"), states.count("failed")
        ),
        round(sum(t.seconds for t in trials), 1),
        round(seconds, 1),
        chosen.model,
        best,
        first if first.number == 0 else None,
        tuple(trials),
    )


def _tested(found: SearchResult, folder: Path) -> SearchResult:
    """With the metric of the best model on the test part, and how much of the validation figure
    was luck.
    """
    wanted = (Variant(found.model), WHOLE, found.metric)
    rows = (
        r
        for r in files.LEADERBOARD.read(folder)
        if (r.variant, r.slice, r.metric) == wanted and r.value is not None
    )
    row = next(rows, None)
    if row is None or row.value is None:
        return found
    gap = (found.best.value or 0.0) - row.value
    return replace(found, test=TestFigure(row.value, row.low, row.high), gap=gap)
