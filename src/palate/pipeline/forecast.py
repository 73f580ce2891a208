"""What a run would take, from the size of its log and the settings of its models, before anything
is fitted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from palate.budget import Budget
from palate.capabilities import Costed
from palate.choose.choice import seconds_of
from palate.choose.fusing import TREES, blend
from palate.choose.portfolio import portfolio
from palate.data.assemble import read
from palate.data.clean import clean
from palate.data.order import order_of
from palate.encode.plan import Plan, plan_block
from palate.fit.blocks import CONTROLS
from palate.fit.present import present_fields
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
        seconds: Of all steps of which it is known.
        budget: What the recipe allows; None for no limit.
        measured: Whether the rates were measured on this machine.
    """

    events: int
    users: int
    items: int
    rows: tuple[ForecastRow, ...]
    seconds: float
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
        said = [f"{all_this} takes about {self.seconds:.0f} s{limit}.", rates]
        if self.budget is not None and self.seconds > self.budget:
            said.insert(
                1, "For want of time less is tried and measured, and the report says what was."
            )
        return tuple(said)


def forecast(recipe: Recipe, progress: Progress) -> Forecast:
    """Read the data, and say what the rest would take; nothing is fitted and nothing is written."""
    watch = Stopwatch(progress)
    with watch.stage("read"):
        data, _ = clean(read(recipe.data, recipe.base), recipe.clean)
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
    rows.append(ForecastRow("report", "", REPORT))
    known = [row.seconds for row in rows if row.seconds is not None and row.note != LATE]
    return Forecast(
        *(len(log), log.n_users, log.n_items, tuple(rows), float(sum(known))),
        *(recipe.budget.seconds, rates.measured),
    )


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
        seconds = 0.0 if plan.to_compute == 0 else plan.seconds
        note = "in the cache" if plan.to_compute == 0 else plan.note
        yield ForecastRow("encode", name, seconds, note=note)


def _choice(recipe: Recipe, data: Dataset, size: LogSize, rates: Rates) -> Iterator[ForecastRow]:
    """The first settings of what would be tried, then what is made of the best."""
    s = recipe.choose or ChooseSettings()
    left = seconds_of(s, Budget(recipe.budget.seconds or np.inf, lambda: 0.0))
    cases = min(size.cases, s.cases)
    ordered = order_of(data.interactions).real
    for family in portfolio(data.interactions, ordered).families:
        one = spec({"part": family.part, **family.grid[0]}, "scorer")
        row = _row("try", family.name, one, size, rates, cases)
        left -= row.seconds or 0.0
        late = row.seconds is not None and left < 0
        yield ForecastRow("try", row.name, row.seconds, row.mib, LATE if late else row.note)
    members = [f"{n}" for n in range(s.members + len(recipe.blocks))]
    fits = 3 + 1 + len(CONTROLS)
    yield _row("fuse", "ids+features", blend(members), size, rates, cases, fits)
    if s.second_stage:
        one = spec({"part": "model.lambdamart.v1", **TREES, "members": members}, "scorer")
        yield _row("fuse", "ranked", one, size, rates, cases, fits)


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
