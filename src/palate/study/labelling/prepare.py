"""What is to be labelled, out of a recipe or a run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import tomli_w

from palate import registry
from palate.data.assemble import read
from palate.data.clean import clean
from palate.data.titles import titles
from palate.encode.labels.semi_supervised import SemiSupervised
from palate.encode.row_cache import RowCache
from palate.encode.text.engines import usable
from palate.errors import BadInput, BadRecipe, nearest
from palate.fit.present import present_fields
from palate.progress import Progress, Stopwatch
from palate.recipe.blocks import beside
from palate.recipe.recipe import Recipe, load
from palate.registry import PartSpec
from palate.runs.open import open_run
from palate.stages import Provider
from palate.study.labelling.session import LabelTask
from palate.tables import Dataset, Split

PART = SemiSupervised.name


@dataclass(frozen=True)
class WantedLabels:
    """Which labels are wanted.

    Attributes:
        block: Name of the block that reads them; empty: the first that does, or a new one.
        question: Which of its questions; empty: the first.
        options: Of a question that no block has; empty: the question is one of the block's.
        several: Whether any number of these may hold.
        path: The file; None: that of the block, or one beside the recipe or the run.
    """

    block: str = ""
    question: str = ""
    options: tuple[str, ...] = ()
    several: bool = False
    path: Path | None = None


@dataclass(frozen=True, eq=False)
class Prepared:
    """A task, and who could be asked in place of a person.

    Attributes:
        task: What is to be labelled.
        teacher: The one that the block names; None where it names none.
        teacher_name: Its name; empty where there is none.
    """

    task: LabelTask
    teacher: Provider | None
    teacher_name: str = ""


def prepare(source: Path, wanted: WantedLabels, progress: Progress) -> Prepared:
    """Read the data, and encode the training items' texts.

    Args:
        source: A recipe or a run directory.
        wanted: Which labels.
        progress: Receives the stages.

    Raises:
        BadRecipe: There is no such block or question, or its options are not named.
        BadInput: There is neither a run nor a recipe, or no training item has a text.
    """
    watch = Stopwatch(progress)
    with watch.stage("read"):
        recipe, data, split, base = _opened(source)
    name, spec = _block(recipe, wanted)
    spec = present_fields(spec, data.catalogue)
    path = wanted.path or (Path(spec.settings.labels) if spec.settings.labels else base)
    part: SemiSupervised = spec.build()
    rows = np.unique(split.train.item).astype(np.int32)
    items = replace(
        data.catalogue,
        items=type(data.catalogue.items).of(data.catalogue.items.names(rows)),
        fields=data.catalogue.fields[rows],
    )
    with watch.stage(f"encode texts for {name}"):
        found = part.keep_in(RowCache()).reading(items)
    there = np.flatnonzero(found.vectors.any(axis=1)).tolist()
    if not len(there):
        raise BadInput("no training item has a text", where=f"blocks.{name}.fields")
    name_of = _question_name(spec, wanted)
    question = next(q for q in found.questions if q.name == name_of)
    if len(question.options) < 2:
        raise BadRecipe(
            f'the options of "{question.name}" are not named, and no labels name them',
            where=f"blocks.{name}.want.{question.name}.of",
            next_step='of = ["one", "another"]',
        )
    known = found.given.known(question, items)
    task = LabelTask(
        question,
        [items.items.ids[r] for r in there],
        [str(found.texts[r]) for r in there],
        [titles(items)[r] for r in there],
        found.vectors[there],
        replace(
            known, known=known.known[there], values=known.values[there], drawn=known.drawn[there]
        ),
        path,
        _section(name, spec, path),
        part.settings.how,
    )
    return Prepared(task, part.part("teacher"), str(spec.settings.teacher.get("part", "")))


def _opened(source: Path) -> tuple[Recipe, Dataset, Split, Path]:
    """Recipe, data, split, and where labels are kept unless somebody says otherwise."""
    if source.is_dir():
        run = open_run(source)
        return run.recipe, run.data, run.split, source.with_name(f"{source.name}.labels.jsonl")
    recipe = load(source)
    data, _ = clean(read(recipe.data, recipe.base), recipe.clean)
    split = recipe.split.build().split(data.interactions, recipe.seed)
    return recipe, data, split, source.with_name("labels.jsonl")


def _block(recipe: Recipe, wanted: WantedLabels) -> tuple[str, PartSpec[Any]]:
    there = {n: beside(b, recipe.base) for n, b in recipe.blocks.items() if b.encoder.name == PART}
    if wanted.options:
        return _new_block(recipe, wanted)
    if not there:
        raise BadRecipe(
            "the recipe has no block of labels",
            where="blocks",
            next_step=f'add one with part = "{PART}", or ask: --ask mood=glad,sad',
        )
    if wanted.block and wanted.block not in there:
        raise BadRecipe(
            f'there is no block of labels "{wanted.block}"',
            where="blocks",
            allowed=", ".join(there),
            next_step=nearest(wanted.block, there),
        )
    name = wanted.block or next(iter(there))
    return name, there[name].encoder


def _new_block(recipe: Recipe, wanted: WantedLabels) -> tuple[str, PartSpec[Any]]:
    name = wanted.block or wanted.question
    if name in recipe.blocks:
        raise BadRecipe(
            f'the recipe has a block "{name}" already',
            where="blocks",
            next_step="give the new one another name with --block",
        )
    kind = "labels" if wanted.several else "label"
    want = {wanted.question: {"kind": kind, "of": list(wanted.options)}}
    encoder = {"part": "text.transformer.v1" if usable() else "text.hashing.v1"}
    table = {"part": PART, "want": want, "encoder": encoder}
    return name, registry.spec(table, "encoder", f"blocks.{name}")


def _question_name(spec: PartSpec[Any], wanted: WantedLabels) -> str:
    names = list(spec.settings.want)
    if wanted.question and wanted.question not in names:
        raise BadRecipe(
            f'"{wanted.question}" is not wanted',
            where="want",
            allowed=", ".join(names),
            next_step=nearest(wanted.question, names),
        )
    return wanted.question or next(iter(names))


def _section(name: str, spec: PartSpec[Any], path: Path) -> str:
    """The section of a recipe that reads the file."""
    ours = {**spec.resolved(), "labels": str(path)}
    plain = registry.spec({"part": PART, "want": ours["want"]}, "encoder").resolved()
    always = ("want", "fields", "encoder")
    found = {k: v for k, v in ours.items() if v and (k in always or v != plain[k])}
    return tomli_w.dumps({"blocks": {name: {"part": PART, **found}}})
