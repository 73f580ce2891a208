"""What a knowledge graph says of the items, as fields of the catalogue."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from palate import store
from palate.arrays import Rows
from palate.data.knowledge.files import read_triples
from palate.data.knowledge.links import Links, links_by_id, links_by_name
from palate.data.knowledge.settings import KnowledgeSettings
from palate.errors import BadInput
from palate.tables import Catalogue, Dataset, Finding
from palate.tables.catalogue import as_text
from palate.tables.knowledge import Triples

_FEW: Final = 0.5
"""Share of linked items below which the finding is a warning."""


@dataclass(frozen=True, eq=False)
class Known:
    """A catalogue with the fields of one graph.

    Attributes:
        catalogue: The items.
        findings: How many were linked.
        said: What was read, in a sentence.
    """

    catalogue: Catalogue
    findings: tuple[Finding, ...]
    said: str


def with_knowledge(
    dataset: Dataset,
    knowledge: Mapping[str, KnowledgeSettings],
    path: Callable[[str], Path],
) -> Dataset:
    """The data set with the fields of all its graphs.

    Args:
        dataset: As it was read.
        knowledge: The sections `[data.knowledge.NAME]`, by name.
        path: Finds a file by how the recipe names it.

    Raises:
        BadInput: A file makes no sense, or none of the items is in it.
        BadRecipe: A column or field that is named does not exist.
    """
    for name, settings in knowledge.items():
        files = {key: path(given) for key, given in _files(settings).items()}
        triples = read_triples(files["triples"], settings, files.get("names"))
        known = with_fields(dataset.catalogue, name, triples, settings)
        digests = {file.name: store.digest_file(file) for file in files.values()}
        dataset = replace(
            dataset,
            catalogue=known.catalogue,
            sources={**dataset.sources, **digests},
            guesses=(*dataset.guesses, known.said),
            findings=(*dataset.findings, *known.findings),
        )
    return dataset


def with_fields(
    catalogue: Catalogue, name: str, triples: Triples, settings: KnowledgeSettings
) -> Known:
    """The catalogue with a field for each relation.

    Args:
        catalogue: The items.
        name: What the fields' names begin with.
        triples: The graph.
        settings: How items find themselves in it, and what is kept.

    Raises:
        BadInput: None of the items is in it, or a field of that name is there already.
        BadRecipe: The catalogue has no field `link_field`.
    """
    facts = triples if settings.items == "heads" else triples.turned()
    links = linked(catalogue, facts, settings)
    if len(catalogue) and not (links.entity >= 0).any():
        heads = [facts.entities.ids[row] for row in np.unique(facts.head)[:3]]
        raise BadInput(
            f"none of the {len(catalogue):,} items is in {Path(settings.triples).name}",
            where=f"data.knowledge.{name}",
            allowed=f"items such as {', '.join(heads)}",
            next_step='link by another field (link_field) or by name (link = "name")',
        )
    fields = _fields(facts, links.entity, settings)
    taken = [c for c in fields.columns if f"{name}.{c}" in catalogue.fields.columns]
    if taken:
        raise BadInput(
            f'the catalogue has a field "{name}.{taken[0]}" already',
            where=f"data.knowledge.{name}",
            next_step="give the section another name",
        )
    renamed = fields.rename({c: f"{name}.{c}" for c in fields.columns})
    own = catalogue.fields if catalogue.fields.width else pl.DataFrame()
    whole = pl.concat([own, renamed], how="horizontal") if renamed.width else own
    said = (
        f"{len(facts):,} triples of {Path(settings.triples).name} gave {fields.width} fields:"
        f" {', '.join(renamed.columns)}."
    )
    return Known(replace(catalogue, fields=whole), (_finding(name, links, catalogue),), said)


def linked(catalogue: Catalogue, facts: Triples, settings: KnowledgeSettings) -> Links:
    """Which entity each item is.

    Args:
        catalogue: The items.
        facts: The graph, items being heads.
        settings: By what they are linked, and how sure that has to be.
    """
    heads = np.unique(facts.head)
    own = settings.link_field
    keys = (
        as_text(catalogue.column(own, "link_field")).to_list() if own else list(catalogue.items.ids)
    )
    link = links_by_name if settings.link == "name" else links_by_id
    return link(keys, facts, heads).at_least(settings.least)


def _files(settings: KnowledgeSettings) -> dict[str, str]:
    named = {"triples": settings.triples, "names": settings.names}
    return {key: given for key, given in named.items() if given}


def _fields(facts: Triples, entity: Rows, settings: KnowledgeSettings) -> pl.DataFrame:
    """One list of names an item for each path of relations, the most frequent ones."""
    edges = pl.DataFrame({"entity": facts.head, "relation": facts.relation, "tail": facts.tail})
    edges = edges.with_columns(
        pl.col("relation").replace_strict(
            dict(enumerate(facts.relations.ids)), return_dtype=pl.String
        )
    )
    items = np.flatnonzero(entity >= 0)
    front = pl.DataFrame(
        {"item": items.astype(np.int32), "path": [""] * len(items), "entity": entity[items]},
        schema={"item": pl.Int32, "path": pl.String, "entity": pl.Int32},
    )
    found = []
    for _ in range(settings.hops):
        front = (
            front.join(edges, on="entity", how="inner", maintain_order="left_right")
            .select(
                "item",
                (pl.col("path") + "." + pl.col("relation")).alias("path"),
                pl.col("tail").alias("entity"),
            )
            .unique(maintain_order=True)
        )
        found.append(front)
    return _as_lists(pl.concat(found), facts, len(entity), settings)


def _as_lists(
    found: pl.DataFrame, facts: Triples, n_items: int, settings: KnowledgeSettings
) -> pl.DataFrame:
    labels = pl.Series("label", facts.labels(), dtype=pl.String)
    values = found.with_columns(label=labels.gather(found["entity"])).group_by(
        "path", "item", maintain_order=True
    )
    lists = values.agg(pl.col("label").head(settings.most_values))
    often = lists["path"].value_counts(sort=True).sort("count", "path", descending=[True, False])
    kept = often["path"].head(settings.most_fields).to_list()
    every = pl.DataFrame({"item": np.arange(n_items, dtype=np.int32)})
    columns = [
        every.join(
            lists.filter(pl.col("path") == path), on="item", how="left", maintain_order="left"
        )["label"].alias(path.removeprefix("."))
        for path in sorted(kept)
    ]
    return pl.DataFrame(columns)


def _finding(name: str, links: Links, catalogue: Catalogue) -> Finding:
    known = links.entity >= 0
    sure = int((links.confidence >= 1).sum())
    n, alike = int(known.sum()), int(known.sum()) - sure
    missing = [catalogue.items.ids[row] for row in np.flatnonzero(~known)[:5]]
    how = f"{sure:,} surely" + (f", {alike:,} by names that are alike" if alike else "")
    return Finding(
        "knowledge-links",
        "note" if n >= _FEW * len(catalogue) else "warning",
        f"{n:,} of {len(catalogue):,} items are linked to an entity of {name} ({how});"
        f" {len(catalogue) - n:,} are not.",
        where=f"data.knowledge.{name}",
        count=len(catalogue) - n,
        examples=tuple(missing),
        advice="Items without a link have no value in its fields.",
    )
