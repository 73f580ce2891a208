"""What a run would take, from the size of its log and the settings of its models, before anything
is fitted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from palate.budget import Budget
from palate.capabilities import Costed
from palate.choose.choice import seconds_of
from palate.choose.fusing import KERNEL, SECOND_STAGE, TREES, blend
from palate.choose.halving import SAMPLE_CASES, SAMPLE_EVENTS, SHARE_ALL, SHARE_SAMPLE
from palate.choose.portfolio import Family, Settings, portfolio
from palate.data.order import order_of
from palate.encode.plan import Plan, plan_block
from palate.fit.blocks import CONTROLS
from palate.fit.present import present_fields
from palate.pipeline.reading import data_of
from palate.pipeline.validation import MOST_CASES
from palate.pipeline.within_budget import AFTER_ENCODING
from palate.progress import Progress, Stopwatch
from palate.recipe.recipe import Recipe
from palate.recipe.references import base_of, credits_of
from palate.recipe.settings import ChooseSettings
from palate.registry import PartSpec, part_class, spec
from palate.stages import Scorer
from palate.tables import Dataset, Interactions
from palate.work import LogSize, Rates, Work, known_rates

WIDTH = 400
"""Numbers of a row where it is not known yet what an encoder makes of a text."""
REPORT = 5.0
"""Seconds for lists with reasons, the map, and the page."""
EVENT = 9e-6
"""Seconds an event for what every run does with it: checked, split, looked through for leaks, and
written."""
RANKED_ITEM = 3e-9
"""Seconds an item of a case for putting scores in order."""
TOKEN, LOADED = 8e-5, 5.0
"""Seconds a token takes the language model that texts are encoded with by default, and seconds
until it has begun, where no row of it tells this machine's pace."""
TRANSFORMER = "text.transformer.v1"
LATE = "more than the choice has time for"


@dataclass(frozen=True)
class ForecastRow:
    """One step.

    Attributes:
        stage: The stage.
        name: The block or model.
        seconds: How long it would take; None where that is not known.
        mib: Most memory that it would need by itself; None where that is not known.
        note: What the figures do not say.
    """

    stage: str
    name: str
    seconds: float | None = None
    mib: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Forecast:
    """What a whole run would take.

    Attributes:
        events: Events.
        users: Users.
        items: Items.
        rows: Step by step.
        seconds: Of the run: what the budget leaves of all steps of which it is known.
        everything: Seconds of these steps.
        budget: What the recipe allows; None for no limit.
        measured: Whether the rates were measured on this machine.
    """

    events: int
    users: int
    items: int
    rows: tuple[ForecastRow, ...]
    seconds: float
    everything: float
    budget: float | None
    measured: bool

    def sentences(self) -> tuple[str, ...]:
        """What a person should know of it."""
        limit = "" if self.budget is None else f", and the budget is {self.budget:.0f} s"
        rates = (
            "Rates were measured on this machine."
            if self.measured
            else "Rates are those of two cores of a server: palate doctor --measure finds this"
            " machine's."
        )
        unknown = sum(row.seconds is None for row in self.rows)
        all_this = f"All but {unknown} steps of this" if unknown else "All this"
        said = [f"{all_this} takes about {self.everything:.0f} s{limit}.", rates]
        if self.seconds < self.everything:
            said.insert(
                1,
                "For want of time less is tried and measured, and the report says what was: the run"
                f" takes about {self.seconds:.0f} s.",
            )
        return tuple(said)


def forecast(recipe: Recipe, progress: Progress) -> Forecast:
    """Read the data, and say what the rest would take; nothing is fitted and nothing is written."""
    watch = Stopwatch(progress)
    with watch.stage("read"):
        data = data_of(recipe).cleaned
    read_row = ForecastRow("read", "", watch.rows[-1]["seconds"], note="taken just now")
    return forecast_of(recipe, data, (read_row,))


def forecast_of(recipe: Recipe, data: Dataset, before: Sequence[ForecastRow] = ()) -> Forecast:
    """What a run on these data would take.

    Args:
        recipe: What would be done.
        data: The cleaned data.
        before: What was done already.
    """
    rates, log = known_rates(), data.interactions
    size = size_of(log, WIDTH if recipe.blocks else 0)
    rows = [*before, *_blocks(recipe, data)]
    if recipe.choose is not None:
        rows += _choice(recipe, data, size, rates)
    rows += _models(recipe, size, rates)
    rows.append(ForecastRow("check, split, write", "", EVENT * len(log)))
    rows.append(ForecastRow("report", "", REPORT))
    everything = _seconds(rows)
    return Forecast(
        *(len(log), log.n_users, log.n_items, tuple(rows)),
        *(min(everything, _limit(rows, recipe.budget.seconds)), everything),
        *(recipe.budget.seconds, rates.measured),
    )


def _seconds(rows: Sequence[ForecastRow]) -> float:
    known = [row.seconds for row in rows if row.seconds is not None and row.note != LATE]
    return float(sum(known))


def _limit(rows: Sequence[ForecastRow], budget: float | None) -> float:
    """Seconds that a run keeps to: its budget, or more where that is spent on reading and encoding,
    which nothing is left out of.
    """
    if budget is None:
        return np.inf
    spent = _seconds([row for row in rows if row.stage in ("read", "encode")])
    return max(budget, spent + AFTER_ENCODING * budget)


def size_of(log: Interactions, width: int = 0, cases: int | None = None) -> LogSize:
    """The size of a log.

    Args:
        log: The log, or its training part.
        width: Numbers in a row of the widest block.
        cases: Validation cases; None where it is not split yet: one for each user.
    """
    lengths = np.bincount(log.user, minlength=log.n_users).astype(np.float64)
    cases = int(np.count_nonzero(lengths)) if cases is None else cases
    pairs = float(lengths @ lengths)
    return LogSize(len(log), int(np.count_nonzero(lengths)), log.n_items, pairs, cases, width)


def work_of(one: PartSpec[Scorer], size: LogSize) -> Work | None:
    """What a model takes; None where its part does not say."""
    part = part_class(one.name)
    return part.work(one.settings, size) if issubclass(part, Costed) else None


def _blocks(recipe: Recipe, data: Dataset) -> Iterator[ForecastRow]:
    rows = np.unique(data.interactions.item).astype(np.int32)
    for name, block in recipe.blocks.items():
        if block.fuses or block.adapt:
            yield ForecastRow("encode", name, note="learns from training")
            continue
        plan: Plan = plan_block(present_fields(block.encoder, data.catalogue), data.catalogue, rows)
        note = "in the cache" if plan.to_compute == 0 else plan.note
        yield ForecastRow("encode", name, _encoding_seconds(block.encoder, plan), note=note)


def _encoding_seconds(encoder: PartSpec[Any], plan: Plan) -> float | None:
    """At this machine's pace, where it is known; else that of the reference machine, which is known
    of one language model.
    """
    if plan.to_compute == 0:
        return 0.0
    usual = encoder.name == TRANSFORMER and encoder.settings.model == type(encoder.settings)().model
    if plan.seconds is not None or plan.tokens is None or not usual:
        return plan.seconds
    return LOADED + TOKEN * plan.tokens


def _choice(recipe: Recipe, data: Dataset, size: LogSize, rates: Rates) -> Iterator[ForecastRow]:
    """What would be tried, what is made of the best, and how long these would rank."""
    s = recipe.choose or ChooseSettings()
    budget = seconds_of(s, Budget(recipe.budget.seconds or np.inf, lambda: 0.0))
    cases = min(size.cases, s.cases)
    ordered = order_of(data.interactions).real
    families = portfolio(data.interactions, ordered).families
    spent = 0.0
    for rung in _rungs(size, cases):
        for row in _tried(families, rung, rates, rung.share * budget - spent):
            spent += 0.0 if row.note == LATE else row.seconds or 0.0
            yield row
    members = [f"{n}" for n in range(s.members + len(recipe.blocks))]
    fits = 3 + 1 + len(CONTROLS)
    fusion, kernels = blend(members), [spec({"part": KERNEL}, "scorer")] * len(recipe.blocks)
    fusions = [fusion]
    yield _row("fuse", "ids+features", fusion, size, rates, cases, fits)
    if s.second_stage:
        one = spec({"part": SECOND_STAGE, **TREES, "members": members}, "scorer")
        fusions.append(one)
        yield _row("fuse", "ranked", one, size, rates, cases, fits)
    singles = [_spec(family, family.grid[0]) for family in families]
    yield from _ranked([*singles, *kernels, *fusions], recipe, size, rates)


@dataclass(frozen=True)
class _Rung:
    """Where models are tried.

    Attributes:
        stage: What it is called.
        size: Of the log there.
        cases: That measure a model.
        settings: Of each family, at most.
        share: Of the time of the choice, by when it ends.
    """

    stage: str
    size: LogSize
    cases: int
    settings: int | None
    share: float


def _rungs(size: LogSize, cases: int) -> list[_Rung]:
    if size.events <= SAMPLE_EVENTS:
        return [_Rung("try", size, cases, None, SHARE_ALL)]
    part = SAMPLE_EVENTS / size.events
    small = replace(
        size,
        events=SAMPLE_EVENTS,
        users=max(round(part * size.users), 1),
        pairs=part * size.pairs,
    )
    few = min(cases, SAMPLE_CASES)
    return [
        _Rung("try on some users", small, few, None, SHARE_SAMPLE),
        _Rung("try on all users", size, cases, 1, SHARE_ALL),
    ]


def _tried(
    families: Sequence[Family], rung: _Rung, rates: Rates, left: float
) -> Iterator[ForecastRow]:
    """The settings of each family, as far as there is time."""
    for family in families:
        settings = family.grid[: rung.settings]
        rows = [
            _row(rung.stage, family.name, _spec(family, one), rung.size, rates, rung.cases)
            for one in settings
        ]
        seconds = sum(row.seconds or 0.0 for row in rows)
        note = f"{len(settings)} settings" if len(settings) > 1 else rows[0].note
        if rows[0].seconds is None:
            yield rows[0]
        elif rows[0].seconds > left:
            yield replace(rows[0], note=LATE)
        else:
            yield replace(rows[0], seconds=min(seconds, left), note=note)
            left -= min(seconds, left)


def _spec(family: Family, settings: Settings) -> PartSpec[Scorer]:
    return spec({"part": family.part, **settings}, "scorer")


def _ranked(
    models: Sequence[PartSpec[Scorer]], recipe: Recipe, size: LogSize, rates: Rates
) -> Iterator[ForecastRow]:
    """Ranking test users by all models, and validation cases by those of the recipe."""
    users = min(size.users, recipe.evaluate.users or size.users)
    each = [_score_seconds(one, size, rates) for one in models]
    once = sum(each)
    # the last one is the dearest, and is ranked without its features and as two controls too
    yield ForecastRow("rank", "", users * (once + (1 + len(CONTROLS)) * each[-1]))
    yield ForecastRow("look at validation cases", "", min(MOST_CASES, size.cases) * once)


def _score_seconds(one: PartSpec[Scorer], size: LogSize, rates: Rates) -> float:
    """Of all items for one case, and of putting them in order."""
    work = work_of(one, size)
    scored = None if work is None else rates.score_seconds(one.name, work, 1)
    return (scored or 0.0) + RANKED_ITEM * size.items


def _models(recipe: Recipe, size: LogSize, rates: Rates) -> Iterator[ForecastRow]:
    """The recipe's own models, with what is fitted beside them, and ranking."""
    users = min(size.users, recipe.evaluate.users or size.users)
    for name, one in recipe.models.items():
        fits = 1
        if name in recipe.graph.fusions():
            beside = [base_of(recipe.graph, name)]
            beside += [c.reference for c in credits_of(recipe.graph, name)]
            fits += sum(v is not None and v.kind != "model" for v in beside)
            fits += len(CONTROLS) if recipe.evaluate.controls else 0
        yield _row("fit and rank", name, one, size, rates, users, fits)


def _row(
    stage: str,
    name: str,
    one: PartSpec[Scorer],
    size: LogSize,
    rates: Rates,
    cases: int,
    fits: int = 1,
) -> ForecastRow:
    work = work_of(one, size)
    if work is None:
        return ForecastRow(stage, name, note="its cost is not known")
    fit = rates.fit_seconds(one.name, work)
    score = rates.score_seconds(one.name, work, cases)
    known = fit is not None and score is not None
    seconds = fits * ((fit or 0.0) + (score or 0.0)) if known else None
    times = f"{fits} times" if fits > 1 else ""
    return ForecastRow(stage, name, seconds, work.memory / 2**20, times)
