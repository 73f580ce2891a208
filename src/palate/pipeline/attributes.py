"""Attributes of a recipe before the run: options that are proposed for a person to edit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import tomli_w

from palate import registry
from palate.answering import Proposes
from palate.arrays import Rows
from palate.encode.attributes.llm import LlmAttributesSettings
from palate.encode.attributes.propose import proposals
from palate.encode.attributes.schema import suggested
from palate.encode.attributes.wanted import WantTable, as_table, wanted
from palate.encode.content import chosen_fields, texts_of
from palate.encode.plan import Plan, plan_block
from palate.errors import BadRecipe, nearest
from palate.fit.present import present_fields
from palate.pipeline.reading import data_of
from palate.progress import Progress, Stopwatch
from palate.recipe.recipe import Recipe
from palate.registry import PartSpec
from palate.tables import Catalogue, Vocabulary

PART = "attributes.llm.v1"


@dataclass(frozen=True)
class Proposed:
    """A block of attributes, ready to be edited.

    Attributes:
        block: Its name.
        want: The table, every option written out.
        toml: The section of a recipe that says it.
        texts: Training items that have text.
        refused: What was suggested and cannot be asked, with the reason.
    """

    block: str
    want: WantTable
    toml: str
    texts: int
    refused: tuple[str, ...] = ()


def propose(
    recipe: Recipe,
    block: str,
    proposer: str,
    progress: Progress,
    *,
    schema: bool = False,
    at_most: int = 8,
) -> Proposed:
    """Let a sample of the training items be read, and write the options out; where nothing is
    wanted yet, what is worth asking at all.

    Args:
        recipe: Names data and split; where it has a block of attributes, what that wants.
        block: Name of the block; empty: the recipe's first of attributes, or a new one.
        proposer: Part that proposes where the recipe names none.
        progress: Receives the stages.
        schema: Whether attributes are suggested in place of those that the block wants.
        at_most: Attributes that are suggested at most.

    Raises:
        BadRecipe: There is no such block, or no one proposes.
        BadInput: The training items have no text, or too few options were found.
    """
    name, spec = _block(recipe, block, proposer)
    watch = Stopwatch(progress)
    with watch.stage("read"):
        data = data_of(recipe).cleaned
        train = recipe.split.build().split(data.interactions, recipe.seed).train
    spec = present_fields(spec, data.catalogue)
    with watch.stage(f"read items for {name}"):
        rows = np.unique(train.item).astype(np.int32)
        wanting = bool(spec.settings.want) and not schema
        return _proposed(name, spec, data.catalogue, rows, 0 if wanting else at_most)


def _block(recipe: Recipe, block: str, proposer: str) -> tuple[str, PartSpec[Any]]:
    there = {n: b.encoder for n, b in recipe.blocks.items() if b.encoder.name == PART}
    if block and block not in there and block in recipe.blocks:
        raise BadRecipe(
            f'the block "{block}" is not made by {PART}',
            where=f"blocks.{block}",
            allowed=", ".join(there) or "a block of attributes",
        )
    if block in there or (there and not block):
        name = block or next(iter(there))
        settings = there[name].settings
        table = {**there[name].resolved()}
        answers = registry.part_class(str(settings.provider["part"]))
        if not settings.proposer:
            own = issubclass(answers, Proposes)
            table["proposer"] = settings.provider if own else {"part": proposer}
    elif block and there:
        raise BadRecipe(
            f'there is no block "{block}"',
            where="blocks",
            allowed=", ".join(there),
            next_step=nearest(block, there),
        )
    else:
        name = block or "llm"
        table = {"part": PART, "proposer": {"part": proposer}}
    return name, registry.spec(table, "encoder", f"blocks.{name}")


def _proposed(
    name: str, spec: PartSpec[Any], catalogue: Catalogue, rows: Rows, suggest: int
) -> Proposed:
    """A block whose options, or, where `suggest` is not 0, at most so many attributes, were
    found.
    """
    settings: LlmAttributesSettings = spec.settings
    fields = chosen_fields(catalogue, settings.fields, rows)
    every = texts_of(catalogue, fields, settings.layout)
    texts = [every[row] for row in rows]
    proposer = spec.build().part("proposer")
    refused: tuple[str, ...] = ()
    table = settings.want
    if suggest:
        items = Catalogue(Vocabulary.of(catalogue.items.names(rows)), catalogue.fields[rows])
        found_schema = suggested(proposer, items, texts, settings.sample, suggest, settings.seed)
        table, refused = found_schema.want, found_schema.refused
    wants = wanted(table)
    open_ones = {n: w for n, w in wants.items() if w.proposes}
    found = proposals(open_ones, texts, proposer, settings.sample, settings.seed)
    want = as_table(wants, found)
    section = {"part": PART, "fields": list(fields), "provider": settings.provider, "want": want}
    notes = "".join(f"# left out: {reason}\n" for reason in refused)
    toml = notes + tomli_w.dumps({"blocks": {name: section}})
    return Proposed(name, want, toml, sum(t is not None for t in texts), refused)


@dataclass(frozen=True)
class PlannedAttributes:
    """One block of attributes.

    Attributes:
        block: Its name.
        provider: Who would be asked.
        questions: How many attributes.
        plan: What it would take.
    """

    block: str
    provider: str
    questions: int
    plan: Plan


def plan_attributes(recipe: Recipe, progress: Progress) -> list[PlannedAttributes]:
    """What every block of attributes would take; no question is put.

    Raises:
        BadRecipe: The recipe has none.
    """
    if not any(b.encoder.name == PART for b in recipe.blocks.values()):
        raise BadRecipe(
            "the recipe has no block of attributes",
            where="blocks",
            next_step="palate attributes propose writes one to edit",
        )
    watch = Stopwatch(progress)
    with watch.stage("read"):
        data = data_of(recipe).cleaned
    rows = np.arange(len(data.catalogue), dtype=np.int32)
    found = []
    for name, block in recipe.blocks.items():
        if block.encoder.name == PART:
            spec = present_fields(block.encoder, data.catalogue)
            settings: LlmAttributesSettings = spec.settings
            plan = plan_block(spec, data.catalogue, rows)
            who = str(settings.provider["part"])
            found.append(PlannedAttributes(name, who, len(settings.want), plan))
    return found
