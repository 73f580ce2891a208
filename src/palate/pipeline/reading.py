"""The data of a recipe as everything else sees them: read, without personal data, cleaned."""

from __future__ import annotations

from dataclasses import dataclass

from palate.data.assemble import read
from palate.data.clean import clean
from palate.protect.privacy.dataset import without_personal_data
from palate.recipe.recipe import Recipe
from palate.tables import Dataset


@dataclass(frozen=True)
class DataOfRecipe:
    """What was read.

    Attributes:
        raw: As it was read, without personal data.
        cleaned: What is used.
        cleaning: What cleaning did, in sentences.
    """

    raw: Dataset
    cleaned: Dataset
    cleaning: tuple[str, ...]


def data_of(recipe: Recipe, data: Dataset | None = None) -> DataOfRecipe:
    """Read what a recipe names, leave out what it protects, and clean the rest.

    Args:
        recipe: Says what to read, to protect and to clean.
        data: Data that are in memory already; else what the recipe names is read.

    Raises:
        BadInput, BadRecipe, DataUnavailable: As `palate.data.assemble.read`.
    """
    found = data if data is not None else read(recipe.data, recipe.base)
    raw = without_personal_data(found, recipe.protect.kinds)
    cleaned, cleaning = clean(raw, recipe.clean)
    return DataOfRecipe(raw, cleaned, tuple(cleaning))
