"""What the `[slate]` of a recipe costs and brings: its weight is chosen on validation cases, and
measured on test cases.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from palate.acting import TradesAccuracy
from palate.arrays import Doubles, l2_normalised
from palate.errors import Refused
from palate.evaluate.ratios import lift
from palate.fit.slates import RunSlate, SlateContent, falling, weighed
from palate.pipeline.slates import (
    SlateCases,
    SlateFigures,
    by_score,
    frontier,
    point,
    within_loss,
)
from palate.pipeline.trial import Trial
from palate.recipe.slate import SlateRecipe
from palate.runs.fields import significant
from palate.runs.slate_rows import Change, FrontierPoint, SlateStudy
from palate.seeding import generator
from palate.stages import Scorer, Slate
from palate.tables import Cases, Catalogue, SlateCandidates


def slate_study(
    recipe: SlateRecipe, catalogue: Catalogue, trial: Trial, model: str, seed: int
) -> SlateStudy:
    """Choose the weight, and measure it.

    Args:
        recipe: The section.
        catalogue: Has the field.
        trial: Has the fitted model, the blocks and the split.
        model: Whose candidates are ordered.
        seed: Draws the cases.

    Raises:
        BadInput: The catalogue has no such field, or the slate lacks content or a field.
        Refused: There are no validation cases to choose on.
    """
    s, scorer = recipe.settings, trial.scorers[model]
    block = s.block or next(iter(trial.features.blocks), "")
    run_slate = RunSlate.of(recipe, block, None, None, catalogue)
    content = l2_normalised(trial.features.blocks[block].finite()) if block else None
    about = run_slate.about(catalogue, content)
    validation = _cases(recipe, scorer, trial.split.validation, about, seed)
    test = _cases(recipe, scorer, trial.split.test.open("measure"), about, seed)
    part, weight, falls, points = _chosen(recipe, validation)
    base, found = by_score(test, s.k), test.measured(test.lists([part], s.k)[0])
    return SlateStudy(
        *(model, recipe.part.name, block, s.field, s.k, s.candidates, s.loss),
        falls,
        *(len(validation.items), len(test.items)),
        tuple(_rounded(each) for each in points),
        _rounded(point(0.0, base)),
        _rounded(point(weight, found)),
        tuple(_changes(found, base)),
    )


def check_slate(recipe: SlateRecipe, catalogue: Catalogue, has_blocks: bool) -> None:
    """Say before anything is fitted what the slate will lack.

    Args:
        recipe: The section.
        catalogue: The cleaned data's.
        has_blocks: Whether the recipe has any.

    Raises:
        BadRecipe: The catalogue has no such field.
        BadInput: The slate needs content, and there are no blocks; or a field, and none is named.
    """
    field = recipe.settings.field
    if field:
        catalogue.column(field, "slate.field")
    part = recipe.part.build()
    if isinstance(part, TradesAccuracy):
        two = np.zeros(2, np.float32)
        rows = np.eye(2, dtype=np.float32)
        known = SlateCandidates(two, rows if has_blocks else None)
        if field:
            known = replace(known, shares=rows, values=("a", "b"), taste=np.ones(2) / 2)
        part.order(known, 2)


def _cases(
    recipe: SlateRecipe, scorer: Scorer, cases: Cases, about: SlateContent, seed: int
) -> SlateCases:
    most = recipe.settings.cases
    if len(cases) > most:
        rng = generator(seed, "cases of a slate")
        cases = cases.take(np.sort(rng.choice(len(cases), most, replace=False)))
    m = min(recipe.settings.candidates, len(about.shares))
    return SlateCases.of(scorer, cases, about, m)


def _chosen(
    recipe: SlateRecipe, validation: SlateCases
) -> tuple[Slate, float | None, float | None, list[FrontierPoint]]:
    part = recipe.part.build()
    if not isinstance(part, TradesAccuracy):
        return part, None, None, []
    if not len(validation.items):
        raise Refused(
            "there are no validation cases to choose the weight of the slate on",
            where="slate",
            next_step="take a split with validation cases",
        )
    falls = validation.power() if part.falls else None
    spec = falling(recipe.part, falls)
    points = frontier(spec, validation, recipe.settings.k)
    weight = within_loss(points, recipe.settings.loss).weight or 0.0
    return weighed(spec, weight), weight, falls, points


def _rounded(one: FrontierPoint) -> FrontierPoint:
    figures = (one.ndcg, one.diversity, one.miscalibration, one.coverage)
    return FrontierPoint(
        one.weight, *(None if each is None else significant(each) for each in figures)
    )


def _changes(found: SlateFigures, base: SlateFigures) -> list[Change]:
    pairs: dict[str, tuple[Doubles, Doubles, float]] = {
        "NDCG": (found.ndcg, base.ndcg, 1.0),
        "diversity": (found.diversity, base.diversity, 2.0),
        "miscalibration": (found.miscalibration, base.miscalibration, 1.0),
    }
    changes = []
    for figure, (a, b, most) in pairs.items():
        if not np.isfinite(a - b).any():
            continue
        # cosines pass 1 in the last bits
        change = lift(np.clip(a, 0, most), np.clip(b, 0, most), most=most)
        if change is not None:
            ends = (significant(x) for x in (change.value, change.low, change.high))
            changes.append(Change(figure, *ends))
    return changes
