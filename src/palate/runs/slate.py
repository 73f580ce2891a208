"""The slate of a finished run, with the weight that the run chose, and the lists that it makes."""

from __future__ import annotations

from palate.arrays import l2_normalised
from palate.fit.slated import SlatedRecommender
from palate.fit.slates import RunSlate
from palate.recommend import ExhaustiveRecommender
from palate.runs import files
from palate.runs.open import OpenedRun
from palate.stages import Recommender, Scorer
from palate.tables import Catalogue


def slate_of(opened: OpenedRun, model: str) -> RunSlate | None:
    """The slate that puts the lists of a model together; None: its best items are shown, best
    first, since the recipe has no `[slate]` or the weight was chosen for another model.

    Args:
        opened: The run.
        model: Its model.

    Raises:
        BadInput: The run's `slates.json` is missing, or another version of palate wrote it.
    """
    recipe = opened.recipe.slate
    if recipe is None:
        return None
    study = opened.rows(files.SLATES)
    if study.model != model:
        return None
    chosen = study.chosen.weight
    return RunSlate.of(recipe, study.block, chosen, study.falls, opened.data.catalogue)


def recommender_of(
    opened: OpenedRun, model: str, catalogue: Catalogue, scorer: Scorer
) -> Recommender:
    """The lists of a run's model: as its slate puts them together, or best first.

    Args:
        opened: The run.
        model: Its model.
        catalogue: The items, those of the run first.
        scorer: The model over that catalogue.

    Raises:
        BadInput: As `slate_of`.
    """
    best = ExhaustiveRecommender(scorer, len(catalogue))
    slate = slate_of(opened, model)
    if slate is None:
        return best
    content = None
    if slate.block:
        fitted = opened.fitted.blocks[slate.block]
        grown = len(catalogue) > len(opened.data.catalogue)
        block = fitted.extend(catalogue) if grown else fitted.block
        content = l2_normalised(block.finite())
    return SlatedRecommender(best, slate, slate.about(catalogue, content))
