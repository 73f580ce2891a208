"""Which model a run calls its best, and of whose features it tells: by validation figures alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from palate.recipe.graph import ModelGraph
from palate.recipe.recipe import Recipe
from palate.runs.rows import MemberWeight, Validated


def best_model(recipe: Recipe, validation: Sequence[Validated]) -> str:
    """The best model on the validation cases, whatever it is made of; never chosen by test figures.

    Of those that are no further behind the best figure than one standard error the simplest is
    taken, since at equal quality the simpler model wins, and since a model that chose its weights
    on the same cases looks a little better there than it is.

    Args:
        recipe: What was run; `evaluate.best` decides where it names a model.
        validation: How its models did; without rows the recipe's fusion of most blocks is taken.
    """
    if recipe.evaluate.best:
        return recipe.evaluate.best
    return _simplest(recipe.graph, validation) or recipe.graph.headline()


def reported_fusion(recipe: Recipe, validation: Sequence[Validated]) -> str:
    """The fusion whose features the headline speaks of: the best model if it is one, else the best
    fusion by validation; empty where no fusion reads features.
    """
    fusions, best = recipe.graph.fusions(), best_model(recipe, validation)
    if best in fusions or not fusions:
        return best if fusions else ""
    rows = [row for row in validation if row.model in fusions]
    return max(rows, key=_value).model if rows else recipe.graph.headline()


def features_weigh(graph: ModelGraph, weights: Sequence[MemberWeight], model: str) -> bool:
    """Whether any member that reads features has a weight in the model, near or far; true where the
    model is no sum of members whose weights are known.
    """
    mine = [row for row in weights if row.model == model]
    if not mine or graph.own_blocks(model):
        return bool(graph.all_blocks(model))
    return any(features_weigh(graph, weights, row.member) for row in mine if row.weight)


def complexity(graph: ModelGraph, model: str) -> int:
    """How much a model is made of: models and blocks, near and far."""
    return len(graph.closure(model)) + len(graph.all_blocks(model))


def _simplest(graph: ModelGraph, rows: Iterable[Validated]) -> str:
    near = [r for r in rows if r.value is not None and (r.behind or 0.0) <= (r.error or 0.0)]
    found = min(near, key=lambda r: (complexity(graph, r.model), -_value(r)), default=None)
    return found.model if found else ""


def _value(row: Validated) -> float:
    return row.value if row.value is not None else float("-inf")
