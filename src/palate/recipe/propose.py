"""A sensible recipe for data that have none yet."""

from __future__ import annotations

from typing import Any

from palate.recipe.guess_blocks import guessed_blocks
from palate.recipe.guess_split import guessed_split
from palate.tables import Dataset

EASE_LIMIT = 8000
"""Above this many items the guessed recipe leaves EASE out: it inverts an items x items matrix."""


def guessed_recipe(data: Dataset, name: str = "run") -> dict[str, Any]:
    """A recipe's table: models that suit the data, fused with the words of the catalogue where it
    has any.

    Args:
        data: What the recipe is for.
        name: Name of the run directory.
    """
    made = guessed_blocks(data.catalogue)
    found = guessed_split(data.interactions)
    return {
        "name": name,
        "reasons": [*found.reasons, *made.reasons],
        **({"clean": found.clean} if found.clean else {}),
        "split": found.split,
        "blocks": made.blocks,
        "models": _models(data, list(made.blocks)),
    }


def _models(data: Dataset, blocks: list[str]) -> dict[str, Any]:
    models: dict[str, Any] = {
        "popularity": {"part": "model.popularity.v1"},
        "item-knn": {"part": "model.item_knn.v1"},
        "cooccurrence": {"part": "model.cooccurrence.v1"},
    }
    base = "cooccurrence"
    if data.interactions.n_items <= EASE_LIMIT:
        models["ease"] = {"part": "model.ease.v1"}
        base = "ease"
    kernels = {
        f"kernel-{b.split('.')[-1]}": {"part": "model.text_kernel.v1", "block": b} for b in blocks
    }
    models |= kernels
    for kernel in kernels:
        models[f"{base}+{kernel.removeprefix('kernel-')}"] = {
            "part": "model.blend.v1",
            "members": [base, kernel],
        }
    if len(kernels) > 1:
        models[f"{base}+all"] = {"part": "model.blend.v1", "members": [base, *kernels]}
    return models
