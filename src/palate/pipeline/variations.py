"""What is fitted beside a recipe's models: fusions without features, controls, combinations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from palate.budget import Budget
from palate.fit.blocks import CONTROLS, Encoding
from palate.fit.combinations import FUSED, combinations
from palate.fit.fitted import FittedTable
from palate.pipeline.within_budget import Costs, Spared, without_ablations
from palate.recipe.graph import ModelGraph
from palate.recipe.recipe import Recipe
from palate.recipe.references import base_of, counterpart, credits_of
from palate.tables.variant import Variant


@dataclass(frozen=True)
class Variation:
    """A variant and how it is made.

    Attributes:
        variant: The model, and what was changed about it.
        measured: Which of the models is ranked.
        graph: The models.
        refit: Those that are fitted again.
        fitted: The blocks.
    """

    variant: Variant
    measured: str
    graph: ModelGraph
    refit: frozenset[str]
    fitted: FittedTable


def variations(recipe: Recipe, table: FittedTable, encoding: Encoding) -> list[Variation]:
    """All that a recipe asks for: fusions without their features and without some of them, with
    controls in place of these, and the rows of the ablation table.
    """
    found = []
    for name in recipe.graph.fusions():
        found += _references(name, recipe, table)
        if recipe.evaluate.controls:
            found += _controls(name, recipe, table, encoding)
    return found + _combinations(recipe, table, encoding)


def _controls(name: str, recipe: Recipe, table: FittedTable, encoding: Encoding) -> list[Variation]:
    used = recipe.graph.all_blocks(name)
    touched = frozenset(recipe.graph.reading(name, used))
    return [
        Variation(
            Variant(name, kind, used),
            name,
            recipe.graph,
            touched,
            encoding.without_meaning(kind, used, table),
        )
        for kind in CONTROLS
    ]


def _combinations(recipe: Recipe, table: FittedTable, encoding: Encoding) -> list[Variation]:
    found = []
    fused: dict[str, FittedTable] = {}
    for row in combinations(recipe.graph, recipe.evaluate.ablation_table):
        if row.fuser is not None and row.fuser.name not in fused:
            one_more = encoding.fuse(FUSED, row.fuser, row.blocks, table)
            fused[row.fuser.name] = table.replaced(FUSED, one_more)
        own = table if row.fuser is None else fused[row.fuser.name]
        graph = replace(recipe.graph, models=row.models)
        found.append(Variation(row.variant, row.measured, graph, row.refit, own))
    return found


def _references(name: str, recipe: Recipe, table: FittedTable) -> list[Variation]:
    """The fusion with its features gone, and with some of them gone, as far as no model of the
    recipe is the same.
    """
    graph = recipe.graph
    wanted = [base_of(graph, name)]
    if recipe.evaluate.ablations:
        wanted += [credit.reference for credit in credits_of(graph, name)]
    found = []
    for variant in wanted:
        if variant is None or variant.kind == "model":
            continue
        made = counterpart(graph, name, variant.changed)
        if made is not None:
            found.append(Variation(variant, made.name, made.graph, made.refit, table))
    return found


def affordable(
    recipe: Recipe,
    found: list[Variation],
    seconds: Mapping[str, float],
    budget: Budget,
) -> tuple[list[Variation], Spared]:
    """The variations that there is time for, and the recipe that names no others.

    Args:
        recipe: What is to be done.
        found: All variations.
        seconds: What fitting each of the recipe's models took.
        budget: How much time is left.
    """
    cost = dict.fromkeys(("combination", "without", "needed"), 0.0)
    for one in found:
        kind = one.variant.kind if one.variant.kind in cost else "needed"
        # what the recipe does not name is one more of what it names
        cost[kind] += sum(seconds.get(name, max(seconds.values())) for name in one.refit)
    spared = without_ablations(recipe, Costs(*cost.values()), budget)
    evaluate = spared.recipe.evaluate
    gone = {
        *(() if evaluate.ablation_table else ("combination",)),
        *(() if evaluate.ablations else ("without",)),
    }
    return [one for one in found if one.variant.kind not in gone], spared
